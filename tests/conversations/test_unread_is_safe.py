"""Unread is the safe state: from receipt until a person has closed it, nothing that permits or reassures leaves."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.conversations.claims import claim_reply, give_back_reply
from notifier.conversations.close import close_reply
from notifier.conversations.reply import find_reply, send_reply
from notifier.db.engine import reading, writing
from notifier.db.tables import Message, OptOut, Reply
from notifier.domain.open_replies import TextsDecision
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import is_opted_out
from notifier.numbers.release import release
from notifier.sending import apart
from schedules.wording import Voice
from tests.setups.sending import Sending

S = MessageState
ANA = "+12125550101"
RULES = PlanningRules(Voice("Glow", "555-0100"), "America/New_York")
SAID = ("is this normal?", "it is bleeding a lot", "wrong number", "too many texts", "thanks!", "see you then")
KINDS = ("lift", "expect", "check_in", "rebook", "care", "restrict")
ALWAYS_HELD = {"lift", "expect", "check_in", "rebook"}


def act(sending: Sending, do: Any, *args: Any, **more: Any) -> Any:
    with writing(sending.engine) as session:
        return do(session, *args, now=sending.clock.now(), by="dana", **more)


def open_ones(sending: Sending, phone: str) -> list[Reply]:
    with reading(sending.engine) as session:
        return list(session.scalars(select(Reply).where(col(Reply.phone) == phone, col(Reply.closed_at).is_(None))))


def left(sending: Sending, phone: str) -> dict[int, str]:
    """The kinds of what has left for this number."""
    with reading(sending.engine) as session:
        found = select(Message).where(col(Message.phone) == phone, col(Message.left_at).is_not(None))
        return {one.id or 0: one.kind for one in session.scalars(found)}


async def something_happens(sending: Sending, dice: Random, patient: int, phone: str, stays_held: bool) -> bool:
    """One thing, by chance; whether somebody has decided that texts stay held, and nobody that they go on."""
    unread = open_ones(sending, phone)
    match dice.choice(["hears", "close", "stay", "release", "take", "reply", "nothing"]):
        case "hears":
            sending.gateway.reply(phone, dice.choice(SAID))
            await sending.inbound()
        case "release":
            act(sending, release, phone)
            return False
        case "reply":
            now = sending.clock.now()
            with writing(sending.engine) as session:
                found = find_reply(session, f"We call at {now}.", rules=RULES, now=now, enrollment_id=patient)
                send_reply(session, found, rules=RULES, now=now, by="dana")
        case "close" if unread:
            act(sending, close_reply, dice.choice(unread).id, TextsDecision.GO_ON)
        case "stay" if unread:
            act(sending, close_reply, dice.choice(unread).id, TextsDecision.STAY_HELD)
            return True
        case "take" if unread:
            act(sending, claim_reply, unread[0].id)
            with writing(sending.engine) as session:
                give_back_reply(session, unread[0].id or 0)
    return stays_held


async def test_whatever_is_done_in_whatever_order_no_held_kind_leaves_while_something_is_open(
    sqlite_house: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what nothing holds does leave: each of six patients at some time between two messages."""
    monkeypatch.setattr(apart, "LEAST_APART", timedelta(0))  # all that is not held leaves in one turn
    sending, went = sqlite_house, 0
    sending.daily_cap = 1000
    sending.start()
    for seed in range(6):
        dice, phone = Random(seed), f"+1212555{seed:04}"
        patient = sending.enroll(phone=phone, folded_name=f"p{seed}", rebook_consent=True)
        stays_held = False
        for _ in range(14):
            with suppress(Refused):
                stays_held = await something_happens(sending, dice, patient, phone, stays_held)
            for kind in KINDS:
                sending.plan(patient, phone=phone, kind=kind)
            before = left(sending, phone)
            await sending.turn()
            gone = {kind for text, kind in left(sending, phone).items() if text not in before}
            unread = open_ones(sending, phone)
            if unread:
                assert (seed, set()) == (seed, gone & ALWAYS_HELD)
                assert "care" not in gone or not any(one.urgent for one in unread)
                assert "restrict" not in gone or not {"wrong_person", "perhaps_stop"} & {one.meaning for one in unread}
            elif not stays_held:
                assert set(KINDS) <= gone
                went += 1
            sending.clock.pass_(seconds=45)
    assert went > 6


