"""`notifier db …`: the shape of the database."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Engine

from notifier.bootstrap.key_set import key_place
from notifier.bootstrap.known_protocols import protocols_in
from notifier.bootstrap.planning import build_clock
from notifier.cli.context import note_upgrade
from notifier.cli.errors import Failed
from notifier.cli.options import DryRun, Yes
from notifier.cli.output import confirm, note
from notifier.config.settings import Settings, load_settings
from notifier.db import schema
from notifier.db.engine import file_of, open_engine, reading
from notifier.domain.counted import counted
from notifier.maintenance.move import check_move, move
from notifier.oversight.doctor.database import say_waiting_words
from notifier.scheduler.worker_lock import AnotherWorker, only_worker

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


@app.command("move")
def move_to(
    url: Annotated[str, typer.Argument(help="Where to: postgresql+psycopg://USER@HOST/DATABASE, empty.")],
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Move the SQLite database to PostgreSQL: worker and page are stopped, nothing is lost or sent twice.

    Both are compared row by row before the move counts. The old file stays beside, under another name. A password in
    URL would be seen by others on this machine: leave it out and let PGPASSFILE or ~/.pgpass hold it.
    """
    settings = load_settings()
    source, target = open_engine(settings.database_url.get_secret_value()), open_engine(url)
    try:
        file = check_move(source, target)
        if dry_run:
            note(f"dry run, nothing is changed: {file} would go to {target.url.render_as_string()}")
            _say_where_the_key_is(settings, source)
            return
        confirm(f"Move {file} to {target.url.render_as_string()}?", yes=yes)
        with only_worker(source, build_clock(settings).now()):
            moved = move(source, target, say=note)
    except AnotherWorker as error:
        raise Failed(str(error)) from None
    finally:
        source.dispose()
        target.dispose()
    note(f"moved: {counted(sum(one.rows for one in moved.tables), 'row')}; the old file is {moved.kept}")
    _say_where_the_key_is(settings, source)
    note("now write NOTIFIER_DATABASE_URL for the service and for every command, and start them")


def _say_where_the_key_is(settings: Settings, source: Engine) -> None:
    """The key stays beside the old file, where nobody looks for it once there is PostgreSQL."""
    place = key_place(settings, source)
    if settings.key_file is None and place is not None and place.exists():
        note("the clinic's key is not moved, and no start is possible without it. Write this beside the new address:")
        note(f"NOTIFIER_KEY_FILE={place.absolute()}")


def _waiting_words(engine: Engine, settings: Settings) -> list[str]:
    """A new version brings new words: which of them wait for a clinician, where one must approve them."""
    if not settings.is_twilios_own:
        return []
    protocols = protocols_in(engine, settings)
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
