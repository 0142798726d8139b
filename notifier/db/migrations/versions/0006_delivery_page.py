"""What the delivery page counts is answered from indexes alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEFT = sa.text("left_at IS NOT NULL")


def upgrade() -> None:
    replace_index("left_at", "state", "clinic_id", "enrollment_id")
    op.create_index("ix_opt_outs_at", "opt_outs", ["clinic_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_opt_outs_at", "opt_outs")
    replace_index("left_at", "state")


def replace_index(*columns: str) -> None:
    op.drop_index("ix_messages_left", "messages")
    op.create_index("ix_messages_left", "messages", columns, sqlite_where=LEFT, postgresql_where=LEFT)
