"""All commands, in the order in which `notifier --help` lists them."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

COMMANDS: Final = {
    "demo": "ops.demo.demo",
    "run": "ops.run.run",
    "worker": "ops.run.worker",
    "web": "ops.run.web",
    "timeline": "staff.timeline.timeline",
    "enroll": "staff.enroll.enroll",
    "import": "staff.importing.import_file",
    "treated": "staff.commands.treated",
    "no-show": "staff.commands.no_show",
    "change": "staff.change.change",
    "cancel": "staff.commands.cancel",
    "hold": "staff.commands.hold",
    "resume": "staff.commands.resume",
    "due": "staff.lists.due",
    "enrollments": "staff.lists.enrollments",
    "show": "staff.lists.show",
    "explain": "staff.lists.explain",
    "replies": "staff.lists.replies",
    "reply": "staff.replies.reply",
    "close": "staff.replies.close",
    "opt-outs": "staff.lists.opt_outs",
    "opt-out": "staff.decisions.opt_out",
    "release": "staff.decisions.release",
    "review": "staff.decisions.review",
    "pause": "staff.decisions.pause",
    "unpause": "staff.decisions.unpause",
    "circuit": "staff.decisions.circuit",
    "protocols": "staff.protocols.app",
    "offices": "staff.offices.offices",
    "alerts": "ops.alerts.alerts",
    "doctor": "ops.doctor.doctor",
    "recover": "ops.recover.recover",
    "backup": "ops.backups.backup",
    "restore": "ops.backups.restore",
    "staff": "ops.accounts.app",
    "api-key": "ops.api_keys.app",
    "db": "ops.database.app",
    "service": "ops.service.app",
}
"""Each command and where it lives in this room: a function, or a group of its own."""


def build_app(first_word: str | None = None) -> typer.Typer:
    """The command line; where the first word is a command, with that one alone.

    Reading the code of all commands takes longer than most of them take to run.
    """
    app = typer.Typer(
        help="Aftercare texts for skin clinics: the right thing at the right hour, once, and never after STOP.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_commands)
    for name in [first_word] if first_word in COMMANDS else COMMANDS:
        module, _, called = COMMANDS[name].rpartition(".")
        command = getattr(import_module(f"notifier.cli.{module}"), called)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _commands() -> None:
    # With a callback of its own, Typer keeps a single command's name.
    pass
