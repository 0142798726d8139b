"""Which of the clinic's numbers a reply came to; and since when the provider refuses to delete a text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0090"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("written_to", sa.String(20), nullable=True))
    op.add_column("provider_deletions", sa.Column("refused_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("provider_deletions", "refused_at")
    op.drop_column("replies", "written_to")
