"""A second factor for people at the desk, made-up passwords that must be changed, and sessions named by device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("otp_secret", sa.String(64), nullable=True))
    op.add_column("staff", sa.Column("otp_since", UTCDateTime(), nullable=True))
    op.add_column("staff", sa.Column("otp_step", sa.Integer(), nullable=True))
    op.add_column("staff", sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("staff_sessions", sa.Column("waits_for", sa.String(32), nullable=True))
    op.add_column("staff_sessions", sa.Column("second_factor_at", UTCDateTime(), nullable=True))
    op.add_column("staff_sessions", sa.Column("new_otp_secret", sa.String(64), nullable=True))
    op.add_column("staff_sessions", sa.Column("device", sa.String(80), nullable=False, server_default=""))
    op.add_column("staff_sessions", sa.Column("address", sa.String(45), nullable=True))
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("starts_with", sa.String(4), nullable=False),
        sa.Column("code_hash", sa.String(200), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_recovery_codes_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_staff", "recovery_codes", ["staff_id"])


def downgrade() -> None:
    op.drop_table("recovery_codes")
    for name in ("address", "device", "new_otp_secret", "second_factor_at", "waits_for"):
        op.drop_column("staff_sessions", name)
    for name in ("must_change_password", "otp_step", "otp_since", "otp_secret"):
        op.drop_column("staff", name)
