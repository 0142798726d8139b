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
from tests.setups.sending import Sending

S = MessageState
ANA = "+12125550101"


def replies(sending: Sending) -> list[Reply]:
    with reading(sending.engine) as session:
        return list(session.scalars(select(Reply)))


def opted_out(sending: Sending, phone: str = ANA) -> OptOut | None:
    with reading(sending.engine) as session:
        return is_opted_out(session, phone)


def holds(sending: Sending) -> list[NumberHold]:
    with reading(sending.engine) as session:
        return open_holds(session)


@pytest.mark.parametrize(("text", "source"), [("STOP", "keyword"), ("please stop texting me", "phrase")])
async def test_a_stop_found_by_polling_suppresses_every_text_to_the_number(
    sending: Sending, text: str, source: str
) -> None:
    mine, my_sisters = sending.plan(sending.enroll()), sending.plan(sending.enroll(folded_name="eva"))
    other = sending.plan(sending.enroll(phone="+12125550102"), phone="+12125550102")
    sending.gateway.reply(ANA, text)
    assert await sending.inbound()
    await sending.turn(gate=False)
    assert [S.SUPPRESSED, S.SUPPRESSED, S.ACCEPTED] == [sending.state(one) for one in (mine, my_sisters, other)]
    stored = opted_out(sending)
    assert stored is not None
    assert source == stored.source


async def test_the_same_reply_is_stored_once_however_often_it_is_read(sending: Sending) -> None:
    sending.gateway.reply(ANA, "can I wear sunscreen?")
    await sending.inbound()
    await sending.inbound()
    (reply,) = replies(sending)
    assert ("other", None, "can I wear sunscreen?") == (reply.meaning, reply.closed_at, reply.text)


async def test_start_brings_back_what_is_still_to_come_and_nothing_that_was_missed(sending: Sending) -> None:
    patient = sending.enroll()
    missed, future = sending.plan(patient), sending.plan(patient, due_at=sending.clock.now() + timedelta(days=2))
    sending.gateway.reply(ANA, "stop")
    await sending.inbound()
    sending.clock.pass_(hours=1)
    sending.gateway.reply(ANA, "START")
    await sending.inbound()
    await sending.turn(gate=False)
    assert (S.SUPPRESSED, S.PLANNED, None) == (sending.state(missed), sending.state(future), opted_out(sending))


@pytest.mark.parametrize(("first", "then", "out"), [("STOP", "START", False), ("START", "STOP", True)])
async def test_the_later_of_stop_and_start_counts_whatever_order_they_reach_us_in(
    sending: Sending, first: str, then: str, out: bool
) -> None:
    now = sending.clock.now()
    sending.gateway.reply(ANA, then, at=now - timedelta(minutes=1))
    await sending.inbound()
    sending.gateway.reply(ANA, first, at=now - timedelta(minutes=5))
    await sending.inbound()
    assert out == (opted_out(sending) is not None)


@pytest.mark.parametrize("texts", [("STOP", "START"), ("START", "STOP")])
async def test_at_the_same_second_the_stop_counts(sending: Sending, texts: tuple[str, str]) -> None:
    for text in texts:
        sending.gateway.reply(ANA, text)
    await sending.inbound()
    assert opted_out(sending) is not None


@pytest.mark.parametrize("words", ["too many texts", "wrong number", "توقف"])
async def test_a_perhaps_holds_the_number_whole(sending: Sending, words: str) -> None:
    text = sending.plan()
    sending.gateway.reply(ANA, words)
    await sending.inbound()
    await sending.turn(gate=False)
    assert (S.PLANNED, None) == (sending.state(text), opted_out(sending))
    assert ["all"] == [hold.kinds for hold in holds(sending)]


async def test_urgent_words_hold_what_may_be_wrong_to_say_and_leave_care(sending: Sending) -> None:
    patient = sending.enroll()
    lift, care = sending.plan(patient, kind="lift"), sending.plan(patient, kind="care")
    sending.gateway.reply(ANA, "it won't stop bleeding")
    await sending.inbound()
    await sending.turn(gate=False)
    assert (S.PLANNED, S.ACCEPTED) == (sending.state(lift), sending.state(care))
    (reply,) = replies(sending)
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
async def test_what_files_itself(sending: Sending, text: str, open_: bool) -> None:
    sending.enroll()
    sending.gateway.reply(ANA, text)
    await sending.inbound()
    assert open_ == (replies(sending)[0].closed_at is None)


async def test_odd_texts_are_stored_whole(sending: Sending) -> None:
    sending.gateway.reply(ANA, "\u202eا🌵" + "x" * 1600 + "\0", media=1)
    await sending.inbound()
    assert 1603 == len(replies(sending)[0].text)


async def test_an_incomplete_poll_keeps_the_gate_shut(sending: Sending) -> None:
    sending.plan()
    sending.gateway.down = True
    assert not await sending.inbound()
    assert "gate" == (await sending.turn(gate=False)).closed
    sending.gateway.down = False
    assert await sending.inbound()
    assert None is (await sending.turn(gate=False)).closed


async def test_a_clock_that_was_ahead_hides_nothing(sending: Sending) -> None:
    """Days later by a wrong clock, then right again: what was written in between is read."""
    real = sending.clock.now()
    sending.clock.set_wall(real + timedelta(days=3))
    await sending.inbound()
    sending.clock.set_wall(real)
    sending.gateway.reply(ANA, "STOP")
    await sending.inbound()
    assert opted_out(sending) is not None
    with reading(sending.engine) as session:
        poll = last_poll(session)
    assert poll is not None
    assert real == poll.read_up_to


async def test_a_strangers_stop_is_honored_and_stays_open_for_staff(sending: Sending) -> None:
    sending.gateway.reply(ANA, "STOP")
    await sending.inbound()
    assert opted_out(sending) is not None
    assert replies(sending)[0].closed_at is None
