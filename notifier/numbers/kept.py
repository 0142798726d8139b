"""Numbers of which anything at all is written that can keep a text: most have nothing, and are asked about once."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, select

from notifier.db.array_param import in_array
from notifier.db.rows import table_of
from notifier.db.tables import NumberHold, OptOut, Reply, ReplyPhone

_opt_outs, _holds = table_of(OptOut).c, table_of(NumberHold).c
_replies, _reply_phones = table_of(Reply).c, table_of(ReplyPhone).c
KEPT: Final[tuple[Select[Any], ...]] = (
    select(_opt_outs.phone).where(in_array(_opt_outs.phone, "phones"), _opt_outs.ended_at.is_(None)),
    select(_holds.phone).where(in_array(_holds.phone, "phones"), _holds.released_at.is_(None)),
    select(_reply_phones.phone)
    .join(table_of(Reply), _replies.id == _reply_phones.reply_id)
    .where(in_array(_reply_phones.phone, "phones"), _replies.closed_at.is_(None)),
)
"""Those of `phones` that have opted out, that are held by staff, and that have an open reply; some of them twice."""
