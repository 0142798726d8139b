"""All commands, in the order in which `notifier --help` lists them."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import typer

COMMANDS: Final = {
    "demo": "demo.demo",
    "run": "running.run",
    "worker": "running.worker",
    "web": "running.web",
    "timeline": "timeline.timeline",
    "enroll": "enroll.enroll",
    "import": "importing.import_file",
    "treated": "life.treated",
    "no-show": "life.no_show",
    "change": "change.change",
    "cancel": "life.cancel",
    "hold": "life.hold",
    "resume": "life.resume",
    "due": "lists.due",
    "enrollments": "lists.enrollments",
    "show": "lists.show",
    "explain": "lists.explain",
    "replies": "lists.replies",
    "reply": "answering.reply",
    "close": "answering.close",
    "opt-outs": "lists.opt_outs",
    "opt-out": "decisions.opt_out",
    "release": "decisions.release",
    "review": "decisions.review",
    "pause": "decisions.pause",
    "unpause": "decisions.unpause",
    "circuit": "decisions.circuit",
    "protocols": "protocols.app",
    "offices": "offices.offices",
    "alerts": "alerts.alerts",
    "doctor": "doctor.doctor",
    "recover": "recovering.recover",
    "backup": "backups.backup",
    "restore": "backups.restore",
    "staff": "staff.app",
    "api-key": "api_keys.app",
    "db": "database.app",
    "service": "service.app",
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
        module, _, called = COMMANDS[name].partition(".")
        command = getattr(import_module(f"notifier.cli.{module}"), called)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _commands() -> None:
    # With a callback of its own, Typer keeps a single command's name.
    pass
