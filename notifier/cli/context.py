"""What a command works with: the database, the clock, the clinic's rules, and who is acting."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

import typer
from sqlalchemy import Engine
from sqlmodel import Session

from notifier.access.accounts import audit
from notifier.bootstrap.key_set import read_pseudonyms
from notifier.bootstrap.known_protocols import protocols_in
from notifier.bootstrap.planning import build_clock, missing_for_planning, planning_rules, protocols
from notifier.cli.command_name import command
from notifier.cli.output import confirm, note
from notifier.cli.running import terminal, who
from notifier.config.settings import BadSettings, Settings, load_settings
from notifier.db.engine import open_engine, writing
from notifier.db.enrollments import by_external_id
from notifier.db.schema import NoDatabase, SchemaBehind, Upgraded, check_schema, prepare
from notifier.domain.phone import parse_phone
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.logs import configure_logs
from notifier.maintenance.forgetting.subject import patient_on
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What one run of a command works with."""

    settings: Settings
    engine: Engine
    now: datetime
    by: str
    """Who is acting, for the audit log."""
    rules: PlanningRules
    read_protocols: Callable[[], Mapping[str, CareProtocol]]
    """Reads them once; whoever only looks at the database need not wait for them."""
    dry_run: bool = False
    patients: set[int] = field(default_factory=set)
    """The enrollments that this command shows or is about, for the audit log."""

    @property
    def protocols(self) -> Mapping[str, CareProtocol]:
        """What the clinic may enroll on, read when it is first asked for."""
        return self.read_protocols()

    def shows(self, patients: Iterable[int | None]) -> None:
        """Say whom the command shows: it is in the audit log before the command prints, or ends."""
        self.patients.update(one for one in patients if one is not None)

    def record(self, session: Session, about: str, what: str = "did") -> None:
        """One entry of the audit log, about all whom the command has shown."""
        whose = sorted(self.patients)
        audit(
            session, at=self.now, by=self.by, what=what, about=about, source=terminal(),
            enrollment_id=whose[0] if len(whose) == 1 else None, shown=whose if len(whose) > 1 else (),
        )  # fmt: skip

    @contextmanager
    def change(self) -> Iterator[Session]:
        """A transaction. In a dry run it is taken back at its end: what was done in it is what would be done."""
        with writing(self.engine) as session:
            yield session
            if self.dry_run:
                session.rollback()

    def confirm(self, question: str, *, yes: bool) -> None:
        """Go on only if a person agrees; a dry run changes nothing, so it asks nobody."""
        confirm(question, yes=yes or self.dry_run)

    def report(self, sentence: str) -> None:
        """Say what was done, or in a dry run what would be."""
        note(f"dry run, nothing is changed: {sentence}" if self.dry_run else sentence)


@contextmanager
def command_context(
    *, writes_texts: bool = False, creates: bool = False, read_only: bool = False, dry_run: bool = False
) -> Iterator[CommandContext]:
    """Open the database. `writes_texts`: the clinic must be named, for patients will read what is planned now.

    `creates`: a missing database is made, and that is said; without it a missing one is refused. `read_only`: one of an
    older Notifier is refused too, for who only looks changes nothing, its shape neither. `dry_run`: as `read_only`, and
    what is changed is taken back; where a database would be made, a missing one counts as an empty one.
    """
    if dry_run and creates:
        with rehearsal(writes_texts=writes_texts) as context:
            yield context
        return
    with _opened(writes_texts, dry_run=dry_run) as opened:
        if read_only or dry_run:
            check_schema(opened.engine)
        else:
            note_upgrade(prepare(opened.engine, opened.now, may_create=creates))
        context = _with_own_words(opened)
        with _recorded(context, "saw" if read_only or dry_run else "did"):
            yield context


def note_upgrade(done: Upgraded) -> None:
    """Say which file is new, and where the one from before an upgrade is."""
    if done.created:
        note(f"a new database: {done.created}")
    if done.copy:
        note(f"the database was upgraded; as it was before: {done.copy}")


