"""Staff try a protocol on their own phone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0043"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_phones",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("code", sa.String(6), nullable=True),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("proved_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_phones_staff_id_staff"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff_phones"),
    )
    op.create_index("ix_staff_phones_phone", "staff_phones", ["phone"])
    op.create_table(
        "tryouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("protocol", sa.String(40), nullable=True),
        sa.Column("version", sa.String(12), nullable=True),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_tryouts_staff_id_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_tryouts"),
    )
    op.create_index("ix_tryouts_staff", "tryouts", ["staff_id", "at"])
    op.create_index("ix_tryouts_phone", "tryouts", ["phone", "at"])
    op.create_table(
        "tryout_replies",
        sa.Column("sid", sa.String(40), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("meaning", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_tryout_replies_staff_id_staff"),
        sa.PrimaryKeyConstraint("sid", name="pk_tryout_replies"),
    )


def downgrade() -> None:
    op.drop_table("tryout_replies")
    op.drop_table("tryouts")
    op.drop_table("staff_phones")
