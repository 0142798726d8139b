"""An enrollment knows how new the file is that said the last of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0064"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("file_said_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("enrollments", "file_said_at")
