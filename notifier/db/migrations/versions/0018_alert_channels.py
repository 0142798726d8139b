"""Which channels have really told somebody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("why", sa.String(400), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("alert_channels")
