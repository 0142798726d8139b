"""A message that somebody cannot read is passed on to colleagues who can. It stays open, and holds what it held."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.accounts import readers_of
from notifier.conversations.claims import current_claim, give_back_reply
from notifier.conversations.inbox import the_reply
from notifier.conversations.reply_texts import answers_for
from notifier.db.events import record_event
from notifier.db.rows import insert_rows
from notifier.db.tables import ReplyPass
from notifier.domain.refused import Refused
from notifier.domain.tasks import TaskKind, TaskRef
from schedules.languages.registry import language_or_default


def pass_on(session: Session, reply_id: int, language: str | None = None, *, now: datetime, by: str) -> list[str]:
    """Pass it on to who reads `language`, the patient's own unless said; their names.

    Whoever had taken it and cannot read it gives it back. Raises Refused where nobody is known to read it.
    """
    reply = the_reply(session, reply_id)
    if reply.closed_at is not None:
        raise Refused("this message is closed already, so nobody has to read it")
    whose = answers_for(session, reply.phone, office=reply.office)
    language = language or (whose.language if whose else "")
    readers = [one.name for one in readers_of(session, language, reply.office) if f"staff:{one.name}" != by]
    if not readers:
        raise Refused(
            f"no colleague’s account says that they read {name_of(language)}; an admin says who does under Accounts, "
            "or call an interpreter: the message stays open"
        )
    claim = current_claim(session, TaskRef(TaskKind.REPLY, reply_id), now=now)
    if claim is not None and claim.by == by:
        give_back_reply(session, reply_id)
    session.execute(delete(ReplyPass).where(col(ReplyPass.reply_id) == reply_id))
    insert_rows(session, ReplyPass, [{"reply_id": reply_id, "language": language, "at": now, "by": by}])
    record_event(
        session, at=now, by=by, what="passed_on", enrollment_id=whose.id if whose else None,
        why=f"reply {reply_id} to who reads {name_of(language)}")  # fmt: skip
    return readers


def passes_of(session: Session, reply_ids: Collection[int]) -> dict[int, ReplyPass]:
    """By reply, who could not read it and which language it needs."""
    found = select(ReplyPass).where(col(ReplyPass.reply_id).in_(sorted(reply_ids)))
    return {one.reply_id: one for one in session.scalars(found)}


def name_of(code: str) -> str:
    """The language's name where patients are texted in it, else its code."""
    spoken = language_or_default(code)
    return spoken.about.name if spoken.code == code else code or "it"
