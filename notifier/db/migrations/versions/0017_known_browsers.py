"""Browsers that somebody has signed in with are known, so that strangers cannot lock them out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_browsers",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
    )
    op.create_index("ix_known_browsers_staff", "known_browsers", ["staff_id", "at"])


def downgrade() -> None:
    op.drop_table("known_browsers")