@contextmanager
def archive() -> Iterator[CommandContext]:
    """The context for a copy of the database, whatever older Notifier it is of; it stays as it is."""
    with _opened(writes_texts=False) as context:
        try:
            check_schema(context.engine)
        except NoDatabase:
            raise
        except SchemaBehind:
            yield context  # nothing is upgraded for a copy, so there may be no place for an entry
            return
        with _recorded(context, "did"):
            yield context


@contextmanager
def rehearsal(*, writes_texts: bool = True) -> Iterator[CommandContext]:
    """The context for what shows what it would write, and writes nothing: a missing database counts as an empty one."""
    with _opened(writes_texts, dry_run=True) as opened:
        try:
            check_schema(opened.engine)
        except NoDatabase as missing:
            note(f"checked as if nobody were enrolled yet. {missing}")
        else:
            context = _with_own_words(opened)
            with _recorded(context, "saw"):
                yield context
            return
    with _opened(writes_texts, dry_run=True, in_memory=True) as context:
        prepare(context.engine, context.now)
        yield context


@contextmanager
def _opened(writes_texts: bool, *, dry_run: bool = False, in_memory: bool = False) -> Iterator[CommandContext]:
    configure_logs(level="CRITICAL")  # a person gets sentences; what the use cases log is for the worker's journal
    settings = load_settings()
    if not dry_run and "log_level" in settings.model_fields_set and not sys.stderr.isatty():
        configure_logs(level=settings.log_level)  # somebody collects them, and nobody reads along
    if writes_texts and (missing := missing_for_planning(settings)):
        raise BadSettings(list(missing))
    clock = build_clock(settings)
    engine = open_engine("sqlite://" if in_memory else settings.database_url.get_secret_value())
    try:
        rules = replace(planning_rules(settings), pseudonyms=read_pseudonyms(settings, engine))
        of_files = cache(lambda: protocols(settings))
        yield CommandContext(settings, engine, clock.now(), who(settings.staff), rules, of_files, dry_run)
    finally:
        engine.dispose()


def _with_own_words(context: CommandContext) -> CommandContext:
    return replace(context, read_protocols=cache(lambda: protocols_in(context.engine, context.settings)))


@contextmanager
def _recorded(context: CommandContext, what: str) -> Iterator[None]:
    """Write the command down, with whom it showed; also where it is given up after somebody was shown.

    What only reads prints after this block: where the entry cannot be written, nobody is shown.
    """
    token = _running.set(context)
    try:
        yield
    except typer.Abort:  # somebody was shown what would change, and said no
        record_command(context, "saw")
        raise
    finally:
        _running.reset(token)
    record_command(context, what)


def record_command(context: CommandContext, what: str) -> None:
    """One entry of the audit log: the command as it is called, without what was typed behind it."""
    with writing(context.engine) as session:
        context.record(session, command.get(), what)


def enrollment_called(session: Session, word: str) -> int:
    """The enrollment's number from what staff typed: the number itself, or an external id that is not all digits."""
    if word.isascii() and word.isdigit():
        return _shown(int(word))
    found = by_external_id(session, word)
    if found is None or found.id is None:
        raise Refused(f'there is no enrollment "{word}"; see: notifier enrollments', "enrollment")
    return _shown(found.id)


def patient_called(session: Session, word: str, pseudonyms: Pseudonyms | None = None) -> int:
    """One enrollment of the patient whom staff named by any of theirs, or by a phone number; with `pseudonyms` also of
    one who was erased. Raises Refused where two patients are on the number."""
    digits = sum(one.isdigit() for one in word)
    if digits < 10 or any(one.isalpha() for one in word):  # no enrollment's number is that long
        return enrollment_called(session, word)
    try:
        phone = parse_phone(word).e164
    except ValueError as error:
        raise Refused(str(error), "patient") from None
    return _shown(patient_on(session, phone, pseudonyms))


def _shown(enrollment: int) -> int:
    if (context := _running.get()) is not None:
        context.shows([enrollment])
    return enrollment


_running: ContextVar[CommandContext | None] = ContextVar("running", default=None)
