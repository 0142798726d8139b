"""What the demo looks at to know that its worker has come to rest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Message, Reply
from notifier.domain.states import MessageState
from notifier.sandbox.server import Sandbox

_S = MessageState


def is_quiet(session: Session, sandbox: Sandbox, now: datetime) -> bool:
    """Nothing is due, nothing is under way, and everything that patients wrote has been read."""
    written = sum(message.direction == "inbound" for message in list(sandbox.account.messages.values()))
    return (
        _count(session, _texts().where(in_state(_S.PLANNED), col(Message.due_at) <= now)) == 0
        and _count(session, _texts().where(in_state(_S.ATTEMPTING, _S.UNKNOWN))) == 0
        and _count(session, select(func.count()).select_from(Reply)) == written
    )


def state_of(session: Session, sid: str) -> MessageState | None:
    """Where the text with this SID stands in our tables."""
    return session.scalar(select(col(Message.state)).where(col(Message.sid) == sid))


def last_meaning(session: Session, phone: str) -> str | None:
    """How the newest text from a patient was read; `filed answer` for an answer that nobody has to read."""
    found = select(Reply).where(col(Reply.phone) == phone).order_by(col(Reply.id).desc())
    reply = session.scalars(found).first()
    if reply is None:
        return None
    return "filed answer" if reply.meaning == "answer" and reply.closed_at is not None else reply.meaning


def count_in(session: Session, state: MessageState, phone: str | None = None) -> int:
    """How many texts are in this state, of all or to one number."""
    found = _texts().where(in_state(state))
    return _count(session, found if phone is None else found.where(col(Message.phone) == phone))


def _texts() -> Select[int]:
    return select(func.count()).select_from(Message)


def _count(session: Session, found: Select[int]) -> int:
    return session.scalar(found) or 0
