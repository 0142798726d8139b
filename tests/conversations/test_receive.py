"""What patients write: stored once, honored at once where it is clear."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from notifier.db.engine import reading
from notifier.db.tables import NumberHold, OptOut, Reply
from notifier.domain.states import MessageState
from notifier.numbers.holds import open_holds
from notifier.numbers.opt_outs import is_opted_out
from notifier.sending.gates.polls import last_poll
from tests.setups.house import House

S = MessageState
ANA = "+12125550101"


def replies(house: House) -> list[Reply]:
    with reading(house.engine) as session:
        return list(session.scalars(select(Reply)))


def opted_out(house: House, phone: str = ANA) -> OptOut | None:
    with reading(house.engine) as session:
        return is_opted_out(session, phone)


def holds(house: House) -> list[NumberHold]:
    with reading(house.engine) as session:
        return open_holds(session)


@pytest.mark.parametrize(("text", "source"), [("STOP", "keyword"), ("please stop texting me", "phrase")])
async def test_a_stop_found_by_polling_suppresses_every_text_to_the_number(
    house: House, text: str, source: str
) -> None:
    mine, my_sisters = house.plan(house.enroll()), house.plan(house.enroll(folded_name="eva"))
    other = house.plan(house.enroll(phone="+12125550102"), phone="+12125550102")
    house.gateway.reply(ANA, text)
    assert await house.inbound()
    await house.turn(gate=False)
    assert [S.SUPPRESSED, S.SUPPRESSED, S.ACCEPTED] == [house.state(one) for one in (mine, my_sisters, other)]
    stored = opted_out(house)
    assert stored is not None
    assert source == stored.source


async def test_the_same_reply_is_stored_once_however_often_it_is_read(house: House) -> None:
    house.gateway.reply(ANA, "can I wear sunscreen?")
    await house.inbound()
    await house.inbound()
    (reply,) = replies(house)
    assert ("other", None, "can I wear sunscreen?") == (reply.meaning, reply.closed_at, reply.text)


async def test_start_brings_back_what_is_still_to_come_and_nothing_that_was_missed(house: House) -> None:
    patient = house.enroll()
    missed, future = house.plan(patient), house.plan(patient, due_at=house.clock.now() + timedelta(days=2))
    house.gateway.reply(ANA, "stop")
    await house.inbound()
    house.clock.pass_(hours=1)
    house.gateway.reply(ANA, "START")
    await house.inbound()
    await house.turn(gate=False)
    assert (S.SUPPRESSED, S.PLANNED, None) == (house.state(missed), house.state(future), opted_out(house))


@pytest.mark.parametrize(("first", "then", "out"), [("STOP", "START", False), ("START", "STOP", True)])
async def test_the_later_of_stop_and_start_counts_whatever_order_they_reach_us_in(
    house: House, first: str, then: str, out: bool
) -> None:
    now = house.clock.now()
    house.gateway.reply(ANA, then, at=now - timedelta(minutes=1))
    await house.inbound()
    house.gateway.reply(ANA, first, at=now - timedelta(minutes=5))
    await house.inbound()
    assert out == (opted_out(house) is not None)


@pytest.mark.parametrize("texts", [("STOP", "START"), ("START", "STOP")])
async def test_at_the_same_second_the_stop_counts(house: House, texts: tuple[str, str]) -> None:
    for text in texts:
        house.gateway.reply(ANA, text)
    await house.inbound()
    assert opted_out(house) is not None


@pytest.mark.parametrize("words", ["too many texts", "wrong number", "توقف"])
async def test_a_perhaps_holds_the_number_whole(house: House, words: str) -> None:
    text = house.plan()
    house.gateway.reply(ANA, words)
    await house.inbound()
    await house.turn(gate=False)
    assert (S.PLANNED, None) == (house.state(text), opted_out(house))
    assert ["all"] == [hold.kinds for hold in holds(house)]


async def test_urgent_words_hold_what_may_be_wrong_to_say_and_leave_care(house: House) -> None:
    patient = house.enroll()
    lift, care = house.plan(patient, kind="lift"), house.plan(patient, kind="care")
    house.gateway.reply(ANA, "it won't stop bleeding")
    await house.inbound()
    await house.turn(gate=False)
    assert (S.PLANNED, S.ACCEPTED) == (house.state(lift), house.state(care))
    (reply,) = replies(house)
    assert ("other", True, None) == (reply.meaning, reply.urgent, reply.closed_at)


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("thanks!", False),
        ("STOP", False),
        ("stop, I have a fever", True),
        ("stop, my wife died", True),
        ("help", False),
    ],
)
async def test_what_files_itself(house: House, text: str, open_: bool) -> None:
    house.enroll()
    house.gateway.reply(ANA, text)
    await house.inbound()
    assert open_ == (replies(house)[0].closed_at is None)


async def test_odd_texts_are_stored_whole(house: House) -> None:
    house.gateway.reply(ANA, "\u202eا🌵" + "x" * 1600 + "\0", media=1)
    await house.inbound()
    assert 1603 == len(replies(house)[0].text)


async def test_an_incomplete_poll_keeps_the_gate_shut(house: House) -> None:
    house.plan()
    house.gateway.down = True
    assert not await house.inbound()
    assert "gate" == (await house.turn(gate=False)).closed
    house.gateway.down = False
    assert await house.inbound()
    assert None is (await house.turn(gate=False)).closed


async def test_a_clock_that_was_ahead_hides_nothing(house: House) -> None:
    """Days later by a wrong clock, then right again: what was written in between is read."""
    real = house.clock.now()
    house.clock.set_wall(real + timedelta(days=3))
    await house.inbound()
    house.clock.set_wall(real)
    house.gateway.reply(ANA, "STOP")
    await house.inbound()
    assert opted_out(house) is not None
    with reading(house.engine) as session:
        poll = last_poll(session)
    assert poll is not None
    assert real == poll.read_up_to


async def test_a_strangers_stop_is_honored_and_stays_open_for_staff(house: House) -> None:
    house.gateway.reply(ANA, "STOP")
    await house.inbound()
    assert opted_out(house) is not None
    assert replies(house)[0].closed_at is None
