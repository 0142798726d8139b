"""Alembic, called from the program: an installed package has no configuration file beside it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def to_head(connection: Connection) -> None:
    """Run the migrations that this database lacks, within the connection's transaction."""
    command.upgrade(config(connection), "head")


def knows(revision: str) -> bool:
    """Whether this program has a migration of that name."""
    return revision in {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, for its commands on this connection."""
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return settings
