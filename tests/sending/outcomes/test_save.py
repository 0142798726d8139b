"""Each answer of the provider, and what follows from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.outbox import move
from notifier.db.tables import Attempt
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import is_opted_out
from notifier.sending.gates.circuits import open_circuits
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated, Outcome, Unknown
from tests.setups.fakes import created_but_lost
from tests.setups.house import House

S = MessageState
C = NotCreatedClass


def refusal(why: NotCreatedClass, code: int | None = None, retry_after: float | None = None) -> NotCreated:
    return NotCreated(why, code, "Refused.", retry_after)


@pytest.mark.parametrize(
    ("outcome", "state", "attempts"),
    [
        (refusal(C.NETWORK), S.PLANNED, 0),
        (refusal(C.SLOW_DOWN, 20429), S.PLANNED, 0),
        (refusal(C.ACCOUNT, 20003), S.PLANNED, 0),
        (refusal(C.OPTED_OUT, 21610), S.SUPPRESSED, 1),
        (refusal(C.BAD_NUMBER, 21211), S.FAILED, 1),
        (refusal(C.BAD_CONTENT, 21617), S.FAILED, 1),
        (refusal(C.UNRECOGNIZED, 99999), S.PLANNED, 0),
        (Unknown("Perhaps sent: the connection broke."), S.UNKNOWN, 1),
    ],
)
async def test_what_an_outcome_makes_of_a_text(
    house: House, outcome: Outcome, state: MessageState, attempts: int
) -> None:
    text = house.plan()
    house.gateway.script.append(outcome)
    await house.turn()
    message = house.message(text)
    assert (state, attempts, None) == (message.state, message.attempts, message.sid)
    assert message.reason
    assert 1 == len(house.gateway.asked)


@pytest.mark.parametrize(("asked", "seconds"), [(7.0, 7.0), (None, 1.0)])
async def test_slow_down_means_nobody_asks_until_then(house: House, asked: float | None, seconds: float) -> None:
    house.plan()
    house.gateway.script.append(refusal(C.SLOW_DOWN, 20429, asked))
    turn = await house.turn()
    assert seconds == turn.opens_in
    house.clock.pass_(seconds=seconds - 0.1)
    await house.turn()
    assert 1 == len(house.gateway.asked)
    house.clock.pass_(seconds=0.1)
    await house.turn()
    assert (2, 1) == (len(house.gateway.asked), len(house.sent_to))


async def test_after_too_many_at_once_only_half_as_many_are_in_flight(house: House) -> None:
    for number in range(house.in_flight):
        phone = f"+1212555{number:04d}"
        house.plan(house.enroll(phone=phone), phone=phone)
    house.gateway.always = refusal(C.SLOW_DOWN, 20429, 1.0)
    await house.turn()
    house.gateway.always, house.gateway.most_in_flight = None, 0
    house.clock.pass_(seconds=1)
    await house.turn()
    assert (house.in_flight, house.in_flight) == (len(house.sent_to), 2 * house.gateway.most_in_flight)


async def test_without_a_network_the_pauses_grow_and_nothing_is_counted(house: House) -> None:
    text = house.plan()
    house.gateway.always = refusal(C.NETWORK)
    pauses = []
    for _ in range(8):
        turn = await house.turn()
        pauses.append(turn.opens_in)
        house.clock.pass_(seconds=turn.opens_in)
    assert [5, 10, 20, 40, 80, 160, 300, 300] == pauses
    assert (S.PLANNED, 0) == (house.state(text), house.message(text).attempts)
    house.gateway.always = None
    await house.turn()
    assert 1 == len(house.sent_to)


async def test_a_number_that_opted_out_at_twilio_is_opted_out_here(house: House) -> None:
    patient = house.enroll()
    house.plan(patient)
    later = house.plan(patient, due_at=house.clock.now() + timedelta(days=2))
    house.gateway.script.append(refusal(C.OPTED_OUT, 21610))
    await house.turn()
    assert S.SUPPRESSED == house.state(later)
    with reading(house.engine) as session:
        assert is_opted_out(session, "+12125550101") is not None


async def test_a_bad_number_loses_its_later_texts_and_nobody_elses(house: House) -> None:
    patient = house.enroll()
    house.plan(patient)
    later = house.plan(patient, due_at=house.clock.now() + timedelta(days=2))
    other = house.plan(
        house.enroll(phone="+12125550102"), phone="+12125550102", due_at=house.clock.now() + timedelta(1)
    )
    house.gateway.script.append(refusal(C.BAD_NUMBER, 21211))
    await house.turn()
    assert (S.CANCELLED, S.PLANNED) == (house.state(later), house.state(other))


async def test_refused_credentials_burn_nothing_and_open_the_circuit_once(house: House) -> None:
    texts = [house.plan(house.enroll(phone=f"+1212555{n:04d}"), phone=f"+1212555{n:04d}") for n in range(100, 150)]
    house.gateway.always = refusal(C.ACCOUNT, 20003)
    turn = await house.turn()
    assert len(house.gateway.asked) <= house.in_flight
    assert {S.PLANNED} == {house.state(text) for text in texts}
    house.clock.pass_(seconds=10)
    assert "circuit" == (await house.turn()).closed
    assert turn.next_due is not None
    with reading(house.engine) as session:
        (circuit,) = open_circuits(session)
    assert (20003, "Twilio refused our credentials.") == (circuit.code, circuit.reason)


async def test_lost_answers_in_a_row_open_the_circuit_and_spare_the_rest(house: House) -> None:
    texts = [house.plan(house.enroll(phone=f"+1212555{n:04d}"), phone=f"+1212555{n:04d}") for n in range(100, 200)]
    house.gateway.always = created_but_lost
    await house.turn()
    states = [house.state(text) for text in texts]
    assert states.count(S.UNKNOWN) + states.count(S.PLANNED) == len(texts)
    assert 5 <= states.count(S.UNKNOWN) <= 5 + 2 * house.in_flight


async def test_an_outcome_survives_a_database_that_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    text = house.plan()
    real, failures = house.dispatch._record, [OperationalError("", None, Exception("locked"))] * 2

    def record(session: Session, *args: Any) -> None:
        if failures:
            raise failures.pop()
        real(session, *args)

    monkeypatch.setattr(house.dispatch, "_record", record)
    await house.turn()
    assert (S.ACCEPTED, 1, []) == (house.state(text), len(house.sent_to), failures)


async def test_saving_the_same_outcomes_again_changes_nothing(house: House) -> None:
    """The commit succeeded, but the connection broke before we heard so."""
    text = house.plan()
    real = house.dispatch._record

    def twice(session: Session, *args: Any) -> None:
        real(session, *args)
        real(session, *args)

    house.dispatch._record = twice
    await house.turn()
    assert 2 == len(house.events(text))
    assert 1 == house.message(text).attempts


async def test_a_text_that_was_given_up_as_lost_and_turns_out_accepted_is_not_sent_again(house: House) -> None:
    """A worker that was cut off from its database for a quarter of an hour comes back with its SID."""
    text = house.plan()
    real = house.dispatch._record

    def late(session: Session, batch: Any, now: Any) -> None:
        move(session, text, seen=S.ATTEMPTING, to=S.UNKNOWN, at=now, by="other", why="x")
        move(session, text, seen=S.UNKNOWN, to=S.PLANNED, at=now, by="other", why="x")
        session.get_one(Attempt, batch[0].attempt_id).outcome = "not_created"
        session.flush()
        real(session, batch, now)

    house.dispatch._record = late
    await house.turn()
    house.dispatch._record = real
    await house.turn()
    assert (S.ACCEPTED, 1) == (house.state(text), len(house.sent_to))


async def test_a_text_taken_over_by_another_worker_is_not_sent(house: House) -> None:
    """The process stood still for longer than a claim may be trusted: it looks again before it calls."""
    text = house.plan()
    real = house.dispatch._calls.begin

    def slow(claim: Any, claimed_at: float) -> None:
        with writing(house.engine) as session:
            session.get_one(Attempt, claim.attempt_id).outcome = "unknown"
        house.clock.pass_(seconds=2)
        real(claim, claimed_at)

    house.dispatch._calls.begin = slow  # type: ignore[method-assign, assignment]  # it stands still here
    await house.turn()
    assert ([], []) == (house.sent_to, house.gateway.asked)
    assert S.PLANNED == house.state(text)


async def test_a_claim_whose_lease_is_running_out_is_given_back(house: House) -> None:
    text = house.plan()
    house.open_gate()
    claimed = await house.dispatch._step()
    house.dispatch._calls.begin(claimed.claims[0], house.clock.monotonic())
    house.clock.pass_(seconds=45)
    await next(iter(house.dispatch._calls._callers))
    house.dispatch.stop()
    await house.turn()
    assert ([], S.PLANNED, 0) == (house.gateway.asked, house.state(text), house.message(text).attempts)
    assert "its lease is running out" == house.message(text).reason
