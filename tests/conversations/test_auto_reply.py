"""The fixed answer: at any hour, once, by the same protocol as every text, and never after STOP."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.conversations.auto_reply import UNKNOWN_AN_HOUR, AnswerRules
from notifier.db.engine import reading
from notifier.db.tables import Message
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import EnrollmentState, MessageState
from notifier.oversight.alerts.stored_alerts import gather
from notifier.sms.gateway import Unknown
from schedules.wording import Voice
from tests.setups.fakes import created_but_lost
from tests.setups.sending import Sending

S = MessageState
ANA, EVA = "+12125550101", "+12125550102"
NEW_YORK = ZoneInfo("America/New_York")
RULES = AnswerRules(Voice("Glow", "555-0100"), NEW_YORK)
ANSWER = "Glow: we may not see your text right away. In an emergency, call 911 now. If it can't wait, call 555-0100."
URGENT = "I am bleeding"


def answers(sending: Sending) -> list[Message]:
    with reading(sending.engine) as session:
        return list(session.scalars(select(Message).where(col(Message.kind) == "reply").order_by(col(Message.id))))


@pytest.fixture
def night(sending: Sending) -> Sending:
    """Ana is enrolled; it is ten minutes past three in the morning."""
    sending.answers = RULES
    sending.enroll()
    sending.clock.pass_(hours=13)
    return sending


async def hears(sending: Sending, text: str, phone: str = ANA) -> None:
    sending.gateway.reply(phone, text)
    await sending.inbound()
    await sending.turn()


async def test_urgent_words_are_answered_at_night_though_her_number_is_held(night: Sending) -> None:
    lift = night.plan(1, kind="lift")
    await hears(night, URGENT)
    assert [(ANA, ANSWER)] == [(text.to, text.body) for text in night.gateway.ledger]
    assert S.PLANNED is night.state(lift)
    (answer,) = answers(night)
    assert (S.ACCEPTED, 1) == (answer.state, len(night.attempts(answer.id or 0)))


async def test_at_most_one_answer_for_a_number_in_twelve_hours(night: Sending) -> None:
    await hears(night, URGENT)
    await hears(night, "it does not stop bleeding")
    night.clock.pass_(hours=11, minutes=59)
    await hears(night, "fever too")
    assert [ANA] == night.sent_to
    night.clock.pass_(minutes=2)
    await hears(night, "fever still")
    assert [ANA, ANA] == night.sent_to


@pytest.mark.parametrize("texts", [("STOP", URGENT), ("STOP, I am bleeding",), (URGENT, "stop")])
async def test_nothing_is_answered_after_a_stop(night: Sending, texts: tuple[str, ...]) -> None:
    """Also when the stop comes in the moment between the answer's plan and its leaving."""
    for text in texts:
        night.gateway.reply(ANA, text)
    await night.inbound()
    await night.turn()
    assert [] == night.sent_to
    # What was planned before the stop is withheld; after it nothing is planned at all.
    assert [S.SUPPRESSED] * (texts[0] == URGENT) == [answer.state for answer in answers(night)]


async def test_a_number_that_nobody_enrolled_is_answered_after_urgent_words_alone_naming_nobody(night: Sending) -> None:
    for text in ("can I wear sunscreen?", "HELP", "STOP. I am bleeding"):
        await hears(night, text, phone="+12125550103")
    assert [] == night.sent_to
    await hears(night, URGENT, phone=EVA)
    await hears(night, "me estoy desangrando", phone="+12125550104")
    assert [(EVA, ANSWER), "Glow: puede que no"] == [
        (night.gateway.ledger[0].to, night.gateway.ledger[0].body), night.gateway.ledger[1].body[:18]
    ]  # fmt: skip
    await hears(night, URGENT, phone=EVA)
    assert 2 == len(night.sent_to), "once in twelve hours"


async def test_an_answer_to_an_unknown_number_whose_fate_stays_unknown_is_given_up_and_asks_nobody(
    night: Sending,
) -> None:
    night.gateway.script.append(Unknown("read timeout"))
    await hears(night, URGENT, phone=EVA)
    await night.look_up_until_proven("review")
    await night.turn()
    assert ([S.EXPIRED], []) == ([answer.state for answer in answers(night)], night.sent_to)


async def test_unknown_numbers_get_twenty_answers_an_hour_and_then_somebody_is_alerted(night: Sending) -> None:
    for number in range(21):
        night.gateway.reply(f"+1415555{number:04}", URGENT)
    await night.inbound()
    with reading(night.engine) as session:
        assert gather(session, night.clock.now()).too_many_unknown
    assert UNKNOWN_AN_HOUR == len(answers(night))
    night.clock.pass_(minutes=61)
    await hears(night, URGENT, phone=EVA)
    assert UNKNOWN_AN_HOUR + 1 == len(answers(night))
    with reading(night.engine) as session:
        assert not gather(session, night.clock.now()).too_many_unknown


