"""The words that enrollments are found by; what somebody looks for; enrollments by day, and as they are listed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime
from notifier.domain.search_words import FoundBy, words_of_enrollment, words_of_number

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_AT_ONCE = 5000
"""Enrollments whose words are in memory."""
_ENROLLMENTS = sa.text("SELECT id, name, phone, external_id FROM enrollments WHERE id > :after ORDER BY id LIMIT :many")
_FORMER = sa.text(
    "SELECT DISTINCT m.enrollment_id, m.phone FROM messages m JOIN enrollments e ON e.id = m.enrollment_id"
    " WHERE m.enrollment_id > :after AND m.enrollment_id <= :last AND m.left_at IS NOT NULL AND m.phone <> e.phone"
)


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("enrollment_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql"), nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name="fk_search_words_enrollment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("enrollment_id", "word", "kind", name="pk_search_words"),
        sqlite_with_rowid=False,
    )
    _fill(op.get_bind())
    op.create_index("ix_search_words_word", "search_words", ["word", "enrollment_id", "kind"])
    op.create_table(
        "searches",
        sa.Column("token", sa.String(36), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("query", JSONDoc(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_searches_staff_id"),
        sa.PrimaryKeyConstraint("token", name="pk_searches"),
    )
    op.create_index("ix_searches_at", "searches", ["at"])
    op.create_index("ix_enrollments_treated_on", "enrollments", ["treated_on"])
    treated_by = sa.text("provider IS NOT NULL")
    op.create_index(
        "ix_enrollments_provider", "enrollments", ["provider"], sqlite_where=treated_by, postgresql_where=treated_by
    )
    op.create_index("ix_enrollments_listed", "enrollments", ["protocol", "state", "office", "provider"])


def downgrade() -> None:
    op.drop_index("ix_enrollments_listed", "enrollments")
    op.drop_index("ix_enrollments_provider", "enrollments")
    op.drop_index("ix_enrollments_treated_on", "enrollments")
    op.drop_table("searches")
    op.drop_table("search_words")


def _fill(connection: sa.Connection) -> None:
    """A part at a time, however many there are."""
    after = 0
    while part := connection.execute(_ENROLLMENTS, {"after": after, "many": _AT_ONCE}).all():
        last = part[-1][0]
        words = [(id_, word, int(kind)) for id_, *said in part for kind, word in sorted(words_of_enrollment(*said))]
        former = connection.execute(_FORMER, {"after": after, "last": last}).all()
        kept = {(id_, word, int(FoundBy.FORMER_NUMBER)) for id_, phone in former for word in words_of_number(phone)}
        _insert(connection, [*words, *sorted(kept)])
        after = last


def _insert(connection: sa.Connection, rows: list[tuple[int, str, int]]) -> None:
    if connection.dialect.name == "postgresql":
        ids, words, kinds = zip(*rows, strict=True)
        many = sa.text(
            "INSERT INTO search_words (enrollment_id, word, kind)"
            " SELECT * FROM unnest(CAST(:ids AS integer[]), CAST(:words AS varchar[]), CAST(:kinds AS smallint[]))"
        )
        connection.execute(many, {"ids": list(ids), "words": list(words), "kinds": list(kinds)})
        return
    connection.exec_driver_sql("INSERT INTO search_words (enrollment_id, word, kind) VALUES (?, ?, ?)", rows)
