"""Who treated the patient, as staff wrote it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("provider", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("enrollments", "provider")
