"""Other programs: their keys, and the answers they got."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import JSONDoc, UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOT_REVOKED = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer, nullable=False),
        *(words("clinic_id", 40), words("name", 60), words("key_hash", 64), words("prefix", 16)),
        sa.Column("scopes", JSONDoc, nullable=True),
        *(at("created_at"), words("created_by", 120), at("seen_at", null=True)),
        *(at("revoked_at", null=True), words("revoked_by", 120, null=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_index(
        "ix_api_keys_name",
        "api_keys",
        ["clinic_id", "name"],
        unique=True,
        sqlite_where=NOT_REVOKED,
        postgresql_where=NOT_REVOKED,
    )
    op.create_table(
        "api_answers",
        sa.Column("api_key_id", sa.Integer, nullable=False),
        *(words("idempotency_key", 255), words("clinic_id", 40), at("at"), words("body_hash", 64)),
        *(sa.Column("status", sa.Integer, nullable=True), sa.Column("answer", JSONDoc, nullable=True)),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"]),
        sa.PrimaryKeyConstraint("api_key_id", "idempotency_key"),
    )
    op.create_index("ix_api_answers_at", "api_answers", ["at"])


def downgrade() -> None:
    op.drop_table("api_answers")
    op.drop_table("api_keys")


def words(name: str, length: int, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=null)


def at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UTCDateTime, nullable=null)
