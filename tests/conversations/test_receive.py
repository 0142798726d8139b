"""What patients write: stored once, honored at once where it is clear."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from notifier.db.engine import reading
from notifier.db.tables import OptOut, Reply
from notifier.domain.open_replies import OpenReply
from notifier.domain.states import MessageState
from notifier.numbers.open_replies import open_replies_on
from notifier.numbers.opt_outs import is_opted_out
from notifier.sending import apart
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


def open_ones(sending: Sending, *phones: str) -> dict[str, list[OpenReply]]:
    with reading(sending.engine) as session:
        return open_replies_on(session, phones or {ANA})


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
    assert [(ANA, ["all"])] == [(phone, [one.kinds for one in held]) for phone, held in open_ones(sending).items()]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("is this normal?", {"lift", "expect", "ask", "check_in", "rebook"}),
        ("it won't stop bleeding", {"lift", "expect", "ask", "check_in", "rebook", "care"}),
        ("wrong number", {"lift", "expect", "ask", "check_in", "rebook", "care", "restrict", "warning"}),
        ("thanks!", set()),
    ],
)
async def test_what_is_open_holds_by_kind_whatever_it_means(
    sending: Sending, words: str, kept: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LEAST_APART", timedelta(0))  # all that is not held leaves in one turn
    kinds = ("warning", "restrict", "care", "lift", "ask", "expect", "check_in", "rebook")
    patient = sending.enroll(rebook_consent=True)
    texts = {kind: sending.plan(patient, kind=kind) for kind in kinds}
    sending.gateway.reply(ANA, words)
    await sending.inbound()
    sending.daily_cap = 100
    sending.start()
    await sending.turn(gate=False)
    assert kept == {kind for kind, text in texts.items() if sending.state(text) is S.PLANNED}


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
