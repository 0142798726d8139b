"""A text that replies to a patient is of the kind `reply`: an answer is what the patient says to a question of ours."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE messages SET kind = 'reply' WHERE kind = 'answer'")


def downgrade() -> None:
    op.execute("UPDATE messages SET kind = 'answer' WHERE kind = 'reply'")
