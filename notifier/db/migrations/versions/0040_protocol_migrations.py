"""Running patients are moved to another version of their protocol."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protocol_migrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.String(40), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_protocol_migrations"),
    )
    op.create_index("ix_protocol_migrations_protocol", "protocol_migrations", ["protocol"])
    op.create_table(
        "migrated_enrollments",
        sa.Column("migration_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("from_version", sa.String(12), nullable=False),
        sa.Column("to_version", sa.String(12), nullable=False),
        sa.Column("misinformed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["migration_id"], ["protocol_migrations.id"],
            name="fk_migrated_enrollments_migration_id_protocol_migrations",
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name="fk_migrated_enrollments_enrollment_id_enrollments"
        ),
        sa.PrimaryKeyConstraint("migration_id", "enrollment_id", name="pk_migrated_enrollments"),
    )  # fmt: skip
    op.create_index("ix_migrated_enrollments_enrollment", "migrated_enrollments", ["enrollment_id"])


def downgrade() -> None:
    op.drop_table("migrated_enrollments")
    op.drop_table("protocol_migrations")
