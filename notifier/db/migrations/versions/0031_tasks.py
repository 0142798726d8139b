"""What needs a person stays open until a person closes it; who has taken it, and what is out of sight until when.

What had left the page by its age stays off it, but for texts of the two weeks before that a patient whose plan still
runs may have missed: those are open, and older. "Before" is counted from the latest event: that is when this clinic's
Notifier was last at work.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_BROKEN = "(state = 'failed' OR state = 'undelivered' OR state = 'unknown' OR state = 'needs_review'"
_OPEN_TEXTS = sa.text(
    f"seen_to IS NULL AND enrollment_id IS NOT NULL AND {_BROKEN}"
    " OR (state = 'expired' AND kind <> 'expect' AND kind <> 'check_in' AND kind <> 'rebook'))"
)
_HAS_LEFT = "(state = 'accepted' OR state = 'sent' OR state = 'delivered')"
_OPEN_ASKS = sa.text(f"seen_to IS NULL AND kind = 'ask' AND {_HAS_LEFT}")
_STOOD_THERE = timedelta(days=3)
_STILL_TOLD = timedelta(days=14)
_SILENT = timedelta(days=30)


def upgrade() -> None:
    op.add_column("messages", sa.Column("stands_since", UTCDateTime(), nullable=True))
    op.add_column("messages", sa.Column("seen_to", sa.String(12), nullable=True))
    op.create_table(
        "task_claims",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "number", name="pk_task_claims"),
    )
    op.create_table(
        "task_snoozes",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("kind", "number", name="pk_task_snoozes"),
    )
    op.create_index("ix_task_snoozes_until", "task_snoozes", ["until"])
    op.create_index("ix_seen_to_at", "seen_to", ["at"])
    op.execute(
        "INSERT INTO task_claims (kind, number, at, by, ends_at)"
        " SELECT 'reply', reply_id, at, by, ends_at FROM reply_claims"
    )
    op.drop_table("reply_claims")
    _close_what_is_past()
    shared = ["phone", "seen_to", "enrollment_id", "state", "kind", "step"]
    columns: list[str | sa.TextClause] = [sa.text("coalesce(stands_since, nominal_at)"), *shared, "nominal_at"]
    op.create_index("ix_messages_tasks", "messages", columns, sqlite_where=_OPEN_TEXTS, postgresql_where=_OPEN_TEXTS)
    columns = ["expires_at", *shared, "left_at"]
    op.create_index("ix_messages_unanswered", "messages", columns, sqlite_where=_OPEN_ASKS, postgresql_where=_OPEN_ASKS)
    columns = ["urgent", "at", "phone", "office", "closed_at"]
    unread = sa.text("closed_at IS NULL")
    op.create_index("ix_replies_unread", "replies", columns, sqlite_where=unread, postgresql_where=unread)


def _close_what_is_past() -> None:
    connection = op.get_bind()
    op.execute("UPDATE messages SET seen_to = 'told' WHERE id IN (SELECT message_id FROM seen_to)")
    runs = "SELECT id FROM enrollments WHERE state IN ('booked', 'active', 'held')"
    op.execute(
        f"UPDATE messages SET seen_to = 'ended' WHERE seen_to IS NULL AND enrollment_id NOT IN ({runs})"  # noqa: S608  # its parts are ours
        f" AND (state IN ('failed', 'undelivered', 'expired') OR (kind = 'ask' AND {_HAS_LEFT}))"
    )
    last = connection.execute(sa.text("SELECT max(at) FROM events")).scalar()
    if isinstance(last, str):  # SQLite; where it is no instant, nothing is known to be past
        try:
            last = datetime.fromisoformat(last)
        except ValueError:
            return
    if last is None:
        return
    close = f"""
        UPDATE messages SET seen_to = 'before' WHERE seen_to IS NULL AND (
          (state IN ('failed', 'undelivered', 'expired') AND nominal_at < :stood
             AND (reason IS NULL OR reason NOT LIKE '%the number is on hold%')
             AND (nominal_at < :told OR NOT (state <> 'expired' OR kind IN ('warning', 'restrict', 'lift'))))
          OR (kind = 'ask' AND expires_at < :silent AND {_HAS_LEFT}))
    """  # noqa: S608  # its parts are ours
    params = [
        sa.bindparam(name, type_=UTCDateTime(), value=last - span)
        for name, span in (("stood", _STOOD_THERE), ("told", _STILL_TOLD), ("silent", _SILENT))
    ]
    connection.execute(sa.text(close).bindparams(*params))


def downgrade() -> None:
    for index, table in (
        ("ix_replies_unread", "replies"),
        ("ix_messages_unanswered", "messages"),
        ("ix_messages_tasks", "messages"),
        ("ix_seen_to_at", "seen_to"),
    ):
        op.drop_index(index, table)
    op.drop_column("messages", "seen_to")
    op.drop_column("messages", "stands_since")
    op.create_table(
        "reply_claims",
        sa.Column("reply_id", sa.Integer(), sa.ForeignKey("replies.id"), primary_key=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=True),
    )
    op.execute(
        "INSERT INTO reply_claims (reply_id, at, by, ends_at)"
        " SELECT number, at, by, ends_at FROM task_claims WHERE kind = 'reply'"
    )
    op.drop_table("task_snoozes")
    op.drop_table("task_claims")
