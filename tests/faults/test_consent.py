"""A patient says stop, or staff cancel, at the very moment at which a text is about to leave."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.commands import Cancel
from notifier.enrollments.lifecycle import apply
from notifier.sending.claim import Claimed, SendingRules, claim
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.faults.process import until
from tests.faults.world import World
from tests.setups.gate import inbound_was_read
from tests.setups.versions import pin_version

S = MessageState
Story = Callable[[Session], object]
RULES = SendingRules(SendWindow())
PLANS = PlanningRules(Voice("Glow", "555-0100"), "America/New_York")


def says_stop(world: World, phone: str) -> Story:
    now = world.clock.now()
    inbound = InboundText("SM" + "7" * 32, phone, "stop texting me please", now)
    return lambda session: receive(session, inbound, now)


def claims_what_is_due(world: World) -> Callable[[Session], Claimed]:
    return lambda session: claim(session, RULES, now=world.clock.now(), worker_id="w", limit=10)


def while_uncommitted(world: World, first: Story, second: Story) -> None:
    """`second` begins when `first` has done everything but commit; on SQLite it waits for its turn."""

    def live() -> None:
        with writing(world.engine) as session:
            second(session)

    later = threading.Thread(target=live)
    with writing(world.engine) as session:
        first(session)
        later.start()
        later.join(timeout=0.5)
    later.join()


def test_a_stop_between_the_claim_and_the_call_lets_that_one_text_leave_and_no_other(world: World) -> None:
    patient = world.enroll()
    leaving = world.plan(patient=patient)
    next_ = world.plan(patient=patient, due=world.clock.now() + timedelta(minutes=10))
    world.sandbox.sandbox.keep_back()
    world.start(ready=False)
    until(lambda: len(world.sandbox.ledger) == 1, "no call")
    with writing(world.engine) as session:
        says_stop(world, patient[1])(session)
    world.sandbox.release()
    world.until_state(leaving, S.ACCEPTED)
    world.step(minutes=15)
    assert (S.SUPPRESSED, 1) == (world.state(next_), world.creates())


@pytest.mark.parametrize("stop_first", [True, False], ids=["the stop first", "the claim first"])
def test_of_a_stop_and_a_claim_at_once_one_comes_first(world: World, stop_first: bool) -> None:
    patient = world.enroll()
    text = world.plan(patient=patient)
    claimed = both_at_once(world, says_stop(world, patient[1]), other_first=stop_first)
    assert (0 if stop_first else 1) == len(claimed)
    assert (S.SUPPRESSED if stop_first else S.ATTEMPTING) == world.state(text)
    world.plan(patient=patient)
    assert [] == claim_now(world), "whoever came first: now nothing leaves"


@pytest.mark.parametrize("cancel_first", [True, False], ids=["the cancellation first", "the claim first"])
def test_of_a_cancellation_and_a_claim_at_once_one_comes_first(world: World, cancel_first: bool) -> None:
    enrollment, phone = world.enroll()
    text = world.plan(patient=(enrollment, phone))
    with writing(world.engine) as session:
        pin_version(session, enrollment, world.clock.now())
    ends: Story = lambda session: apply(session, enrollment, Cancel(), rules=PLANS, now=world.clock.now(), by="desk")  # noqa: E731  # one line says it
    claimed = both_at_once(world, ends, other_first=cancel_first)
    assert (0 if cancel_first else 1) == len(claimed)
    assert (S.CANCELLED if cancel_first else S.ATTEMPTING) == world.state(text)


def both_at_once(world: World, other: Story, *, other_first: bool) -> list[int]:
    """The texts that were claimed."""
    found: list[int] = []

    def claims(session: Session) -> None:
        found.extend(one.message_id for one in claims_what_is_due(world)(session).claims)

    with writing(world.engine) as session:
        inbound_was_read(session, world.clock.now())
    while_uncommitted(world, *((other, claims) if other_first else (claims, other)))
    return found


def claim_now(world: World) -> list[int]:
    with writing(world.engine) as session:
        return [one.message_id for one in claims_what_is_due(world)(session).claims]
