"""After a backup was put in place nothing leaves before Twilio was asked, and nobody gets yesterday's texts again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from notifier.db.engine import reading, writing
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.holds import open_holds
from notifier.sending.adopt import Adopted, Interrupted, adopt
from notifier.sending.claim import claim
from notifier.sending.gates.recoveries import begin_after_restore, sentences
from notifier.sending.recover import plan_recovery, release
from notifier.sms.gateway import GatewayUnavailable, OutgoingText, ProviderMessage
from tests.setups.sending import Sending

S = MessageState
BOB = "+12125550102"
WORDS = "Keep it clean. STOP to opt out."


def restore(sending: Sending) -> None:
    """The database is a backup of this moment."""
    now = sending.clock.now()
    with writing(sending.engine) as session:
        begin_after_restore(session, up_to=now, now=now, by="desk")


def left(sending: Sending, phone: str, body: str = WORDS) -> str:
    """What left after the backup, from the database that is lost; its SID."""
    return sending.gateway.create(OutgoingText(phone, body, "token", 60))


async def ask(sending: Sending) -> Adopted:
    return await adopt(sending.threads, sending.gateway, now=sending.clock.now(), by="desk")


async def test_nothing_leaves_before_twilio_was_asked(sending: Sending) -> None:
    text = sending.plan()
    restore(sending)
    turn = await sending.turn()
    assert ("restored", None) == (turn.closed, turn.next_due)
    assert S.PLANNED == sending.state(text)
    with reading(sending.engine) as session:
        assert "nothing is sent" in sentences(session, sending.clock.now())[0]


async def test_what_left_since_is_adopted_and_never_leaves_again(sending: Sending) -> None:
    text = sending.plan()
    restore(sending)
    sending.clock.pass_(minutes=20)
    sid = left(sending, sending.message(text).phone)
    sending.clock.pass_(hours=5)
    assert 1 == (await ask(sending)).texts
    await sending.turn()
    found = sending.message(text)
    assert (S.ACCEPTED, sid, 1, WORDS) == (found.state, found.sid, found.attempts, found.sent_text)
    assert sending.gateway.ledger[0].created_at == found.left_at
    assert 1 == len(sending.gateway.ledger)
    (attempt,) = sending.attempts(text)
    assert ("accepted", sid) == (attempt.outcome, attempt.sid)


async def test_what_became_of_it_is_taken_over(sending: Sending) -> None:
    text = sending.plan()
    restore(sending)
    sending.gateway.becomes(left(sending, sending.message(text).phone), "delivered")
    await ask(sending)
    assert S.DELIVERED == sending.state(text)


async def test_what_did_not_leave_leaves_now(sending: Sending) -> None:
    text = sending.plan()
    restore(sending)
    await ask(sending)
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)


async def test_texts_that_the_backup_does_not_know_hold_their_number(sending: Sending) -> None:
    """Its patient may be enrolled again before the day is over; she must not hear everything twice."""
    text = sending.plan(sending.enroll(phone=BOB), phone=BOB)
    restore(sending)
    left(sending, BOB, "Other words, after a change.")
    sending.gateway.becomes(left(sending, "+12125550777", "Words to somebody who was enrolled since."), "sent")
    assert {BOB: 1, "+12125550777": 1} == (await ask(sending)).held
    await sending.turn()
    assert S.PLANNED == sending.state(text)
    assert 2 == len(sending.gateway.ledger)
    with reading(sending.engine) as session:
        (hold,) = open_holds(session, BOB)
    assert "the restored backup does not know" in hold.reason


async def test_what_left_before_the_backup_is_known_and_holds_nobody(sending: Sending) -> None:
    sending.plan()
    await sending.turn()
    sending.clock.pass_(minutes=1)
    restore(sending)
    assert {} == (await ask(sending)).held


async def test_a_list_that_cannot_be_read_lets_nothing_leave_and_the_same_again_is_safe(sending: Sending) -> None:
    text = sending.plan()
    restore(sending)
    left(sending, sending.message(text).phone)
    sending.gateway.becomes(left(sending, BOB, "Other words."), "sent")
    sending.gateway.down = True
    with pytest.raises(GatewayUnavailable):
        await ask(sending)
    assert "restored" == (await sending.turn()).closed
    sending.gateway.down = False
    await ask(sending)
    restore(sending)
    assert (0, {BOB: 1}) == ((again := await ask(sending)).texts, again.held)
    with reading(sending.engine) as session:
        assert 1 == len(open_holds(session, BOB))


async def test_a_list_that_breaks_off_keeps_what_it_had_and_the_same_again_goes_on(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.sending.adopt._AT_ONCE", 2)
    phones = [f"+1212555020{number}" for number in range(5)]
    texts = [sending.plan(sending.enroll(phone=phone), phone=phone) for phone in phones]
    restore(sending)
    for phone in phones:
        sending.gateway.becomes(left(sending, phone), "delivered")
    whole, said = sending.gateway.list_sent, list[tuple[int, int]]()

    async def broken(to: str | None, since: datetime, *, sender: str | None = None) -> AsyncIterator[ProviderMessage]:
        number = 0
        async for record in whole(to, since, sender=sender):
            if (number := number + 1) > 3:
                raise GatewayUnavailable("it broke off")
            yield record

    monkeypatch.setattr(sending.gateway, "list_sent", broken)
    with pytest.raises(Interrupted) as interrupted:
        await ask(sending)
    assert (3, 3) == (interrupted.value.texts, sum(sending.state(text) == S.DELIVERED for text in texts))
    assert "restored" == (await sending.turn()).closed
    monkeypatch.undo()
    again = await adopt(
        sending.threads, sending.gateway, now=sending.clock.now(), by="desk", said=lambda *now: said.append(now)
    )
    assert (2, {}, [(5, 2)]) == (again.texts, again.held, said)
    assert [S.DELIVERED] * 5 == [sending.state(text) for text in texts]


async def test_only_numbers_whose_due_text_no_list_had_are_asked_about_one_by_one(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_on, queued = ("+12125550201", "+12125550202")
    for phone in (gone_on, queued):
        sending.plan(sending.enroll(phone=phone), phone=phone)
    restore(sending)
    sending.gateway.becomes(left(sending, gone_on), "sent")
    left(sending, queued)
    asked, whole = list[str | None](), sending.gateway.list_sent

    def noted(to: str | None, since: datetime, *, sender: str | None = None) -> AsyncIterator[ProviderMessage]:
        asked.append(to)
        return whole(to, since, sender=sender)

    monkeypatch.setattr(sending.gateway, "list_sent", noted)
    assert (2, [None, queued]) == ((await ask(sending)).texts, asked)


async def test_late_texts_are_not_released_before_twilio_was_asked(sending: Sending) -> None:
    sending.plan()
    restore(sending)
    sending.clock.pass_(hours=2)
    with reading(sending.engine) as session:
        shown = plan_recovery(session, sending.rules, sending.clock.now())
    assert sending.clock.now() - timedelta(hours=2) == shown.restored_to
    with pytest.raises(Refused, match="Twilio must be asked"), writing(sending.engine) as session:
        release(session, shown, now=sending.clock.now(), by="desk")


async def test_without_a_restore_there_is_nothing_to_ask(sending: Sending) -> None:
    with pytest.raises(Refused, match="no backup waits"):
        await ask(sending)


async def test_an_attempt_of_the_backups_moment_is_looked_up_and_not_sent_again(sending: Sending) -> None:
    """The worker of the lost machine was in the middle of a call."""
    text = sending.plan()
    sending.open_gate()
    with writing(sending.engine) as session:
        claim(session, sending.rules, now=sending.clock.now(), worker_id="lost", limit=1)
    restore(sending)
    sid = left(sending, sending.message(text).phone)
    assert (0, {}) == ((asked := await ask(sending)).texts, asked.held)
    await sending.takeover()
    await sending.look_up()
    assert (S.ACCEPTED, sid) == (sending.state(text), sending.message(text).sid)
