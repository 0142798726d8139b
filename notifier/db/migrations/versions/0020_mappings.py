"""A clinic's own mappings of booking systems' files, and what their words mean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_mappings",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
    )
    op.create_table(
        "mapping_words",
        sa.Column("mapping", sa.String(40), primary_key=True),
        sa.Column("what", sa.String(10), primary_key=True),
        sa.Column("word", sa.String(120), primary_key=True),
        sa.Column("means", sa.String(60), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("mapping_words")
    op.drop_table("saved_mappings")
