"""What a command works with: the database, the clock, the clinic's rules, and who is acting."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from notifier.bootstrap.planning import build_clock, missing_for_planning, planning_rules, protocols
from notifier.cli.output import confirm, note
from notifier.config.settings import BadSettings, Settings, load_settings
from notifier.db.engine import open_engine, writing
from notifier.db.enrollments import by_external_id
from notifier.db.schema import NoDatabase, SchemaBehind, Upgraded, check_schema, prepare
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.logs import configure_logs
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
    protocols: Mapping[str, CareProtocol]
    dry_run: bool = False

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
    with _opened(writes_texts, dry_run=dry_run) as context:
        if read_only or dry_run:
            check_schema(context.engine)
        else:
            note_upgrade(prepare(context.engine, context.now, may_create=creates))
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
            pass  # the copy is brought up to date
        yield context


@contextmanager
def rehearsal(*, writes_texts: bool = True) -> Iterator[CommandContext]:
    """The context for what shows what it would write, and writes nothing: a missing database counts as an empty one."""
    with _opened(writes_texts, dry_run=True) as context:
        try:
            check_schema(context.engine)
        except NoDatabase as missing:
            note(f"checked as if nobody were enrolled yet. {missing}")
        else:
            yield context
            return
    with _opened(writes_texts, dry_run=True, in_memory=True) as context:
        prepare(context.engine, context.now)
        yield context


@contextmanager
def _opened(writes_texts: bool, *, dry_run: bool = False, in_memory: bool = False) -> Iterator[CommandContext]:
    configure_logs(level="CRITICAL")  # a person gets sentences; what the use cases log is for the worker's journal
    settings = load_settings()
    if writes_texts and (missing := missing_for_planning(settings)):
        raise BadSettings(list(missing))
    clock = build_clock(settings)
    engine = open_engine("sqlite://" if in_memory else settings.database_url.get_secret_value())
    try:
        yield CommandContext(
            settings, engine, clock.now(), who(), planning_rules(settings), protocols(settings), dry_run
        )
    finally:
        engine.dispose()


def enrollment_called(session: Session, word: str) -> int:
    """The enrollment's number from what staff typed: the number itself, or an external id that is not all digits."""
    if word.isascii() and word.isdigit():
        return int(word)
    found = by_external_id(session, word)
    if found is None or found.id is None:
        raise Refused(f'there is no enrollment "{word}"; see: notifier enrollments', "enrollment")
    return found.id


def who() -> str:
    """Who is acting, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"[:120]
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "cli"
