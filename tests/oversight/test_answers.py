"""What questions have brought, by day; who came how soon; who is silent; and what staff see beside an answer."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from notifier.conversations.claims import claim_reply
from notifier.db.engine import reading, writing
from notifier.oversight.answers import normal_at, what_followed
from notifier.oversight.delivery import day_edges, delivery_of_days
from notifier.oversight.worklists import open_replies
from notifier.tasks.silence import close_silent, count_silent, silent_patients
from tests.setups.asking import ask, hears
from tests.setups.sending import Sending

NEW_YORK = ZoneInfo("America/New_York")


async def asked_three(sending: Sending) -> None:
    for number, texts in enumerate((("1", "1"), ("2",), ())):
        phone = f"+1212555060{number}"
        await ask(sending, phone, name=f"Ana {number}", folded_name=f"ana{number}")
        await hears(sending, *texts, phone=phone)


async def test_answers_are_counted_once_by_day_and_the_median_is_to_the_first_person(sending: Sending) -> None:
    await asked_three(sending)
    now = sending.clock.now()
    with writing(sending.engine) as session:
        (two,) = open_replies(session, 9, now)
        number, taken_at = two.reply.id or 0, two.reply.at + timedelta(minutes=21)
        claim_reply(session, number, now=taken_at, by="dana", ends_at=None)
    with reading(sending.engine) as session:
        found = delivery_of_days(session, day_edges(now, NEW_YORK, 2), now=now).to_json(NEW_YORK)
    yesterday, today = found["days"]
    assert (0, 0) == (yesterday["asked"], yesterday["fine"])
    assert (3, 1, 1, 0) == (today["asked"], today["fine"], today["question"], today["worse"])
    assert 21 == found["minutes_to_a_person"]


async def test_a_silent_patient_is_listed_once_the_question_is_of_no_more_use_and_closed_by_reading(
    sending: Sending,
) -> None:
    await asked_three(sending)
    with reading(sending.engine) as session:
        assert 0 == count_silent(session, sending.clock.now())
    sending.clock.pass_(hours=24 * 4)
    now = sending.clock.now()
    with writing(sending.engine) as session:
        ((message, whose),) = silent_patients(session, now, 9)
        assert "Ana 2" == whose.name
        assert [1, 0] == [close_silent(session, [message.id or 0], now=now, by="dana") for _ in range(2)]
        assert 0 == count_silent(session, now)


async def test_staff_see_beside_an_answer_what_the_protocol_calls_normal_on_that_day(sending: Sending) -> None:
    asked = await ask(sending)
    whose = sending.message(asked).enrollment_id
    sending.plan(whose, kind="expect", text="Redness can last.", phone="+12125550999")
    later = sending.clock.now().replace(year=2027)
    sending.plan(whose, kind="expect", text="Peeling begins.", nominal_at=later, due_at=later, not_before=later)
    await hears(sending, "2")
    with reading(sending.engine) as session:
        (row,) = open_replies(session, 9, sending.clock.now())
        assert "Redness can last." == row.normal
        assert None is normal_at(session, asked, row.reply.at.replace(year=2025))
        assert "The patient answered 2 (reply 1)." == what_followed(session, sending.message(asked))
