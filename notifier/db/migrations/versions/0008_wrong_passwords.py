"""Wrong passwords, counted for every web process together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wrong_passwords",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("clinic_id", sa.String(40), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("who", sa.String(8), nullable=False),
        sa.Column("address", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_wrong_passwords_at", "wrong_passwords", ["clinic_id", "at"])


def downgrade() -> None:
    op.drop_table("wrong_passwords")
