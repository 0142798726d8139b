"""Every sender that texts ever left through: what patients write to an old one is read too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "senders",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("since", UTCDateTime(), nullable=False),
    )
    # An attempt from before there were offices has none: the number or service of the settings is learned at the start.
    op.execute(
        "INSERT INTO senders (name, since) SELECT sender, min(started_at) FROM attempts"
        " WHERE sender IS NOT NULL GROUP BY sender"
    )


def downgrade() -> None:
    op.drop_table("senders")
