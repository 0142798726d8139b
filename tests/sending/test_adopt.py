"""After a backup was put in place nothing leaves before Twilio was asked, and nobody gets yesterday's texts again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifier.db.engine import reading, writing
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.holds import open_holds
from notifier.sending.adopt import Adopted, adopt
from notifier.sending.claim import claim
from notifier.sending.gates.recoveries import begin_after_restore, sentences
from notifier.sending.recover import plan_recovery, release
from notifier.sms.gateway import GatewayUnavailable, OutgoingText
from tests.setups.house import House

S = MessageState
BOB = "+12125550102"
WORDS = "Keep it clean. STOP to opt out."


def restore(house: House) -> None:
    """The database is a backup of this moment."""
    now = house.clock.now()
    with writing(house.engine) as session:
        begin_after_restore(session, up_to=now, now=now, by="desk")


def left(house: House, phone: str, body: str = WORDS) -> str:
    """What left after the backup, from the database that is lost; its SID."""
    return house.gateway.create(OutgoingText(phone, body, "token", 60))


async def ask(house: House) -> Adopted:
    return await adopt(house.threads, house.gateway, now=house.clock.now(), by="desk")


async def test_nothing_leaves_before_twilio_was_asked(house: House) -> None:
    text = house.plan()
    restore(house)
    turn = await house.turn()
    assert ("restored", None) == (turn.closed, turn.next_due)
    assert S.PLANNED == house.state(text)
    with reading(house.engine) as session:
        assert "nothing is sent" in sentences(session, house.clock.now())[0]


async def test_what_left_since_is_adopted_and_never_leaves_again(house: House) -> None:
    text = house.plan()
    restore(house)
    house.clock.pass_(minutes=20)
    sid = left(house, house.message(text).phone)
    house.clock.pass_(hours=5)
    assert 1 == (await ask(house)).texts
    await house.turn()
    found = house.message(text)
    assert (S.ACCEPTED, sid, 1, WORDS) == (found.state, found.sid, found.attempts, found.sent_text)
    assert house.gateway.ledger[0].created_at == found.left_at
    assert 1 == len(house.gateway.ledger)
    (attempt,) = house.attempts(text)
    assert ("accepted", sid) == (attempt.outcome, attempt.sid)


async def test_what_became_of_it_is_taken_over(house: House) -> None:
    text = house.plan()
    restore(house)
    house.gateway.becomes(left(house, house.message(text).phone), "delivered")
    await ask(house)
    assert S.DELIVERED == house.state(text)


async def test_what_did_not_leave_leaves_now(house: House) -> None:
    text = house.plan()
    restore(house)
    await ask(house)
    await house.turn()
    assert S.ACCEPTED == house.state(text)


async def test_texts_that_the_backup_does_not_know_hold_their_number(house: House) -> None:
    """Its patient may be enrolled again before the day is over; she must not hear everything twice."""
    text = house.plan(house.enroll(phone=BOB), phone=BOB)
    restore(house)
    left(house, BOB, "Other words, after a change.")
    house.gateway.becomes(left(house, "+12125550777", "Words to somebody who was enrolled since."), "sent")
    assert {BOB: 1, "+12125550777": 1} == (await ask(house)).held
    await house.turn()
    assert S.PLANNED == house.state(text)
    assert 2 == len(house.gateway.ledger)
    with reading(house.engine) as session:
        (hold,) = open_holds(session, BOB)
    assert "the restored backup does not know" in hold.reason


async def test_what_left_before_the_backup_is_known_and_holds_nobody(house: House) -> None:
    house.plan()
    await house.turn()
    house.clock.pass_(minutes=1)
    restore(house)
    assert {} == (await ask(house)).held


async def test_a_list_that_cannot_be_read_lets_nothing_leave_and_the_same_again_is_safe(house: House) -> None:
    text = house.plan()
    restore(house)
    left(house, house.message(text).phone)
    house.gateway.becomes(left(house, BOB, "Other words."), "sent")
    house.gateway.down = True
    with pytest.raises(GatewayUnavailable):
        await ask(house)
    assert "restored" == (await house.turn()).closed
    house.gateway.down = False
    await ask(house)
    restore(house)
    assert (0, {BOB: 1}) == ((again := await ask(house)).texts, again.held)
    with reading(house.engine) as session:
        assert 1 == len(open_holds(session, BOB))


async def test_late_texts_are_not_released_before_twilio_was_asked(house: House) -> None:
    house.plan()
    restore(house)
    house.clock.pass_(hours=2)
    with reading(house.engine) as session:
        shown = plan_recovery(session, house.rules, house.clock.now())
    assert house.clock.now() - timedelta(hours=2) == shown.restored_to
    with pytest.raises(Refused, match="Twilio must be asked"), writing(house.engine) as session:
        release(session, shown, now=house.clock.now(), by="desk")


async def test_without_a_restore_there_is_nothing_to_ask(house: House) -> None:
    with pytest.raises(Refused, match="no backup waits"):
        await ask(house)


async def test_an_attempt_of_the_backups_moment_is_looked_up_and_not_sent_again(house: House) -> None:
    """The worker of the lost machine was in the middle of a call."""
    text = house.plan()
    house.open_gate()
    with writing(house.engine) as session:
        claim(session, house.rules, now=house.clock.now(), worker_id="lost", limit=1)
    restore(house)
    sid = left(house, house.message(text).phone)
    assert (0, {}) == ((asked := await ask(house)).texts, asked.held)
    await house.takeover()
    await house.look_up()
    assert (S.ACCEPTED, sid) == (house.state(text), house.message(text).sid)