@pytest.mark.parametrize(("days", "leaves"), [(1, True), (3, True), (8, True), (9.5, False)])
async def test_held_time_does_not_count_against_the_use_of_a_lift_for_seven_days_at_most(
    sending: Sending, days: float, leaves: bool
) -> None:
    """Its use is two days, and its moment comes while the patient's question is unread."""
    now = sending.clock.now()
    lift = sending.plan(kind="lift", expires_at=now + timedelta(days=2))
    sending.gateway.reply(ANA, "is this normal?")
    await sending.inbound()
    for _ in range(round(days * 2)):
        await sending.turn()
        sending.clock.pass_(hours=12)
    await sending.turn()
    assert (S.PLANNED if leaves else S.EXPIRED) == sending.state(lift)
    act(sending, close_reply, 1, TextsDecision.GO_ON)
    await sending.turn()
    assert leaves == (ANA in sending.sent_to)
    message = sending.message(lift)
    assert leaves or "the number is on hold: reply 1 is open" in (message.reason or "")
    assert now + timedelta(days=2) + timedelta(days=min(days, 7)) * leaves == message.expires_at


async def test_two_messages_at_once_give_their_time_back_once(sending: Sending) -> None:
    now = sending.clock.now()
    lift = sending.plan(kind="lift", expires_at=now + timedelta(days=2))
    for text in ("is this normal?", "hello?"):
        sending.gateway.reply(ANA, text)
        await sending.inbound()
        sending.clock.pass_(hours=24)
    both = [one.id for one in open_ones(sending, ANA)]
    assert [1, 0] == [len(act(sending, close_reply, number, TextsDecision.GO_ON).others) for number in both]
    assert now + timedelta(days=4) == sending.message(lift).expires_at


async def test_of_two_lifts_held_meanwhile_one_is_said_and_the_other_never(sending: Sending) -> None:
    ana = sending.enroll()
    makeup, sun = (sending.plan(ana, kind="lift", step=step) for step in ("makeup-again", "sun-again"))
    sending.gateway.reply(ANA, "is this normal?")
    await sending.inbound()
    sending.clock.pass_(hours=1)
    other = sending.plan(ana, kind="care", step="wash")
    for unsaid, decision, why in (
        ({other}, TextsDecision.GO_ON, f'message {other} is no "you may" that waits here'),
        ({sun}, TextsDecision.STAY_HELD, "left out only where the other texts go on"),
    ):
        with pytest.raises(Refused, match=why):
            act(sending, close_reply, 1, decision, unsaid=unsaid)
    assert [makeup] == [one.id for one in act(sending, close_reply, 1, TextsDecision.GO_ON, unsaid={sun}).lifts.to_say]
    for _ in range(2):  # late texts of one number leave a quarter of an hour apart
        await sending.turn()
        sending.clock.pass_(minutes=15)
    assert (S.ACCEPTED, S.CANCELLED) == (sending.state(makeup), sending.state(sun))


async def test_to_end_is_an_opt_out_of_every_number_that_it_holds(sending: Sending) -> None:
    lift = sending.plan(kind="lift")
    sending.gateway.reply(ANA, "wrong number")
    await sending.inbound()
    with pytest.raises(Refused, match="read all that is open on this number, then release it"):
        act(sending, close_reply, 1, TextsDecision.GO_ON)
    assert 1 == act(sending, close_reply, 1, TextsDecision.END).withdrawn
    with reading(sending.engine) as session:
        stored = is_opted_out(session, ANA)
        assert isinstance(stored, OptOut)
    assert ("staff", S.SUPPRESSED) == (stored.source, sending.state(lift))


async def test_what_came_since_it_was_read_is_not_released(sending: Sending) -> None:
    for text in ("it is bleeding a lot", "and hot"):
        sending.gateway.reply(ANA, text)
        await sending.inbound()
    first, second = [one.id for one in open_ones(sending, ANA)]
    with pytest.raises(Refused, match="has written again since you looked"):
        act(sending, release, ANA, seen={first})
    assert {first, second} == set(act(sending, release, ANA, seen={first, second}).replies)
    assert [] == open_ones(sending, ANA)
