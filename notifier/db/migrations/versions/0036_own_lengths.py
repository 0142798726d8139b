"""An enrollment has lengths of its own: what staff chose or decided for this patient, and which gates they opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("restrictions", JSONDoc(), nullable=True))
    op.add_column("enrollments", sa.Column("decided_by", sa.String(80), nullable=True))
    op.add_column("enrollments", sa.Column("cleared", JSONDoc(), nullable=True))


def downgrade() -> None:
    op.drop_column("enrollments", "cleared")
    op.drop_column("enrollments", "decided_by")
    op.drop_column("enrollments", "restrictions")
