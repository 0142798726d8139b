"""Which photos of patients somebody has opened; what the audit log knows of it is taken over."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from notifier.db.columns import UTCDateTime

revision = "0066"
down_revision = "0064"
branch_labels = None
depends_on = None
_LOOKED = re.compile(r"(?:save )?photo ([0-9]+) of reply ([0-9]+)")


def upgrade() -> None:
    looks = op.create_table(
        "photo_looks",
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name="fk_photo_looks_reply_id_replies"),
        sa.PrimaryKeyConstraint("reply_id", "number", name="pk_photo_looks"),
    )
    audit = sa.table("staff_audit", sa.column("about"), sa.column("what"), sa.column("at", UTCDateTime()))
    replies = sa.table("replies", sa.column("id"), sa.column("media_count"))
    found = sa.select(audit.c.about, audit.c.at).where(
        audit.c.what.in_(["saw", "did"]), audit.c.about.like("%photo % of reply %")
    )
    bind = op.get_bind()
    with_photos = set(bind.scalars(sa.select(replies.c.id).where(replies.c.media_count > 0)))
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for about, at in bind.execute(found.order_by(audit.c.at)):
        if looked := _LOOKED.fullmatch(about):
            number, reply = int(looked[1]), int(looked[2])
            if reply in with_photos:
                rows.setdefault((reply, number), {"reply_id": reply, "number": number, "at": at})
    if rows:
        op.bulk_insert(looks, list(rows.values()))


def downgrade() -> None:
    op.drop_table("photo_looks")
