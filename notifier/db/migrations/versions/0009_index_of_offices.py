"""Which offices have patients is answered from an index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WITH_ONE = sa.text("office IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_enrollments_office", "enrollments", ["office"], sqlite_where=WITH_ONE, postgresql_where=WITH_ONE
    )


def downgrade() -> None:
    op.drop_index("ix_enrollments_office", "enrollments")
