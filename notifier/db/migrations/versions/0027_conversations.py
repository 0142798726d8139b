"""Saved answers, notes on patients, the languages that staff read, and messages passed on to those who can."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("folded_title", sa.String(60), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("retired_at", UTCDateTime(), nullable=True),
        sa.Column("retired_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_saved_answers"),
        sa.UniqueConstraint("folded_title", name="uq_saved_answers_folded_title"),
    )
    op.create_table(
        "saved_wordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("approved_at", UTCDateTime(), nullable=True),
        sa.Column("approved_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_saved_wordings"),
        sa.ForeignKeyConstraint(["answer_id"], ["saved_answers.id"], name="fk_saved_wordings_answer_id"),
    )
    op.create_index("ix_saved_wordings_answer", "saved_wordings", ["answer_id"])
    op.create_table(
        "patient_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient_notes"),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollments.id"], name="fk_patient_notes_enrollment_id"),
    )
    op.create_index("ix_patient_notes_enrollment", "patient_notes", ["enrollment_id"])
    op.create_table(
        "reply_passes",
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("reply_id", name="pk_reply_passes"),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name="fk_reply_passes_reply_id"),
    )
    op.add_column("staff", sa.Column("languages", JSONDoc(), nullable=True))


def downgrade() -> None:
    op.drop_column("staff", "languages")
    for table in ("reply_passes", "patient_notes", "saved_wordings", "saved_answers"):
        op.drop_table(table)
