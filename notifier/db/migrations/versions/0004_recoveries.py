"""Why texts wait after an outage or a restored backup, and why a worker does not trust its clock."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Integer, nullable=False),
        *(words("clinic_id", 40), words("kind", 32), at("up_to"), sa.Column("texts", sa.Integer, nullable=False)),
        *(at("at"), words("by", 120), at("ended_at", null=True), words("ended_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_recoveries_open", "recoveries", ["clinic_id", "kind"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.add_column("workers", words("doubt", 400, null=True))


def downgrade() -> None:
    op.drop_column("workers", "doubt")
    op.drop_table("recoveries")


def words(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=null)
