"""Alembic's entry: runs the migrations on the connection that `notifier.db.schema` hands over.

Developers who call `alembic` themselves name the database: `alembic -x url=sqlite:///notifier.db current`.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from notifier.db import tables  # noqa: F401  (declares the tables, so that the metadata is complete)
from notifier.db.columns import JSONDoc, UTCDateTime
from notifier.db.engine import open_engine


def migrate(connection: Connection) -> None:
    """Run what was asked for (upgrade, check, revision …) on this connection."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Own types by their names, as a new migration has them."""
    if kind == "type" and isinstance(item, (UTCDateTime, JSONDoc)):
        autogen.imports.add(f"from notifier.db.columns import {type(item).__name__}")
        return f"{type(item).__name__}()"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length})"
    return False


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:
    with open_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        migrate(own)
