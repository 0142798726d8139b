"""All tables, as the first release has them. Written out: a migration must not change when the models do."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    protocols()
    enrollments_and_messages()
    calls_and_events()
    inbound()
    workers()


def downgrade() -> None:
    for table in (
        *("polls", "workers", "circuits", "receipts", "replies", "number_holds", "opt_outs", "events", "attempts"),
        *("messages", "enrollments", "pauses", "approvals", "protocol_versions"),
    ):
        op.drop_table(table)


def protocols() -> None:
    op.create_table(
        "protocol_versions",
        *(
            words("clinic_id", 40),
            words("protocol", 40),
            words("version", 12),
            sa.Column("content", sa.Text, nullable=False),
        ),
        at("stored_at"),
        sa.PrimaryKeyConstraint("clinic_id", "protocol", "version"),
    )
    op.create_table(
        "approvals",
        *(words("clinic_id", 40), words("protocol", 40), words("version", 12), words("language", 8)),
        *(words("by", 120), at("at")),
        sa.PrimaryKeyConstraint("clinic_id", "protocol", "version", "language"),
    )
    op.create_table(
        "pauses",
        *(
            number("id"),
            words("clinic_id", 40),
            words("protocol", 40),
            words("step", 40, null=True),
            words("reason", 400),
        ),
        *(words("by", 120), at("at"), at("lifted_at", null=True), words("lifted_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_pauses_protocol", "clinic_id", "protocol"),
    )


def enrollments_and_messages() -> None:
    op.create_table(
        "enrollments",
        *(number("id"), words("clinic_id", 40), words("external_id", 120, null=True)),
        *(words("name", 80), words("folded_name", 80), words("phone", 20), words("protocol", 40), words("version", 12)),
        *(sa.Column("treated_on", sa.Date, nullable=False), number("ordinal")),
        *(at("treated_at", null=True), at("appointment_at", null=True), words("timezone", 60), words("language", 8)),
        *(sa.Column("answers", JSONDoc), flag("separate_areas")),
        *(words("state", 32), words("state_before_hold", 32, null=True), words("reason", 400, null=True)),
        *(words("consent", 200), words("consent_by", 120), at("consent_at"), flag("rebook_consent")),
        *(words("imported_as", 16, null=True), at("enrolled_at"), words("enrolled_by", 120)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            *("clinic_id", "phone", "folded_name", "protocol", "treated_on", "ordinal"), name="uq_enrollments_same"
        ),
        sa.UniqueConstraint("clinic_id", "external_id"),
    )
    op.create_table(
        "messages",
        *(number("id"), words("clinic_id", 40), number("enrollment_id"), words("step", 40), number("revision")),
        *(words("kind", 16), sa.Column("topics", JSONDoc), words("phone", 20)),
        *(words("state", 32), words("reason", 400, null=True)),
        *(at("nominal_at"), at("not_before"), at("due_at", null=True), at("expires_at")),
        *(sa.Column("text", sa.Text, nullable=False), sa.Column("late_text", sa.Text), sa.Column("sent_text", sa.Text)),
        *(sa.Column("notes", JSONDoc), number("attempts"), number("retries")),
        *(at("left_at", null=True), words("sid", 40, null=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"]),
        sa.UniqueConstraint("enrollment_id", "step", "revision"),
        only_where("state = 'planned'", "ix_messages_due", "due_at", "id"),
        only_where(
            "state = 'attempting' OR state = 'unknown' OR state = 'needs_review'",
            *("ix_messages_open", "state", "due_at"),
        ),
        only_where("state = 'accepted' OR state = 'sent'", "ix_messages_awaited", "left_at"),
        sa.Index("ix_messages_phone_left", "clinic_id", "phone", "left_at"),
        sa.Index("ix_messages_sid", "sid"),
    )


def calls_and_events() -> None:
    op.create_table(
        "attempts",
        *(words("id", 36), words("clinic_id", 40), number("message_id"), words("worker_id", 36)),
        *(at("started_at"), at("lease_until"), at("finished_at", null=True)),
        *(words("outcome", 16, null=True), number("code", null=True), words("detail", 400, null=True)),
        *(
            words("sid", 40, null=True),
            number("empty_lists"),
            at("first_empty_at", null=True),
            at("last_look_at", null=True),
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"]),
        only_where("outcome IS NULL", "ix_attempts_open", "message_id", unique=True),
        sa.Index("ix_attempts_message", "message_id"),
    )
    op.create_table(
        "events",
        *(number("id"), words("clinic_id", 40), number("enrollment_id", null=True), number("message_id", null=True)),
        *(at("at"), words("by", 120), words("what", 40)),
        *(words("from_state", 32, null=True), words("to_state", 32, null=True), words("why", 400, null=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_events_enrollment", "enrollment_id"),
        sa.Index("ix_events_message", "message_id"),
    )


def inbound() -> None:
    op.create_table(
        "opt_outs",
        *(number("id"), words("clinic_id", 40), words("phone", 20), words("source", 40), at("at"), words("by", 120)),
        *(at("ended_at", null=True), words("ended_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
        only_where("ended_at IS NULL", "ix_opt_outs_open", "clinic_id", "phone", unique=True),
    )
    op.create_table(
        "number_holds",
        *(number("id"), words("clinic_id", 40), words("phone", 20), words("reason", 400), words("kinds", 120)),
        *(words("by", 120), at("at"), at("released_at", null=True), words("released_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
        only_where("released_at IS NULL", "ix_number_holds_open", "clinic_id", "phone"),
    )
    op.create_table(
        "replies",
        *(number("id"), words("clinic_id", 40), words("sid", 40), words("phone", 20), at("at")),
        *(sa.Column("text", sa.Text, nullable=False), number("media_count"), words("meaning", 20)),
        *(at("closed_at", null=True), words("closed_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clinic_id", "sid"),
        sa.Index("ix_replies_phone", "clinic_id", "phone", "at"),
        only_where("closed_at IS NULL", "ix_replies_open", "clinic_id", "at"),
    )
    op.create_table(
        "receipts",
        *(number("id"), words("clinic_id", 40), words("sid", 40), words("status", 24), number("error_code")),
        *(words("token", 36, null=True), at("at"), words("source", 16)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sid", "status", "error_code"),
        sa.Index("ix_receipts_token", "token"),
    )


def workers() -> None:
    op.create_table(
        "circuits",
        *(number("id"), words("clinic_id", 40), words("reason", 400), number("code", null=True)),
        *(at("opened_at"), at("probe_at", null=True), at("closed_at", null=True), words("closed_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
        only_where("closed_at IS NULL", "ix_circuits_open", "clinic_id"),
    )
    op.create_table(
        "workers",
        *(words("id", 36), words("host", 120), number("pid")),
        *(at("started_at"), at("seen_at"), at("stopped_at", null=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "polls",
        *(words("clinic_id", 40), words("what", 20), at("completed_at"), at("read_up_to")),
        sa.PrimaryKeyConstraint("clinic_id", "what"),
    )


def words(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def number(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=null)


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False)


def at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=null)


def only_where(condition: str, name: str, *columns: str, unique: bool = False) -> sa.Index:
    where = sa.text(condition)
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
