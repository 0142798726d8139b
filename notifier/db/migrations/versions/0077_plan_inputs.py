"""Under which settings the running plans were made; and secrets of webhooks that are good for a day more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

_SIGNED = ("webhook_endpoints", "hook_sources")


def upgrade() -> None:
    op.create_table(
        "plan_inputs",
        sa.Column("office", sa.String(40), primary_key=True),
        sa.Column("digest", sa.String(16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
    )
    op.add_column("replans", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table in _SIGNED:
        op.add_column(table, sa.Column("former_secret", sa.String(120), nullable=True))
        op.add_column(table, sa.Column("former_until", UTCDateTime(), nullable=True))


def downgrade() -> None:
    for table in _SIGNED:
        op.drop_column(table, "former_until")
        op.drop_column(table, "former_secret")
    op.drop_column("replans", "whole")
    op.drop_table("plan_inputs")
