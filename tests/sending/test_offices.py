"""Sending for two offices: each through its own sender, at its own pace, in its own window."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import reading
from notifier.db.tables import Reply
from notifier.domain.instants import zone_called
from notifier.domain.offices import OfficeProfile
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import MessageState
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.setups.fakes import created_but_lost
from tests.setups.sending import Sending

S = MessageState
ANA, EVA, OWN, NORTH = "+12125550101", "+12125550102", "+12125550000", "+19785550111"
SERVICE = "MG" + "b" * 32
OFFICES = {
    "north": OfficeProfile(
        "north", Voice("Glow North", "978 555 0100"), "America/New_York", SendWindow(), sender=NORTH,
        staffed=StaffedHours.parse("Mon-Sun 00:00-24:00"),
    ),
    "south": OfficeProfile(
        "south", Voice("Glow South", "212 555 0100"), "America/New_York", SendWindow.parse("08:00-09:00"),
        sender=SERVICE, staffed=StaffedHours.parse("Mon 09:00-09:01"),
    ),
    "west": OfficeProfile("west", Voice("Glow West", "602 555 0100"), "America/Phoenix", SendWindow()),
}  # fmt: skip


@pytest.fixture
def offices(sending: Sending) -> Sending:
    sending.offices = OFFICES
    sending.answers = AnswerRules(Voice("Own", "212 555 0199"), zone_called("America/New_York"), offices=OFFICES)
    sending.start()
    return sending


def enroll(sending: Sending, office: str | None, number: int = 1) -> int:
    """Each is another patient with a number of her own."""
    name = f"Patient {number}"
    return sending.enroll(office=office, phone=f"+1212555{number:04}", name=name, folded_name=name.casefold())


def sent(sending: Sending) -> list[tuple[str | None, str]]:
    return [(text.sender, text.to) for text in sending.gateway.asked]


@pytest.mark.parametrize(
    ("office", "sender", "written_down"), [("north", NORTH, NORTH), ("west", None, OWN), (None, None, OWN)]
)
async def test_a_text_leaves_through_its_offices_sender(
    offices: Sending, office: str | None, sender: str | None, written_down: str | None
) -> None:
    message = offices.plan(enroll(offices, office))
    await offices.turn()
    assert [sender] == [one for one, _ in sent(offices)]
    assert [written_down] == [attempt.sender for attempt in offices.attempts(message)]


async def test_the_window_of_the_office_is_checked_again_when_a_text_leaves(offices: Sending) -> None:
    """It is two in the afternoon in New York: the office in the south sends until nine in the morning."""
    late, other = offices.plan(enroll(offices, "south", 1)), offices.plan(enroll(offices, "north", 2))
    await offices.turn()
    assert [NORTH] == [sender for sender, _ in sent(offices)]
    assert (S.PLANNED, "outside the send window") == (offices.state(late), offices.message(late).reason)
    assert S.ACCEPTED is offices.state(other)


async def test_a_text_of_an_office_that_is_gone_waits_and_says_why(offices: Sending) -> None:
    message = offices.plan(enroll(offices, "closed"))
    await offices.turn()
    assert [] == sent(offices)
    assert 'its office "closed" is not in the offices file' == offices.message(message).reason


async def test_each_sender_has_its_own_pace_and_holds_up_no_other(offices: Sending) -> None:
    """Sixty wait in the north; the one of the west, due after all of them, leaves in the same turn."""
    offices.per_second = 0.001
    offices.start()
    for number in range(60):
        before = offices.clock.now() - timedelta(minutes=1)
        offices.plan(enroll(offices, "north", number), due_at=before, phone=f"+1212555{number:04}")
    last = offices.plan(enroll(offices, "west", 99), phone=EVA)
    turn = await offices.turn()
    assert {(NORTH, 1), (None, 1)} == {
        (sender, [one for one, _ in sent(offices)].count(sender)) for sender, _ in sent(offices)
    }
    assert S.ACCEPTED is offices.state(last)
    assert 900 < turn.opens_in < 1000


async def test_a_lost_answer_is_looked_for_at_the_sender_that_was_used(offices: Sending) -> None:
    offices.gateway.script.append(created_but_lost)
    message = offices.plan(enroll(offices, "north"))
    await offices.turn()
    asked: list[Any] = []
    real = offices.gateway.list_sent

    def listing(*args: Any, **values: Any) -> Any:
        asked.append(values)
        return real(*args, **values)

    offices.gateway.list_sent = listing  # type: ignore[method-assign]  # to see what is asked
    offices.clock.pass_(seconds=61)
    await offices.look_up()
    assert [{"sender": NORTH}] == asked
    assert S.ACCEPTED is offices.state(message)


async def test_urgent_words_are_answered_in_the_voice_and_from_the_number_of_the_office_she_wrote_to(
    offices: Sending,
) -> None:
    """She is a patient of both; the newest enrollment is not the one she writes about."""
    for office, ordinal in (("north", 0), ("west", 1)):
        offices.enroll(office=office, phone=ANA, ordinal=ordinal)
    offices.gateway.reply(ANA, "I am bleeding", to=NORTH)
    await offices.inbound()
    await offices.turn()
    (text,) = offices.gateway.asked
    assert (NORTH, True, True) == (text.sender, "Glow North" in text.body, "978 555 0100" in text.body)
    with reading(offices.engine) as session:
        reply = session.get_one(Reply, 1)
    assert "north" == reply.office


async def test_a_number_that_is_no_offices_own_leaves_it_to_the_newest_enrollment(offices: Sending) -> None:
    for office, ordinal in (("north", 0), ("west", 1)):
        offices.enroll(office=office, phone=ANA, ordinal=ordinal)
    offices.gateway.reply(ANA, "I am bleeding", to=OWN)
    await offices.inbound()
    await offices.turn()
    assert [(None, True)] == [(text.sender, "Glow West" in text.body) for text in offices.gateway.asked]


@pytest.mark.parametrize(("office", "answered"), [("north", 0), ("south", 1)])
async def test_staffed_hours_are_those_of_her_office(offices: Sending, office: str, answered: int) -> None:
    offices.enroll(office=office, phone=ANA)
    offices.gateway.reply(ANA, "may I swim?")
    await offices.inbound()
    await offices.turn()
    assert answered == len(offices.gateway.asked)


async def test_a_stranger_who_writes_to_an_offices_number_is_that_offices(offices: Sending) -> None:
    offices.gateway.reply(EVA, "hello", to=NORTH)
    await offices.inbound()
    with reading(offices.engine) as session:
        reply = session.get_one(Reply, 1)
    assert "north" == reply.office


async def test_the_daily_cap_counts_a_number_over_all_offices(offices: Sending) -> None:
    ids = [offices.enroll(office=office, phone=ANA, ordinal=at) for at, office in enumerate(("north", "west"))]
    for enrollment in (*ids, *ids):
        offices.plan(enrollment, phone=ANA)
    for _ in range(4):
        await offices.turn()
        offices.clock.pass_(minutes=15)
    assert 2 == len(offices.gateway.asked)
