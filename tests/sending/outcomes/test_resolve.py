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
from tests.setups.house import House

S = MessageState
LOST = Unknown("Perhaps sent: the connection broke.")


async def test_a_lost_text_that_twilio_has_is_adopted_at_the_first_look(house: House) -> None:
    text = house.plan()
    house.gateway.script.append(created_but_lost)
    await house.turn()
    await house.look_up()
    message = house.message(text)
    assert (S.ACCEPTED, house.gateway.ledger[0].sid) == (message.state, message.sid)
    await house.look_up_until_proven()
    await house.turn()
    assert 1 == len(house.sent_to)


async def test_a_lost_text_that_twilio_does_not_have_is_sent_once_more_after_a_quarter_of_an_hour(house: House) -> None:
    text = house.plan()
    house.gateway.script.append(LOST)
    await house.turn()
    house.clock.pass_(seconds=60)
    for _ in range(3):
        assert S.UNKNOWN == house.state(text)
        await house.look_up()
        house.clock.pass_(minutes=7, seconds=29)
        await house.look_up()  # too early: looks are spread over the quarter
        house.clock.pass_(seconds=1)
    assert S.PLANNED == house.state(text)
    await house.turn()
    assert (S.ACCEPTED, 2, 1) == (house.state(text), house.message(text).attempts, len(house.sent_to))


async def test_lists_in_the_first_minute_prove_nothing(house: House) -> None:
    text = house.plan()
    house.gateway.script.append(LOST)
    await house.turn()
    await house.look_up()
    house.clock.pass_(seconds=30)
    await house.look_up()
    assert 0 == house.attempts(text)[0].empty_lists


async def test_a_list_that_fails_proves_nothing(house: House) -> None:
    text = house.plan()
    house.gateway.script.append(LOST)
    await house.turn()
    house.gateway.down = True
    await house.look_up_until_proven()
    assert (S.UNKNOWN, None) == (house.state(text), await house.look_up())
    assert 0 == house.attempts(text)[0].empty_lists


async def test_lost_twice_goes_to_a_person(house: House) -> None:
    text = house.plan()
    house.gateway.script.extend([LOST, LOST])
    await house.turn()
    await house.look_up_until_proven()
    await house.turn()
    await house.look_up_until_proven()
    assert (S.NEEDS_REVIEW, 2) == (house.state(text), house.message(text).attempts)
    await house.turn()
    assert [] == house.sent_to


async def test_with_review_the_first_proof_goes_to_a_person(house: House) -> None:
    text = house.plan()
    house.gateway.script.append(LOST)
    await house.turn()
    await house.look_up_until_proven("review")
    assert S.NEEDS_REVIEW == house.state(text)


async def test_the_same_words_at_another_time_go_to_a_person(house: House) -> None:
    """The two clocks may differ: sent again on such a list, it would be a double."""
    text = house.plan()
    house.gateway.create(OutgoingText("+12125550101", "Keep it clean. STOP to opt out.", "t", 60))
    house.clock.pass_(minutes=10)
    house.gateway.script.append(LOST)
    await house.turn()
    house.clock.pass_(minutes=1)
    await house.look_up()
    assert S.NEEDS_REVIEW == house.state(text)


CHANGED = {
    'Ana\'s skin - "keep it clean", no sun. STOP to opt out.': S.ACCEPTED,
    "Ana’s skin – “keep it clean”, no\u200b sun.  STOP to opt out. ": S.ACCEPTED,
    'Sent from your Twilio trial account - Ana\'s skin - "keep it clean", no sun. STOP to opt out.': S.ACCEPTED,
    'Аna\'s skin - "keep it clean", nо sun. STOP to οpt out.': S.ACCEPTED,
    "": S.NEEDS_REVIEW,
    "***": S.NEEDS_REVIEW,
    "Something that nobody here has said.": S.NEEDS_REVIEW,
}


async def test_a_listed_text_of_that_minute_in_other_words_is_adopted_or_goes_to_a_person(house: House) -> None:
    """A trial prefix, other quotes and dashes, or no words at all: sent again on such a list, it would be a double."""
    words = next(iter(CHANGED))
    for number, (listed, state) in enumerate(CHANGED.items()):
        phone = f"+1212555{number:04d}"
        text = house.plan(house.enroll(phone=phone), phone=phone, text=words)
        house.gateway.script.append(partial(_created_as, listed))
        house.start()  # so many lost answers in a row would open the circuit
        await house.turn()
        await house.look_up_until_proven()
        await house.turn()
        assert (listed, state, 1) == (listed, house.state(text), house.sent_to.count(phone))


async def test_a_listed_text_that_another_one_accounts_for_is_no_stranger(house: House) -> None:
    """Two patients on one phone; both answers were lost, and Twilio has one of the texts."""
    sent, lost = house.plan(house.enroll(), text="One."), house.plan(house.enroll(folded_name="eva"), text="Two.")
    house.gateway.script.extend([partial(_created_as, "One."), LOST])
    await house.turn()
    await house.look_up_until_proven()
    assert (S.ACCEPTED, S.PLANNED) == (house.state(sent), house.state(lost))


async def test_one_text_of_twilios_is_never_adopted_twice(house: House) -> None:
    """Two patients share a phone and get the same words in the same minute; one of both answers was lost."""
    sent, lost = house.plan(house.enroll()), house.plan(house.enroll(folded_name="eva"))
    house.gateway.script.extend([_accept, LOST])
    await house.turn()
    await house.look_up_until_proven()
    assert {S.ACCEPTED, S.PLANNED} == {house.state(sent), house.state(lost)}


def _created_as(body: str, gateway: FakeGateway, text: OutgoingText) -> Outcome:
    gateway.create(replace(text, body=body))
    return LOST


def _accept(gateway: FakeGateway, text: OutgoingText) -> Outcome:
    return Accepted(gateway.create(text), "queued")


@pytest.mark.parametrize("created", [True, False])
async def test_a_dead_workers_text_is_looked_up_and_ends_as_one(house: House, created: bool) -> None:
    """Killed between the provider's answer and our commit, or between our commit and the call."""
    text = house.plan()
    house.open_gate()
    claimed = await house.dispatch._step()
    if created:
        one = claimed.claims[0]
        house.gateway.create(OutgoingText(one.phone, one.body, one.attempt_id, 60))
    house.start()
    assert 1 == await house.takeover()
    assert S.UNKNOWN == house.state(text)
    await house.look_up()
    await house.look_up_until_proven()
    await house.turn()
    assert (S.ACCEPTED, 1) == (house.state(text), len(house.sent_to))


async def test_a_living_workers_text_is_not_taken_over(house: House) -> None:
    house.plan()
    house.open_gate()
    await house.dispatch._step()
    house.start()
    assert 0 == await house.takeover(others_are_dead=False)


async def test_a_lease_that_has_ended_is_taken_over_by_anybody(house: House) -> None:
    text = house.plan()
    house.open_gate()
    claimed = await house.dispatch._step()
    with writing(house.engine) as session:
        attempt = session.get_one(Attempt, claimed.claims[0].attempt_id)
        attempt.lease_until = house.clock.now() - timedelta(days=400)
    house.start()
    assert (1, S.UNKNOWN) == (await house.takeover(others_are_dead=False), house.state(text))


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
