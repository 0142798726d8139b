"""Patients who have been asked how their skin is, by the question of a shipped protocol."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading, writing
from notifier.db.protocols import store_version
from notifier.db.tables import Message, Reply
from notifier.domain.staffed_hours import StaffedHours
from schedules.catalogue import shipped
from schedules.wording import Voice
from tests.setups.sending import Sending

ANA, EVA = "+12125550101", "+12125550102"
PROTOCOL = shipped()["microneedling-week"]
QUESTION = "How is your skin? Reply 1 fine, 2 a question, 3 worse."
RULES = AnswerRules(
    Voice("Glow", "555-0100"), ZoneInfo("America/New_York"), StaffedHours.parse("Mon-Fri 09:00-17:00; Sat 10:00-14:00")
)


async def ask(sending: Sending, phone: str = ANA, **values: Any) -> int:
    """Somebody is enrolled and asked; the message's id."""
    sending.answers = RULES
    with writing(sending.engine) as session:
        store_version(session, PROTOCOL, sending.clock.now())
    whose = sending.enroll(phone=phone, protocol=PROTOCOL.id, version=PROTOCOL.version, **values)
    until = sending.clock.now() + timedelta(days=4)
    asked = sending.plan(whose, phone=phone, kind="ask", step="check-in", text=QUESTION, expires_at=until)
    await sending.turn()
    sending.clock.pass_(minutes=5)
    return asked


async def hears(sending: Sending, *texts: str, phone: str = ANA, media: int = 0) -> None:
    """Each text is read on its own, and what follows has left."""
    for text in texts:
        sending.gateway.reply(phone, text, media=media)
        await sending.inbound()
        await sending.turn()
        sending.clock.pass_(minutes=2)


def replies(sending: Sending) -> list[Reply]:
    """What came, the first first."""
    with reading(sending.engine) as session:
        return list(session.scalars(select(Reply).order_by(col(Reply.id))))


def said(sending: Sending, phone: str = ANA) -> list[str]:
    """What left for a number after the question, without the clinic's name."""
    with reading(sending.engine) as session:
        found = select(Message).where(col(Message.phone) == phone, col(Message.sent_text).is_not(None))
        texts = [str(one.sent_text) for one in session.scalars(found.order_by(col(Message.id)))]
    return [text.removeprefix("Glow: ") for text in texts if text != QUESTION]
