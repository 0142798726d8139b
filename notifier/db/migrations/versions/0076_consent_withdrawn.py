"""An enrollment knows when consent to its texts was withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0076"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("consent_withdrawn_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("enrollments", "consent_withdrawn_at")
