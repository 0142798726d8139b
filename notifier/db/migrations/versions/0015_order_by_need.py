"""Texts that have fallen due are marked, and claimed in the order of their need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UNMARKED = sa.text("state = 'planned' AND need IS NULL")
READY = sa.text("state = 'planned' AND need IS NOT NULL")
ANSWERS = sa.text("state = 'planned' AND kind = 'answer'")


def upgrade() -> None:
    op.add_column("messages", sa.Column("need", sa.BigInteger(), nullable=True))
    for name, columns, where in (("unmarked", ["due_at", "id"], UNMARKED), ("ready", ["need", "due_at", "id"], READY)):
        op.create_index(f"ix_messages_{name}", "messages", columns, sqlite_where=where, postgresql_where=where)
    op.drop_index("ix_messages_answers", "messages")


def downgrade() -> None:
    op.create_index("ix_messages_answers", "messages", ["due_at", "id"], sqlite_where=ANSWERS, postgresql_where=ANSWERS)
    for name in ("ready", "unmarked"):
        op.drop_index(f"ix_messages_{name}", "messages")
    op.drop_column("messages", "need")
