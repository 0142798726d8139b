"""An enrollment has quiet days of its own: those on which the patient wishes no text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("quiet_days", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("enrollments", "quiet_days")
