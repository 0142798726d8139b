"""An enrollment knows through which mapping it was imported, and when its visit is planned to end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("mapping", sa.String(40), nullable=True))
    op.add_column("enrollments", sa.Column("planned_end", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("enrollments", "planned_end")
    op.drop_column("enrollments", "mapping")
