"""Recent imports and open work are read from their indexes alone, on PostgreSQL too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0043"
branch_labels = None
depends_on = None

_OPEN_TEXTS = sa.text(
    "seen_to IS NULL AND enrollment_id IS NOT NULL AND (state = 'failed' OR state = 'undelivered' OR state = 'unknown'"
    " OR state = 'needs_review'"
    " OR (state = 'expired' AND kind <> 'expect' AND kind <> 'check_in' AND kind <> 'rebook'))"
)
_OPEN_ASKS = sa.text(
    "seen_to IS NULL AND kind = 'ask' AND (state = 'accepted' OR state = 'sent' OR state = 'delivered')"
)
_IMPORTED = sa.text("imported_as IS NOT NULL")
_SHARED = ("phone", "seen_to", "enrollment_id", "state", "kind", "step")


def upgrade() -> None:
    op.create_index(
        "ix_enrollments_imported", "enrollments", ["enrolled_at", "id"],
        sqlite_where=_IMPORTED, postgresql_where=_IMPORTED,
    )  # fmt: skip
    _index_anew(["stands_since", "id"], ["id"])


def _index_anew(of_tasks: list[str], of_asks: list[str]) -> None:
    since = sa.text("coalesce(stands_since, nominal_at)")
    columns: dict[str, tuple[sa.TextClause, list[str | sa.TextClause]]] = {
        "ix_messages_tasks": (_OPEN_TEXTS, [since, *_SHARED, "nominal_at", *of_tasks]),
        "ix_messages_unanswered": (_OPEN_ASKS, ["expires_at", *_SHARED, "left_at", *of_asks]),
    }
    for name, (where, them) in columns.items():
        op.drop_index(name, "messages")
        op.create_index(name, "messages", them, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    _index_anew([], [])
    op.drop_index("ix_enrollments_imported", "enrollments")
