"""A clinic's own words over a protocol are kept in the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0058"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "overlay_drafts",
        sa.Column("protocol", sa.String(40), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("based_on", sa.String(12), nullable=False),
        sa.Column("edit", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("protocol", name="pk_overlay_drafts"),
    )
    op.create_table(
        "overlay_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.String(40), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("based_on", sa.String(12), nullable=False),
        sa.Column("version", sa.String(12), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_overlay_versions"),
    )
    op.create_index("ix_overlay_versions_protocol", "overlay_versions", ["protocol", "id"])


def downgrade() -> None:
    op.drop_table("overlay_versions")
    op.drop_table("overlay_drafts")
