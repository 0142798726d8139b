"""What is still unread when staffed hours end gets the fixed answer, once, while it is fresh."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notifier.conversations.at_closing import answer_at_closing
from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.close import close_reply
from notifier.conversations.receive import InboundText, receive
from notifier.conversations.reply_texts import plan_reply
from notifier.db.engine import writing
from notifier.db.fixed_answers import approve_answer
from notifier.domain.open_replies import TextsDecision
from notifier.domain.staffed_hours import StaffedHours
from schedules.wording import Voice
from tests.setups.sending import Sending

ANA = "+12125550101"
HOURS = StaffedHours.parse("Mon-Fri 09:00-12:00; Mon-Fri 13:00-17:00")
RULES = AnswerRules(Voice("Glow", "555-0100"), ZoneInfo("America/New_York"), HOURS, after_hours_phone="555-0142")


def friday(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 6, hour, minute, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


def writes(sending: Sending, at: datetime, text: str = "sunscreen?", number: int = 1, phone: str = ANA) -> None:
    with writing(sending.engine) as session:
        receive(session, InboundText(f"SM{number}", phone, text, at), at, answers=RULES)


def answered(sending: Sending, at: datetime) -> int:
    with writing(sending.engine) as session:
        return answer_at_closing(session, RULES, at)


@pytest.fixture
def clinic(sqlite_house: Sending) -> Sending:
    sqlite_house.enroll()
    return sqlite_house


def test_what_is_unread_at_closing_is_answered_once_with_the_phone_for_the_night(clinic: Sending) -> None:
    writes(clinic, friday(16, 50))
    writes(clinic, friday(16, 55), "and moisturizer?", 2)
    when = [friday(16, 59), friday(17), friday(17, 1), friday(17, 59)]
    assert [0, 1, 0, 0] == [answered(clinic, at) for at in when]
    text = clinic.message(1)
    assert ("If it can't wait, call 555-0142.", friday(18)) == (text.text[-32:], text.expires_at)


def test_an_hour_after_closing_it_would_only_confuse(clinic: Sending) -> None:
    writes(clinic, friday(16, 50))
    assert [0, 0] == [answered(clinic, at) for at in (friday(18), friday(23))]


def test_what_was_closed_replied_to_answered_lately_or_is_no_question_gets_none(clinic: Sending) -> None:
    """Nor what has its own alert, a stranger's words, and what was written on an earlier day."""
    writes(clinic, friday(8, 50), "before they open?")  # answered at once
    assert 0 == answered(clinic, friday(17))
    others = {
        "+12125550102": "too many texts",
        "+12125550103": "thank you!",
        "+12125550104": "I am bleeding",
        "+12125550106": "closed?",
        "+12125550107": "replied to?",
    }
    for number, (phone, text) in enumerate(others.items(), 2):
        clinic.enroll(phone=phone, folded_name=phone)
        writes(clinic, friday(16, 50), text, number, phone)
    writes(clinic, friday(16, 50), "a stranger?", 9, "+12125550108")
    with writing(clinic.engine) as session:
        close_reply(session, 5, TextsDecision.GO_ON, now=friday(16, 52), by="dana")
        plan_reply(
            session, None, "+12125550107", "Yes.", step="reply-6", now=friday(16, 52), until=friday(18), by="dana"
        )
    assert 0 == answered(clinic, friday(17))
    assert 0 == answered(clinic, friday(17, 1))


def test_the_last_approved_words_leave_where_words_must_be_approved(clinic: Sending) -> None:
    with writing(clinic.engine) as session:
        for words in ("Old: {phone}.", "Approved: {phone}."):
            assert approve_answer(session, "en", words, by="Dr. Lee", at=friday(9))
        assert not approve_answer(session, "en", "Approved: {phone}.", by="Dr. Lee", at=friday(9))
        asks = InboundText("SM1", ANA, "sunscreen?", friday(20))
        strict = AnswerRules(RULES.voice, RULES.zone, HOURS, {"en": "Newer."}, must_be_approved=True)
        receive(session, asks, friday(20), answers=strict)
    assert "Approved: 555-0100." == clinic.message(1).text
