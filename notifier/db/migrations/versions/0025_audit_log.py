"""The audit log says from where, whose patients a list showed, and is sealed; nothing in it is changed or deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLES = ("staff_audit", "audit_shown", "audit_seals")
_SENTENCE = "the audit log is only ever added to"


def upgrade() -> None:
    op.add_column("staff_audit", sa.Column("address", sa.String(45), nullable=True))
    op.add_column("staff_audit", sa.Column("device", sa.String(80), nullable=True))
    op.create_table(
        "audit_shown",
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["staff_audit.id"], name="fk_audit_shown_entry_id"),
        sa.PrimaryKeyConstraint("enrollment_id", "entry_id", name="pk_audit_shown"),
    )
    op.create_index("ix_audit_shown_entry", "audit_shown", ["entry_id"])
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("first_entry", sa.Integer(), nullable=False),
        sa.Column("last_entry", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seals"),
    )
    # Whoever builds one of these tables anew on SQLite (batch_alter_table) loses its triggers, and makes them again.
    if op.get_bind().dialect.name == "sqlite":
        for table in _TABLES:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_SENTENCE}'; END $$"
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in _TABLES:
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{verb}")
    else:
        for table in _TABLES:
            op.execute(f"DROP TRIGGER {table}_only_grows ON {table}")
        op.execute("DROP FUNCTION audit_only_grows()")
    op.drop_table("audit_seals")
    op.drop_table("audit_shown")
    op.drop_column("staff_audit", "device")
    op.drop_column("staff_audit", "address")
