"""Numbers of which anything at all is written that can keep a text: most have nothing, and are asked about once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from notifier.db.array_param import in_array
from notifier.db.rows import table_of
from notifier.db.tables import NumberHold, OptOut, Reply, ReplyPhone

_opt_outs, _holds = table_of(OptOut).c, table_of(NumberHold).c
_replies, _reply_phones = table_of(Reply).c, table_of(ReplyPhone).c
_KEPT: Final = union_all(
    select(_opt_outs.phone).where(in_array(_opt_outs.phone, "phones"), _opt_outs.ended_at.is_(None)),
    select(_holds.phone).where(in_array(_holds.phone, "phones"), _holds.released_at.is_(None)),
    select(_reply_phones.phone)
    .join(table_of(Reply), _replies.id == _reply_phones.reply_id)
    .where(in_array(_reply_phones.phone, "phones"), _replies.closed_at.is_(None)),
)


def kept_phones(session: Session, phones: Collection[str]) -> set[str]:
    """Those of these numbers that have opted out, are held by staff, or have an open reply."""
    return set(session.connection().scalars(_KEPT, {"phones": phones}))
