"""An open reply holds the texts of its numbers until somebody closes it with a decision; persons never to be texted.

What was open before holds only numbers with running enrollments, and is counted in one alert (`since` is null).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_RUNS = "e.state IN ('booked', 'active', 'held')"
_SAME_NUMBER = f"""
INSERT INTO reply_phones (reply_id, phone) SELECT DISTINCT r.id, r.phone FROM replies r
JOIN enrollments e ON e.phone = r.phone AND {_RUNS} WHERE r.closed_at IS NULL
"""  # noqa: S608  # both parts are ours
_NEWER_NUMBER = f"""
INSERT INTO reply_phones (reply_id, phone) SELECT DISTINCT r.id, e.phone FROM replies r
JOIN messages m ON m.phone = r.phone AND m.left_at IS NOT NULL
JOIN enrollments e ON e.id = m.enrollment_id AND e.phone <> r.phone AND {_RUNS}
JOIN enrollments same ON same.phone = e.phone
JOIN events c ON c.enrollment_id = same.id AND c.message_id IS NULL AND c.what = 'changed' AND c.why LIKE '%phone%'
  AND c.at >= r.at
WHERE r.closed_at IS NULL
"""  # noqa: S608  # both parts are ours


def upgrade() -> None:
    op.add_column("replies", sa.Column("decision", sa.String(12), nullable=True))
    op.add_column("reply_claims", sa.Column("ends_at", UTCDateTime(), nullable=True))
    op.create_table(
        "reply_phones",
        sa.Column("reply_id", sa.Integer(), sa.ForeignKey("replies.id"), primary_key=True),
        sa.Column("phone", sa.String(20), primary_key=True),
        sa.Column("since", UTCDateTime(), nullable=True),
    )
    op.create_index("ix_reply_phones_phone", "reply_phones", ["phone"])
    op.create_table(
        "never_text",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("folded_name", sa.String(80), nullable=False),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("external_id", sa.String(120), nullable=True),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(120), nullable=True),
    )
    open_ones = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_never_text_name", "never_text", ["folded_name"], sqlite_where=open_ones, postgresql_where=open_ones
    )
    op.execute(_SAME_NUMBER)
    op.execute(_NEWER_NUMBER)


def downgrade() -> None:
    op.drop_table("never_text")
    op.drop_table("reply_phones")
    op.drop_column("reply_claims", "ends_at")
    op.drop_column("replies", "decision")
