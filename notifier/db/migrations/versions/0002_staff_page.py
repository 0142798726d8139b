"""People at the desk, and the indexes that their page needs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TROUBLE = "state = 'failed' OR state = 'undelivered' OR state = 'expired'"
BOOKED = "treated_at IS NULL AND state = 'booked'"
LEFT = "left_at IS NOT NULL"


def upgrade() -> None:
    people()
    desk()
    only_where(TROUBLE, "ix_messages_trouble", "messages", "nominal_at")
    only_where(LEFT, "ix_messages_left", "messages", "left_at", "state")
    only_where(BOOKED, "ix_enrollments_booked", "enrollments", "appointment_at")


def downgrade() -> None:
    op.drop_index("ix_enrollments_booked", "enrollments")
    op.drop_index("ix_messages_left", "messages")
    op.drop_index("ix_messages_trouble", "messages")
    for table in ("reply_claims", "seen_to", "staff_forms", "staff_audit", "staff_sessions", "staff"):
        op.drop_table(table)


def people() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer, nullable=False),
        *(words("clinic_id", 40), words("name", 60), words("folded_name", 60), words("password_hash", 200)),
        *(
            words("role", 32),
            sa.Column("active", sa.Boolean, nullable=False),
            at("created_at"),
            words("created_by", 120),
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clinic_id", "folded_name"),
    )
    op.create_table(
        "staff_sessions",
        *(words("token_hash", 64), sa.Column("staff_id", sa.Integer, nullable=False)),
        *(at("created_at"), at("seen_at"), at("revoked_at", null=True)),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.Index("ix_staff_sessions_staff", "staff_id"),
    )
    op.create_table(
        "staff_audit",
        sa.Column("id", sa.Integer, nullable=False),
        *(words("clinic_id", 40), at("at"), words("by", 120), words("what", 40), words("about", 200, null=True)),
        sa.Column("enrollment_id", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_staff_audit_at", "clinic_id", "at"),
        sa.Index("ix_staff_audit_enrollment", "enrollment_id"),
    )


def desk() -> None:
    op.create_table(
        "staff_forms",
        *(words("token", 36), words("clinic_id", 40), at("at"), words("digest", 64)),
        *(sa.Column("enrollment_id", sa.Integer, nullable=True), sa.Column("warnings", JSONDoc, nullable=True)),
        sa.PrimaryKeyConstraint("token"),
    )
    for table, key, of in (("seen_to", "message_id", "messages.id"), ("reply_claims", "reply_id", "replies.id")):
        op.create_table(
            table,
            *(sa.Column(key, sa.Integer, nullable=False), at("at"), words("by", 120)),
            sa.PrimaryKeyConstraint(key),
            sa.ForeignKeyConstraint([key], [of]),
        )


def words(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=null)


def only_where(condition: str, name: str, table: str, *columns: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
