"""Patients can be erased, or kept from it; what the provider still has of them is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0045"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("lifted_at", UTCDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(120), nullable=True),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name="fk_legal_holds_enrollment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
    )
    op.create_index("ix_legal_holds_enrollment", "legal_holds", ["enrollment_id"])
    op.create_table(
        "erasures",
        sa.Column("enrollment_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("overwritten_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name="fk_erasures_enrollment_id"),
        sa.PrimaryKeyConstraint("enrollment_id", name="pk_erasures"),
    )
    op.create_index(
        "ix_erasures_open",
        "erasures",
        ["enrollment_id"],
        sqlite_where=sa.text("overwritten_at IS NULL"),
        postgresql_where=sa.text("overwritten_at IS NULL"),
    )
    op.create_table(
        "provider_deletions",
        sa.Column("sid", sa.String(40), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("sid", name="pk_provider_deletions"),
    )
    op.create_index(
        "ix_provider_deletions_open",
        "provider_deletions",
        ["not_before"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "retention_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_approvals"),
    )


def downgrade() -> None:
    for table in ("retention_approvals", "provider_deletions", "erasures", "legal_holds"):
        op.drop_table(table)