async def test_a_first_message_that_nobody_reads_is_answered_and_urgent_words_are_counted_apart(night: Sending) -> None:
    night.answers = AnswerRules(RULES.voice, NEW_YORK, StaffedHours.parse("Mon-Fri 09:00-17:00"))
    await hears(night, "thanks!")
    assert [] == night.sent_to
    await hears(night, "and moisturizer?")
    await hears(night, "hello?")
    assert [ANA] == night.sent_to
    await hears(night, URGENT)
    await hears(night, "it does not stop bleeding")
    assert [ANA, ANA] == night.sent_to
    night.clock.pass_(hours=7)  # Saturday, 10:10
    await hears(night, "hello?")
    assert [ANA, ANA] == night.sent_to


async def test_a_reply_that_reached_us_late_is_left_to_people(night: Sending) -> None:
    night.gateway.reply(ANA, URGENT)
    night.clock.pass_(minutes=61)
    await night.inbound()
    await night.turn()
    assert [] == answers(night)


async def test_an_answer_that_could_not_leave_within_the_hour_expires(night: Sending) -> None:
    night.gateway.reply(ANA, URGENT)
    await night.inbound()
    night.clock.pass_(minutes=61)
    await night.turn()
    (answer,) = answers(night)
    assert (S.EXPIRED, []) == (answer.state, night.sent_to)


async def test_the_daily_cap_neither_stops_an_answer_nor_counts_it(sending: Sending) -> None:
    sending.answers = RULES
    patient = sending.enroll()
    sending.plan(patient)
    await sending.turn()
    await hears(sending, URGENT)
    second, third = (sending.plan(patient, kind="restrict") for _ in range(2))
    for _ in range(2):
        sending.clock.pass_(minutes=15)
        await sending.turn()
    assert [S.ACCEPTED, S.PLANNED] == [sending.state(second), sending.state(third)]
    assert 3 == len(sending.sent_to)


async def test_an_answer_takes_no_place_from_the_plan_that_leaves_with_it(sending: Sending) -> None:
    sending.answers = RULES
    patient = sending.enroll()
    texts = [sending.plan(patient, kind="restrict") for _ in range(3)]
    await hears(sending, URGENT)
    for _ in range(2):
        sending.clock.pass_(minutes=15)
        await sending.turn()
    assert [S.ACCEPTED, S.ACCEPTED, S.PLANNED] == [sending.state(text) for text in texts]
    assert 3 == len(sending.sent_to)


async def test_an_answer_whose_fate_is_unknown_is_looked_up_and_never_blindly_resent(night: Sending) -> None:
    night.gateway.script.append(created_but_lost)
    await hears(night, URGENT)
    assert [S.UNKNOWN] == [answer.state for answer in answers(night)]
    night.clock.pass_(seconds=60)
    await night.look_up()
    assert ([S.ACCEPTED], [ANA]) == ([answer.state for answer in answers(night)], night.sent_to)


async def test_an_answer_leaves_before_a_burst_of_planned_texts(sending: Sending) -> None:
    sending.answers = RULES
    sending.in_flight = 1
    sending.start()
    sending.enroll()
    for number in range(5):
        phone = f"+1212555020{number}"
        sending.plan(sending.enroll(phone=phone, folded_name=f"p{number}"), phone=phone)
    sending.gateway.reply(ANA, URGENT)
    await sending.inbound()
    await sending.turn()
    assert (ANA, 6) == (sending.sent_to[0], len(sending.sent_to))


@pytest.mark.parametrize("state", [EnrollmentState.CANCELLED, EnrollmentState.BOOKED, EnrollmentState.HELD])
async def test_who_is_no_longer_or_not_yet_treated_is_answered_too(sending: Sending, state: EnrollmentState) -> None:
    sending.answers = RULES
    sending.enroll(state=state)
    await hears(sending, URGENT)
    assert [ANA] == sending.sent_to


async def test_of_several_patients_on_one_phone_the_latest_who_runs_lends_the_language(night: Sending) -> None:
    night.enroll(folded_name="lucia", language="es")
    night.enroll(folded_name="old", language="en", state=EnrollmentState.CANCELLED)
    await hears(night, "tengo fiebre")
    assert [True] == [text.body.startswith("Glow: puede que no") for text in night.gateway.ledger]


async def test_webhook_and_poll_together_answer_once(night: Sending) -> None:
    night.gateway.reply(ANA, URGENT)
    await night.inbound()
    await night.inbound()
    await night.turn()
    night.clock.pass_(minutes=1)
    await night.inbound()
    await night.turn()
    assert [ANA] == night.sent_to
    assert timedelta(hours=1) == answers(night)[0].expires_at - answers(night)[0].nominal_at
