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
from tests.faults.service import Service
from tests.setups.gate import inbound_was_read
from tests.setups.versions import pin_version

S = MessageState
Story = Callable[[Session], object]
RULES = SendingRules(SendWindow())
PLANS = PlanningRules(Voice("Glow", "555-0100"), "America/New_York")


def says_stop(service: Service, phone: str) -> Story:
    now = service.clock.now()
    inbound = InboundText("SM" + "7" * 32, phone, "stop texting me please", now)
    return lambda session: receive(session, inbound, now)


def claims_what_is_due(service: Service) -> Callable[[Session], Claimed]:
    return lambda session: claim(session, RULES, now=service.clock.now(), worker_id="w", limit=10)


def while_uncommitted(service: Service, first: Story, second: Story) -> None:
    """`second` begins when `first` has done everything but commit; on SQLite it waits for its turn."""

    def live() -> None:
        with writing(service.engine) as session:
            second(session)

    later = threading.Thread(target=live)
    with writing(service.engine) as session:
        first(session)
        later.start()
        later.join(timeout=0.5)
    later.join()


def test_a_stop_between_the_claim_and_the_call_lets_that_one_text_leave_and_no_other(service: Service) -> None:
    patient = service.enroll()
    leaving = service.plan(patient=patient)
    next_ = service.plan(patient=patient, due=service.clock.now() + timedelta(minutes=10))
    service.sandbox.sandbox.keep_back()
    service.start(ready=False)
    until(lambda: len(service.sandbox.ledger) == 1, "no call")
    with writing(service.engine) as session:
        says_stop(service, patient[1])(session)
    service.sandbox.release()
    service.until_state(leaving, S.ACCEPTED)
    service.step(minutes=15)
    assert (S.SUPPRESSED, 1) == (service.state(next_), service.creates())


@pytest.mark.parametrize("stop_first", [True, False], ids=["the stop first", "the claim first"])
def test_of_a_stop_and_a_claim_at_once_one_comes_first(service: Service, stop_first: bool) -> None:
    patient = service.enroll()
    text = service.plan(patient=patient)
    claimed = both_at_once(service, says_stop(service, patient[1]), other_first=stop_first)
    assert (0 if stop_first else 1) == len(claimed)
    assert (S.SUPPRESSED if stop_first else S.ATTEMPTING) == service.state(text)
    service.plan(patient=patient)
    assert [] == claim_now(service), "whoever came first: now nothing leaves"


@pytest.mark.parametrize("cancel_first", [True, False], ids=["the cancellation first", "the claim first"])
def test_of_a_cancellation_and_a_claim_at_once_one_comes_first(service: Service, cancel_first: bool) -> None:
    enrollment, phone = service.enroll()
    text = service.plan(patient=(enrollment, phone))
    with writing(service.engine) as session:
        pin_version(session, enrollment, service.clock.now())
    ends: Story = lambda session: apply(session, enrollment, Cancel(), rules=PLANS, now=service.clock.now(), by="desk")  # noqa: E731  # one line says it
    claimed = both_at_once(service, ends, other_first=cancel_first)
    assert (0 if cancel_first else 1) == len(claimed)
    assert (S.CANCELLED if cancel_first else S.ATTEMPTING) == service.state(text)


def both_at_once(service: Service, other: Story, *, other_first: bool) -> list[int]:
    """The texts that were claimed."""
    found: list[int] = []

    def claims(session: Session) -> None:
        found.extend(one.message_id for one in claims_what_is_due(service)(session).claims)

    with writing(service.engine) as session:
        inbound_was_read(session, service.clock.now())
    while_uncommitted(service, *((other, claims) if other_first else (claims, other)))
    return found


def claim_now(service: Service) -> list[int]:
    with writing(service.engine) as session:
        return [one.message_id for one in claims_what_is_due(service)(session).claims]
