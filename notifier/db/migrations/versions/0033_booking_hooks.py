"""Booking webhooks in: sources, their posts, and up to when each booking is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("mapping", sa.String(40), nullable=True),
        sa.Column("consent", sa.String(200), nullable=False),
        sa.Column("secret", sa.String(120), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(120), nullable=True),
        sa.Column("busy_until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hook_sources"),
    )
    working = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_hook_sources_name", "hook_sources", ["name"], unique=True, sqlite_where=working, postgresql_where=working
    )
    op.create_table(
        "hook_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signed_at", UTCDateTime(), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False, server_default=sa.text("'waiting'")),
        sa.Column("booking", sa.String(100), nullable=True),
        sa.Column("why", sa.String(400), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["hook_sources.id"], name="fk_hook_events_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_hook_events"),
        sa.UniqueConstraint("source_id", "event_id", name="uq_hook_events_source_id_event_id"),
    )
    op.create_index("ix_hook_events_received_at", "hook_events", ["received_at"])
    still_open = sa.text("state IN ('waiting', 'failed')")
    op.create_index(
        "ix_hook_events_open", "hook_events", ["source_id", "id"], sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_table(
        "hook_bookings",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("booking", sa.String(100), nullable=False),
        sa.Column("external_id", sa.String(100), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["hook_sources.id"], name="fk_hook_bookings_source_id"),
        sa.PrimaryKeyConstraint("source_id", "booking", name="pk_hook_bookings"),
    )


def downgrade() -> None:
    op.drop_table("hook_bookings")
    op.drop_table("hook_events")
    op.drop_table("hook_sources")
