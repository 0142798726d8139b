"""A text whose answer was lost is looked up, never resent on a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from notifier.db.engine import writing
from notifier.db.tables import Attempt
from notifier.domain.states import MessageState
from notifier.sending.outcomes.lookup import Found, ProviderText, find
from notifier.sms.gateway import Accepted, Outcome, OutgoingText, Unknown
from tests.setups.fakes import FakeGateway, created_but_lost
from tests.setups.sending import Sending

S = MessageState
LOST = Unknown("Perhaps sent: the connection broke.")


async def test_a_lost_text_that_twilio_has_is_adopted_at_the_first_look(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.append(created_but_lost)
    await sending.turn()
    await sending.look_up()
    message = sending.message(text)
    assert (S.ACCEPTED, sending.gateway.ledger[0].sid) == (message.state, message.sid)
    await sending.look_up_until_proven()
    await sending.turn()
    assert 1 == len(sending.sent_to)


async def test_a_lost_text_that_twilio_does_not_have_is_sent_once_more_after_a_quarter_of_an_hour(
    sending: Sending,
) -> None:
    text = sending.plan()
    sending.gateway.script.append(LOST)
    await sending.turn()
    sending.clock.pass_(seconds=60)
    for _ in range(3):
        assert S.UNKNOWN == sending.state(text)
        await sending.look_up()
        sending.clock.pass_(minutes=7, seconds=29)
        await sending.look_up()  # too early: looks are spread over the quarter
        sending.clock.pass_(seconds=1)
    assert S.PLANNED == sending.state(text)
    await sending.turn()
    assert (S.ACCEPTED, 2, 1) == (sending.state(text), sending.message(text).attempts, len(sending.sent_to))


async def test_lists_in_the_first_minute_prove_nothing(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.append(LOST)
    await sending.turn()
    await sending.look_up()
    sending.clock.pass_(seconds=30)
    await sending.look_up()
    assert 0 == sending.attempts(text)[0].empty_lists


async def test_a_list_that_fails_proves_nothing(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.append(LOST)
    await sending.turn()
    sending.gateway.down = True
    await sending.look_up_until_proven()
    assert (S.UNKNOWN, None) == (sending.state(text), await sending.look_up())
    assert 0 == sending.attempts(text)[0].empty_lists


async def test_lost_twice_goes_to_a_person(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.extend([LOST, LOST])
    await sending.turn()
    await sending.look_up_until_proven()
    await sending.turn()
    await sending.look_up_until_proven()
    assert (S.NEEDS_REVIEW, 2) == (sending.state(text), sending.message(text).attempts)
    await sending.turn()
    assert [] == sending.sent_to


async def test_with_review_the_first_proof_goes_to_a_person(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.script.append(LOST)
    await sending.turn()
    await sending.look_up_until_proven("review")
    assert S.NEEDS_REVIEW == sending.state(text)


async def test_the_same_words_at_another_time_go_to_a_person(sending: Sending) -> None:
    """The two clocks may differ: sent again on such a list, it would be a double."""
    text = sending.plan()
    sending.gateway.create(OutgoingText("+12125550101", "Keep it clean. STOP to opt out.", "t", 60))
    sending.clock.pass_(minutes=10)
    sending.gateway.script.append(LOST)
    await sending.turn()
    sending.clock.pass_(minutes=1)
    await sending.look_up()
    assert S.NEEDS_REVIEW == sending.state(text)


CHANGED = {
    'Ana\'s skin - "keep it clean", no sun. STOP to opt out.': S.ACCEPTED,
    "Ana’s skin – “keep it clean”, no\u200b sun.  STOP to opt out. ": S.ACCEPTED,
    'Sent from your Twilio trial account - Ana\'s skin - "keep it clean", no sun. STOP to opt out.': S.ACCEPTED,
    'Аna\'s skin - "keep it clean", nо sun. STOP to οpt out.': S.ACCEPTED,
    "": S.NEEDS_REVIEW,
    "***": S.NEEDS_REVIEW,
    "Something that nobody here has said.": S.NEEDS_REVIEW,
}


async def test_a_listed_text_of_that_minute_in_other_words_is_adopted_or_goes_to_a_person(
    sending: Sending,
) -> None:
    """A trial prefix, other quotes and dashes, or no words at all: sent again on such a list, it would be a double."""
    words = next(iter(CHANGED))
    for number, (listed, state) in enumerate(CHANGED.items()):
        phone = f"+1212555{number:04d}"
        text = sending.plan(sending.enroll(phone=phone), phone=phone, text=words)
        sending.gateway.script.append(partial(_created_as, listed))
        sending.start()  # so many lost answers in a row would open the circuit
        await sending.turn()
        await sending.look_up_until_proven()
        await sending.turn()
        assert (listed, state, 1) == (listed, sending.state(text), sending.sent_to.count(phone))


async def test_a_listed_text_that_another_one_accounts_for_is_no_stranger(sending: Sending) -> None:
    """Two patients on one phone; both answers were lost, and Twilio has one of the texts."""
    sent, lost = (
        sending.plan(sending.enroll(), text="One."),
        sending.plan(sending.enroll(folded_name="eva"), text="Two."),
    )
    sending.gateway.script.extend([partial(_created_as, "One."), LOST])
    await sending.turn()
    await sending.look_up_until_proven()
    assert (S.ACCEPTED, S.PLANNED) == (sending.state(sent), sending.state(lost))


async def test_one_text_of_twilios_is_never_adopted_twice(sending: Sending) -> None:
    """Two patients share a phone and get the same words in the same minute; one of both answers was lost."""
    sent, lost = sending.plan(sending.enroll()), sending.plan(sending.enroll(folded_name="eva"))
    sending.gateway.script.extend([_accept, LOST])
    await sending.turn()
    await sending.look_up_until_proven()
    assert {S.ACCEPTED, S.PLANNED} == {sending.state(sent), sending.state(lost)}


def _created_as(body: str, gateway: FakeGateway, text: OutgoingText) -> Outcome:
    gateway.create(replace(text, body=body))
    return LOST


def _accept(gateway: FakeGateway, text: OutgoingText) -> Outcome:
    return Accepted(gateway.create(text), "queued")


@pytest.mark.parametrize("created", [True, False])
async def test_a_dead_workers_text_is_looked_up_and_ends_as_one(sending: Sending, created: bool) -> None:
    """Killed between the provider's answer and our commit, or between our commit and the call."""
    text = sending.plan()
    sending.open_gate()
    claimed = await sending.dispatch._step()
    if created:
        one = claimed.claims[0]
        sending.gateway.create(OutgoingText(one.phone, one.body, one.attempt_id, 60))
    sending.start()
    assert 1 == await sending.takeover()
    assert S.UNKNOWN == sending.state(text)
    await sending.look_up()
    await sending.look_up_until_proven()
    await sending.turn()
    assert (S.ACCEPTED, 1) == (sending.state(text), len(sending.sent_to))


