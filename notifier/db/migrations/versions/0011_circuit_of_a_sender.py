"""A circuit belongs to a sender; one that stood open before stops everything, as it did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("circuits", sa.Column("sender", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("circuits", "sender")
