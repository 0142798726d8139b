"""`notifier db …`: the shape of the database."""

from __future__ import annotations

import typer
from sqlalchemy import Engine

from notifier.bootstrap.planning import build_clock
from notifier.cli.context import note_upgrade
from notifier.cli.options import DryRun
from notifier.cli.output import note
from notifier.config.settings import Settings, load_settings
from notifier.db import schema
from notifier.db.engine import file_of, open_engine, reading
from notifier.oversight.doctor.database import say_waiting_words
from schedules.catalogue import protocols_with
from schedules.errors import ProtocolError

app = typer.Typer(help="The database's shape.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The database's shape."""


@app.command("upgrade")
def upgrade(dry_run: DryRun = False) -> None:
    """Bring the database up to date.

    SQLite does this by itself at every start; PostgreSQL's owner does it here. Nothing happens when it is up to date.
    A copy of an older SQLite database stays beside it.
    """
    settings = load_settings()
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        if dry_run:
            note(f"dry run, nothing is changed: {_would(engine)}")
            return
        done = schema.upgrade(engine, build_clock(settings).now())
        waiting = _waiting_words(engine, settings)
    finally:
        engine.dispose()
    note_upgrade(done)
    note(f"the database is at revision {schema.HEAD}")
    for sentence in waiting:
        note(sentence)


def _waiting_words(engine: Engine, settings: Settings) -> list[str]:
    """A new version brings new words: which of them wait for a clinician, where one must approve them."""
    if not settings.is_twilios_own:
        return []
    try:
        protocols = protocols_with(settings.protocols_dir)
    except ProtocolError as error:
        return [str(error)]
    with reading(engine) as session:
        return say_waiting_words(session, protocols)


def _would(engine: Engine) -> str:
    try:
        schema.check_schema(engine)
    except schema.NoDatabase:
        return f"a new database: {file_of(engine)}"
    except schema.SchemaBehind:
        return f"the database goes to revision {schema.HEAD}"
    return f"the database is at revision {schema.HEAD} already"
