"""The two moves that every text makes, for a batch at once: it leaves, and the provider accepts it.

They are the outbox's moves like any other (seen, checked, told of), in statements that are built once: building them
for each batch took longer than running them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, null, update
from sqlalchemy.orm import Session

from notifier.db.array_param import in_array
from notifier.db.outbox import ask_where_caught_up, in_state, is_beside_plan, record_moves
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import table_of
from notifier.db.tables import Attempt, Message
from notifier.domain.states import MessageState, check_move

_S = MessageState
_messages, _attempts = table_of(Message).c, table_of(Attempt).c


def leave(session: Session, ids: Sequence[int], *, late: bool, at: datetime, by: str) -> None:
    """Planned texts are about to leave, in their `late` wording or the usual one; the caller has locked them.

    Raises RuntimeError where one is planned no longer.
    """
    if not ids:
        return
    if _leave(late).run(session, {"ids": ids, "at": at}).rowcount != len(ids):
        raise RuntimeError("a claimed text was no longer planned")
    record_moves(session, ids, seen=_S.PLANNED, to=_S.ATTEMPTING, at=at, by=by, why=None)


def accept(session: Session, attempt_ids: Sequence[str], *, seen: MessageState, at: datetime, by: str) -> Sequence[int]:
    """The texts of these attempts, in the state seen, are accepted under the SIDs that the attempts have; their ids."""
    found: Sequence[Any] = _accept(seen).run(session, {"attempt_ids": attempt_ids}).all() if attempt_ids else []
    moved = [row[0] for row in found]
    record_moves(session, moved, seen=seen, to=_S.ACCEPTED, at=at, by=by, why=None)
    ask_where_caught_up(session, [id_ for id_, kind, step in found if is_beside_plan(kind, step)], at)
    return moved


@cache
def _leave(late: bool) -> PreparedStatement:
    check_move(_S.PLANNED, _S.ATTEMPTING)
    these = update(table_of(Message)).where(in_state(_S.PLANNED), in_array(_messages.id, "ids"))
    words = _messages.late_text if late else _messages.text
    changed = these.values(state=_S.ATTEMPTING, reason=null(), need=null(), left_at=bindparam("at"), sent_text=words)
    return PreparedStatement(changed)


@cache
def _accept(seen: MessageState) -> PreparedStatement:
    check_move(seen, _S.ACCEPTED)
    these = update(table_of(Message)).where(
        in_array(_attempts.id, "attempt_ids"),
        _messages.id == _attempts.message_id,
        in_state(seen),
    )
    calls = {"attempts": _messages.attempts + 1} if seen is _S.ATTEMPTING else {}  # an unknown one was counted then
    changed = these.values(state=_S.ACCEPTED, reason=null(), sid=_attempts.sid, **calls)
    return PreparedStatement(changed.returning(_messages.id, _messages.kind, _messages.step))
