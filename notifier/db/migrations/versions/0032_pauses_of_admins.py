"""A pause says whether an admin made it, and why it was lifted. Open ones from before count as an admin's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pauses", sa.Column("by_admin", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("pauses", sa.Column("lifted_why", sa.String(400), nullable=True))


def downgrade() -> None:
    op.drop_column("pauses", "lifted_why")
    op.drop_column("pauses", "by_admin")
