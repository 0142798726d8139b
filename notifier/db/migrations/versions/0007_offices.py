"""Offices: where a patient belongs, who sent, where she wrote to, and whose patients an account or a key may see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORDS = (("enrollments", "office"), ("attempts", "sender"), ("replies", "office"), ("api_keys", "office"))


def upgrade() -> None:
    for table, column in WORDS:
        op.add_column(table, sa.Column(column, sa.String(40), nullable=True))
    op.add_column("staff", sa.Column("offices", JSONDoc, nullable=True))


def downgrade() -> None:
    op.drop_column("staff", "offices")
    for table, column in reversed(WORDS):
        op.drop_column(table, column)
