"""Calendars that are polled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("url", sa.String(1000), nullable=False),
        sa.Column("mapping", sa.String(40), nullable=False),
        sa.Column("consent", sa.String(200), nullable=False),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("etag", sa.String(200), nullable=True),
        sa.Column("last_modified", sa.String(100), nullable=True),
        sa.Column("checked_at", UTCDateTime(), nullable=True),
        sa.Column("why", sa.String(400), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feeds"),
    )
    working = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_calendar_feeds_name",
        "calendar_feeds",
        ["name"],
        unique=True,
        sqlite_where=working,
        postgresql_where=working,
    )


def downgrade() -> None:
    op.drop_table("calendar_feeds")
