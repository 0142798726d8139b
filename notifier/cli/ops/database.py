"""`notifier db …`: the shape of the database."""

from __future__ import annotations

import typer

from notifier.cli.output import note
from notifier.config.settings import load_settings
from notifier.db import schema
from notifier.db.engine import open_engine

app = typer.Typer(help="The database's shape.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The database's shape."""


@app.command("upgrade")
def upgrade() -> None:
    """Bring the database up to date.

    SQLite does this by itself at every start; PostgreSQL's owner does it here. Nothing happens when it is up to date.
    """
    engine = open_engine(load_settings().database_url.get_secret_value())
    try:
        created = schema.upgrade(engine)
    finally:
        engine.dispose()
    if created:
        note(f"a new database: {created}")
    note(f"the database is at revision {schema.HEAD}")
