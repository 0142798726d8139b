"""What a correction says to those who were told otherwise, in each language, and who approved it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0056"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction_wordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("approved_at", UTCDateTime(), nullable=True),
        sa.Column("approved_by", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_correction_wordings"),
    )
    op.create_index("ix_correction_wordings_version", "correction_wordings", ["protocol", "version"])


def downgrade() -> None:
    op.drop_table("correction_wordings")