async def test_a_living_workers_text_is_not_taken_over(sending: Sending) -> None:
    sending.plan()
    sending.open_gate()
    await sending.dispatch._step()
    sending.start()
    assert 0 == await sending.takeover(others_are_dead=False)


async def test_a_lease_that_has_ended_is_taken_over_by_anybody(sending: Sending) -> None:
    text = sending.plan()
    sending.open_gate()
    claimed = await sending.dispatch._step()
    with writing(sending.engine) as session:
        attempt = session.get_one(Attempt, claimed.claims[0].attempt_id)
        attempt.lease_until = sending.clock.now() - timedelta(days=400)
    sending.start()
    assert (1, S.UNKNOWN) == (await sending.takeover(others_are_dead=False), sending.state(text))


def test_when_a_listed_text_is_the_lost_one(subtests: pytest.Subtests, now: datetime) -> None:
    cases: list[tuple[int, Found]] = [
        (-6, Found.PERHAPS),
        (-5, Found.YES),
        (0, Found.YES),
        (120, Found.YES),
        (121, Found.PERHAPS),
    ]
    for seconds, found in cases:
        with subtests.test(seconds=seconds, found=found):
            listed = [ProviderText("SM1", "words", now + timedelta(seconds=seconds))]
            assert (found, "SM1") == find("words", now, listed, set())
            other = Found.PERHAPS if found is Found.YES else Found.NO
            assert other == find("other words", now, listed, set())[0]
            assert (Found.NO, None) == find("other words", now, listed, set(), ["Words."])
            assert (Found.NO, None) == find("words", now, listed, {"SM1"})
