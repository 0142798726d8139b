"""Lifts that wait until a gate is cleared are found in an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0056"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'planned' AND due_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_messages_waiting", "messages", ["nominal_at", "phone", "enrollment_id", "id"],
        sqlite_where=_WAITING, postgresql_where=_WAITING,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_messages_waiting", "messages")
