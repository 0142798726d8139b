"""Replies that answer a question of ours say which, and how."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("ask_id", sa.Integer(), nullable=True))
    op.add_column("replies", sa.Column("choice", sa.String(1), nullable=True))
    given = sa.text("ask_id IS NOT NULL")
    op.create_index("ix_replies_ask", "replies", ["ask_id"], sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    op.drop_index("ix_replies_ask", "replies")
    op.drop_column("replies", "choice")
    op.drop_column("replies", "ask_id")
