"""Questions are found by when they are of no more use: who has not answered is asked again, and then listed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    asks = sa.text("kind = 'ask'")
    op.create_index("ix_messages_asks", "messages", ["expires_at"], sqlite_where=asks, postgresql_where=asks)


def downgrade() -> None:
    op.drop_index("ix_messages_asks", "messages")
