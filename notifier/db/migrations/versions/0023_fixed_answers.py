"""Who approved the words of the fixed answer; and an answer may go to a number that nobody enrolled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_UNMARKED = sa.text("state = 'planned' AND need IS NULL")


def upgrade() -> None:
    op.create_table(
        "answer_approvals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
    )
    op.add_column("messages", sa.Column("office", sa.String(40), nullable=True))
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("enrollment_id", existing_type=sa.Integer(), nullable=True)
    # SQLite has built the table anew, its indexes in any order; of two that fit alike it takes the youngest.
    op.drop_index("ix_messages_unmarked", "messages")
    op.create_index(
        "ix_messages_unmarked", "messages", ["due_at", "id"], sqlite_where=_UNMARKED, postgresql_where=_UNMARKED
    )


def downgrade() -> None:
    # What left for a number that nobody enrolled has no place in the older shape.
    whose = "SELECT id FROM messages WHERE enrollment_id IS NULL"
    op.execute(f"DELETE FROM attempts WHERE message_id IN ({whose})")  # noqa: S608  # no value in it
    op.execute("DELETE FROM messages WHERE enrollment_id IS NULL")
    with op.batch_alter_table("messages") as batch:
        batch.alter_column("enrollment_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("office")
    op.drop_table("answer_approvals")
