"""Which rules a person told the patient, whether what was missed is made up for, and whose plan is made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("informed", JSONDoc(), nullable=True))
    # Who was enrolled before this rule hears nothing that the plan did not have.
    op.add_column("enrollments", sa.Column("catches_up", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "replans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name="fk_replans_enrollment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_replans"),
    )


def downgrade() -> None:
    op.drop_table("replans")
    op.drop_column("enrollments", "catches_up")
    op.drop_column("enrollments", "informed")
