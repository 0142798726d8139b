"""All commands, in the order in which `notifier --help` lists them.

Reading the code of all commands takes longer than most of them take to run, so each is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from notifier.cli.output import show
from notifier.config.version import running_version


class CommandEntry(NamedTuple):
    """One command of the table."""

    where: str
    """Its module in this room and its name there: a function, or a group of its own."""
    help: str
    """What `notifier --help` says of it: the first sentence of its docstring."""


COMMANDS: Final = {
    "demo": CommandEntry(
        "ops.demo.demo", "Show a clinic's two weeks in under a minute: no account, no phones, nothing left behind."
    ),
    "rehearse": CommandEntry(
        "ops.rehearse.rehearse_weeks",
        "Play weeks in minutes with the real engine and a loopback Twilio, and count the promises.",
    ),
    "run": CommandEntry("ops.run.run", "Send what is due, and serve the staff page."),
    "worker": CommandEntry("ops.run.worker", "Send what is due, without the staff page."),
    "web": CommandEntry("ops.run.web", "Serve the staff page and the webhooks, and send nothing."),
    "timeline": CommandEntry("staff.timeline.timeline", "Show what one patient would hear, and when."),
    "enroll": CommandEntry("staff.enroll.enroll", "Enroll a patient and show the timeline."),
    "import": CommandEntry(
        "staff.importing.import_file",
        "Enroll many from a CSV file, or through a mapping from a booking system's file.",
    ),
    "mappings": CommandEntry("staff.mappings.app", "How booking systems' files are read."),
    "treated": CommandEntry("staff.commands.treated", "The patient was treated: the aftercare is planned from there."),
    "no-show": CommandEntry("staff.commands.no_show", "The patient did not come: nothing more is sent."),
    "change": CommandEntry("staff.change.change", "Change what is known of the patient; unsent texts follow."),
    "cancel": CommandEntry("staff.commands.cancel", "Stop the patient's texts for good."),
    "hold": CommandEntry("staff.commands.hold", "Let nothing leave until somebody resumes it."),
    "resume": CommandEntry(
        "staff.commands.resume", "Take back a hold, a no-show or a cancellation: what is still useful leaves."
    ),
    "consent-withdrawn": CommandEntry(
        "staff.commands.consent_withdrawn",
        "The patient agrees to texts no more: all to the number wait until a person decides.",
    ),
    "informed": CommandEntry("staff.commands.informed", "A person told the patient the rules."),
    "cleared": CommandEntry("staff.commands.cleared", "Say that what holds until it is cleared is cleared."),
    "due": CommandEntry("staff.lists.due", "What will be sent, and what waits for somebody."),
    "enrollments": CommandEntry("staff.lists.enrollments", "Who is enrolled, the latest first."),
    "patients": CommandEntry(
        "staff.patients.patients",
        "Who is enrolled, with the last text and the next one; who wrote something unread comes first.",
    ),
    "find": CommandEntry(
        "staff.patients.find",
        "Find patients by name, a part of their number, a former one, your own id or who treated them.",
    ),
    "day": CommandEntry(
        "staff.calendar.day", "The visits of a day: who is expected, was treated, did not come, or is unmarked."
    ),
    "report": CommandEntry(
        "staff.calendar.report",
        "A month by protocol, provider and office: sent, arrived, answered, opted out, minutes to a person, segments.",
    ),
    "show": CommandEntry("staff.lists.show", "Every text of one enrollment."),
    "explain": CommandEntry("staff.explain.explain", "Why a text was, was not, or will be sent."),
    "replies": CommandEntry("staff.lists.replies", "What patients wrote, the latest first."),
    "delivery": CommandEntry(
        "staff.delivery.delivery", "Texts and answers by day, how soon a person came, and how many patients are silent."
    ),
    "silent": CommandEntry("staff.delivery.silent", "Who was asked and has written nothing; nobody has to call."),
    "close-silent": CommandEntry(
        "staff.delivery.close_silent", "Say that somebody has read the list of silent patients: it is empty then."
    ),
    "tasks": CommandEntry("staff.tasks.app", "What needs a person."),
    "reply": CommandEntry(
        "staff.replies.reply",
        "Reply to what a patient wrote: at any hour within 24 hours, later inside the send window while it is open.",
    ),
    "close": CommandEntry("staff.replies.close", "Close what a patient wrote: the texts go on, stay held, or end."),
    "pass-on": CommandEntry(
        "staff.replies.pass_on", "Pass what you cannot read on to colleagues who read its language; it stays open."
    ),
    "saved-answers": CommandEntry(
        "staff.saved_answers.app", "Answers that staff give often, with the patient's dates."
    ),
    "note": CommandEntry("staff.notes.note", "Write a note on a patient down, for colleagues; it is never sent."),
    "notes": CommandEntry("staff.notes.notes", "What staff wrote down about a patient, the latest first."),
    "classify": CommandEntry(
        "staff.classify.classify",
        "Say how replies would be read, one on each line of the input, and which words decided.",
    ),
    "opt-outs": CommandEntry("staff.lists.opt_outs", "Numbers that must not be texted."),
    "never-text": CommandEntry(
        "staff.commands.never_text", "Never text this person again, on whatever number; others on the number go on."
    ),
    "opt-out": CommandEntry("staff.decisions.opt_out", "Never text this number again."),
    "release": CommandEntry("staff.decisions.release", "Let texts leave again after the patient's words were read."),
    "review": CommandEntry("staff.decisions.review", "Say whether a text had left."),
    "pause": CommandEntry("staff.decisions.pause", "Stop a bad text, or a whole protocol, at once."),
    "unpause": CommandEntry("staff.decisions.unpause", "Let its texts leave again, whoever has paused it."),
    "circuit": CommandEntry("staff.decisions.circuit", "What stops all sending."),
    "protocols": CommandEntry("staff.protocols.app", "The plans themselves."),
    "fixed-answer": CommandEntry(
        "staff.fixed_answer.fixed_answer", "What patients hear without a person, and which words wait for approval."
    ),
    "offices": CommandEntry("staff.offices.offices", "The clinic's offices, as NOTIFIER_OFFICES_FILE has them."),
    "alerts": CommandEntry("ops.alerts.alerts", "What somebody must know, since when, and whether it was told."),
    "doctor": CommandEntry("ops.doctor.doctor", "Say what is wrong and what to do about it."),
    "recover": CommandEntry("ops.recover.recover", "After an outage: which texts are late and what becomes of each."),
    "backup": CommandEntry(
        "ops.backups.backup", "Write a copy of the SQLite database as of this moment, while others write to it."
    ),
    "restore": CommandEntry(
        "ops.backups.restore", "Put a backup in the place of the SQLite database; the replaced one is kept beside it."
    ),
    "audit": CommandEntry("ops.audit.app", "Who saw and did what, and whether the record of it is whole."),
    "erase": CommandEntry(
        "ops.forgetting.erase",
        "Take away the patient's name, numbers and words for good; first export them to the chart.",
    ),
    "export": CommandEntry(
        "ops.forgetting.export", "Print everything that is kept of the patient, to read or as JSON."
    ),
    "evidence": CommandEntry(
        "ops.evidence.evidence", "Prove consent, STOP and every text of a patient with why; also after an erasure."
    ),
    "retention": CommandEntry(
        "ops.forgetting.retention", "Whom NOTIFIER_RETENTION_DAYS forgets; the first time it waits for --apply."
    ),
    "legal-hold": CommandEntry(
        "ops.forgetting.legal_hold", "Let nothing of the patient be erased, by anybody, until it is lifted."
    ),
    "staff": CommandEntry("ops.accounts.app", "Who may sign in to the staff page."),
    "api-key": CommandEntry("ops.api_keys.app", "Which programs may use the API."),
    "webhooks": CommandEntry("ops.webhooks.app", "Which other programs are told what happens."),
    "hooks": CommandEntry("ops.hooks.app", "Which booking systems may post here."),
    "feeds": CommandEntry("ops.feeds.app", "Which calendars are polled."),
    "db": CommandEntry("ops.database.app", "The database's shape."),
    "settings": CommandEntry(
        "ops.settings.settings", "Show every setting as it holds, secrets masked, and where it came from."
    ),
    "service": CommandEntry("ops.service.app", "The system service."),
}


def build_app() -> typer.Typer:
    """The command line with all its commands; none is loaded before it is called."""
    app = _bare_app(cls=_Commands, no_args_is_help=True, invoke_without_command=True)
    app.callback(
        help="Aftercare texts for skin clinics: the right thing at the right hour, once, and never after STOP."
    )(_say_version)
    return app


def called(words: Sequence[str]) -> str:
    """The command in a command line, as its help names it, without anything that is typed behind it."""
    if not words or words[0] not in COMMANDS:
        return "notifier"
    is_group = COMMANDS[words[0]].where.endswith(_GROUPS) and len(words) > 1
    return " ".join(["notifier", words[0], *([words[1]] if is_group and words[1].islower() else [])])


_GROUPS: Final = (".app", ".circuit")


class _Commands(TyperGroup):
    """Reads a command's code when that command is asked for."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loaded()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the base class says what it is given
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


class _Loaded(MutableMapping[str, Any]):
    """The commands by name, each loaded when it is looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, COMMANDS[name].where)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _load(name: str, where: str) -> Any:
    module, _, called = where.rpartition(".")
    command = getattr(import_module(f"notifier.cli.{module}"), called)
    app = _bare_app()
    app.callback()(_nothing)  # with a callback of its own, Typer keeps a single command's name
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)
    group = get_command(app)
    assert isinstance(group, TyperGroup)  # what has a callback is a group
    return group.commands[name]


def _bare_app(**given: Any) -> typer.Typer:
    return typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None, **given)


def _nothing() -> None:
    pass


def _say_version(
    version: Annotated[bool, typer.Option("--version", help="Say which Notifier this is.", is_eager=True)] = False,
) -> None:
    if version:
        show(running_version())
        raise typer.Exit
