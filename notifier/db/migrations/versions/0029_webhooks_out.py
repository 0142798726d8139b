"""Outgoing webhooks: endpoints, and what became of each post."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("secret", sa.String(120), nullable=False),
        sa.Column("happenings", JSONDoc(), nullable=True),
        sa.Column("office", sa.String(40), nullable=True),
        sa.Column("with_details", sa.Boolean(), nullable=False),
        sa.Column("read_event", sa.Integer(), nullable=False),
        sa.Column("read_reply", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("happening", sa.String(40), nullable=False),
        sa.Column("patient", sa.Integer(), nullable=True),
        sa.Column("ids", JSONDoc(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.Column("delivered_at", UTCDateTime(), nullable=True),
        sa.Column("given_up_at", UTCDateTime(), nullable=True),
        sa.Column("why", sa.String(200), nullable=True),
        sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoints.id"], name="fk_webhook_deliveries_endpoint_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("endpoint_id", "source", name="uq_webhook_deliveries_endpoint_id_source"),
    )
    is_open = "delivered_at IS NULL AND given_up_at IS NULL"
    has_ended = "delivered_at IS NOT NULL OR given_up_at IS NOT NULL"
    for name, columns, where in (
        ("ix_webhook_deliveries_open", ["endpoint_id", "id"], is_open),
        ("ix_webhook_deliveries_at", ["at"], has_ended),
    ):
        op.create_index(
            name, "webhook_deliveries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
