"""Events are sealed too, in one chain with the audit log; what they say of a patient is committed to with a salt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0058"
branch_labels = None
depends_on = None

_NUMBERS, _DIGESTS = ("first_event", "last_event", "events"), ("entries_digest", "events_root")


def upgrade() -> None:
    op.add_column("events", sa.Column("words", sa.Text(), nullable=True))
    op.add_column("events", sa.Column("commitment", sa.String(64), nullable=True))
    for name in _NUMBERS:
        op.add_column("audit_seals", sa.Column(name, sa.Integer(), nullable=True))
    for name in _DIGESTS:
        op.add_column("audit_seals", sa.Column(name, sa.String(64), nullable=True))
    op.create_table(
        "evidence_salts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_salts"),
        sa.UniqueConstraint("enrollment_id", name="uq_evidence_salts_enrollment_id"),
        sa.UniqueConstraint("event_id", name="uq_evidence_salts_event_id"),
    )
    # What is there already is sealed as it stands now: the chain itself says that nothing proves it from its own time.
    op.execute(
        "INSERT INTO events (at, by, what, why) SELECT max(at), 'upgrade', 'evidence_began', "
        "'before evidence: events 1 to ' || max(id) || ' were sealed later than they happened' "
        "FROM events HAVING count(*) > 0"
    )


def downgrade() -> None:
    op.execute("DELETE FROM events WHERE what = 'evidence_began'")
    op.drop_table("evidence_salts")
    for name in (*_NUMBERS, *_DIGESTS):
        op.drop_column("audit_seals", name)
    op.drop_column("events", "commitment")
    op.drop_column("events", "words")
