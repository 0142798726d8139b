"""Answers leave first, replies know whether they are urgent, and alerts are written down."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ANSWERS = sa.text("state = 'planned' AND kind = 'answer'")
OPEN = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_messages_answers", "messages", ["due_at", "id"], sqlite_where=ANSWERS, postgresql_where=ANSWERS)
    op.add_column("replies", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE replies SET urgent = true WHERE meaning = 'urgent'")
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, nullable=False),
        *(words("clinic_id", 40), words("cause", 80), words("why", 400), at("opened_at")),
        *(at("tried_at", null=True), sa.Column("tries", sa.Integer, nullable=False)),
        *(at("told_at", null=True), at("cleared_at", null=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_alerts_open", "alerts", ["clinic_id", "cause"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_column("replies", "urgent")
    op.drop_index("ix_messages_answers", "messages")


def words(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=null)
