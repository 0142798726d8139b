"""Replies are read by new meanings: urgent stands beside a meaning, as it did in its own column since 0003."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RENAMED = (("thanks", "harmless"), ("unclear", "perhaps_stop"), ("urgent", "other"))


def upgrade() -> None:
    for old, new in _RENAMED:
        op.execute(f"UPDATE replies SET meaning = '{new}' WHERE meaning = '{old}'")  # noqa: S608  # both are ours


def downgrade() -> None:
    op.execute("UPDATE replies SET meaning = 'urgent' WHERE meaning = 'other' AND urgent")
    op.execute("UPDATE replies SET meaning = 'unclear' WHERE meaning IN ('perhaps_stop', 'wrong_person')")
    op.execute("UPDATE replies SET meaning = 'thanks' WHERE meaning = 'harmless'")
    op.execute("UPDATE replies SET meaning = 'other' WHERE meaning = 'answer'")
