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
from tests.setups.sending import Sending

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
    sending: Sending, outcome: Outcome, state: MessageState, attempts: int
) -> None:
    text = sending.plan()
    sending.gateway.script.append(outcome)
    await sending.turn()
    message = sending.message(text)
    assert (state, attempts, None) == (message.state, message.attempts, message.sid)
    assert message.reason
    assert 1 == len(sending.gateway.asked)


@pytest.mark.parametrize(("asked", "seconds"), [(7.0, 7.0), (None, 1.0)])
async def test_slow_down_means_nobody_asks_until_then(sending: Sending, asked: float | None, seconds: float) -> None:
    sending.plan()
    sending.gateway.script.append(refusal(C.SLOW_DOWN, 20429, asked))
    turn = await sending.turn()
    assert seconds == turn.opens_in
    sending.clock.pass_(seconds=seconds - 0.1)
    await sending.turn()
    assert 1 == len(sending.gateway.asked)
    sending.clock.pass_(seconds=0.1)
    await sending.turn()
    assert (2, 1) == (len(sending.gateway.asked), len(sending.sent_to))


async def test_after_too_many_at_once_only_half_as_many_are_in_flight(sending: Sending) -> None:
    for number in range(sending.in_flight):
        phone = f"+1212555{number:04d}"
        sending.plan(sending.enroll(phone=phone), phone=phone)
    sending.gateway.always = refusal(C.SLOW_DOWN, 20429, 1.0)
    await sending.turn()
    sending.gateway.always, sending.gateway.most_in_flight = None, 0
    sending.clock.pass_(seconds=1)
    await sending.turn()
    assert (sending.in_flight, sending.in_flight) == (len(sending.sent_to), 2 * sending.gateway.most_in_flight)


async def test_without_a_network_the_pauses_grow_and_nothing_is_counted(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.always = refusal(C.NETWORK)
    pauses = []
    for _ in range(8):
        turn = await sending.turn()
        pauses.append(turn.opens_in)
        sending.clock.pass_(seconds=turn.opens_in)
    assert [5, 10, 20, 40, 80, 160, 300, 300] == pauses
    assert (S.PLANNED, 0) == (sending.state(text), sending.message(text).attempts)
    sending.gateway.always = None
    await sending.turn()
    assert 1 == len(sending.sent_to)


async def test_a_number_that_opted_out_at_twilio_is_opted_out_here(sending: Sending) -> None:
    patient = sending.enroll()
    sending.plan(patient)
    later = sending.plan(patient, due_at=sending.clock.now() + timedelta(days=2))
    sending.gateway.script.append(refusal(C.OPTED_OUT, 21610))
    await sending.turn()
    assert S.SUPPRESSED == sending.state(later)
    with reading(sending.engine) as session:
        assert is_opted_out(session, "+12125550101") is not None


async def test_a_bad_number_loses_its_later_texts_and_nobody_elses(sending: Sending) -> None:
    patient = sending.enroll()
    sending.plan(patient)
    later = sending.plan(patient, due_at=sending.clock.now() + timedelta(days=2))
    other = sending.plan(
        sending.enroll(phone="+12125550102"), phone="+12125550102", due_at=sending.clock.now() + timedelta(1)
    )
    sending.gateway.script.append(refusal(C.BAD_NUMBER, 21211))
    await sending.turn()
    assert (S.CANCELLED, S.PLANNED) == (sending.state(later), sending.state(other))


async def test_refused_credentials_burn_nothing_and_open_the_circuit_once(sending: Sending) -> None:
    texts = [sending.plan(sending.enroll(phone=f"+1212555{n:04d}"), phone=f"+1212555{n:04d}") for n in range(100, 150)]
    sending.gateway.always = refusal(C.ACCOUNT, 20003)
    turn = await sending.turn()
    assert len(sending.gateway.asked) <= sending.in_flight
    assert {S.PLANNED} == {sending.state(text) for text in texts}
    sending.clock.pass_(seconds=10)
    assert "circuit" == (await sending.turn()).closed
    assert turn.next_due is not None
    with reading(sending.engine) as session:
        (circuit,) = open_circuits(session)
    assert (20003, "Twilio refused our credentials.") == (circuit.code, circuit.reason)


async def test_lost_answers_in_a_row_open_the_circuit_and_spare_the_rest(sending: Sending) -> None:
    texts = [sending.plan(sending.enroll(phone=f"+1212555{n:04d}"), phone=f"+1212555{n:04d}") for n in range(100, 200)]
    sending.gateway.always = created_but_lost
    await sending.turn()
    states = [sending.state(text) for text in texts]
    assert states.count(S.UNKNOWN) + states.count(S.PLANNED) == len(texts)
    assert 5 <= states.count(S.UNKNOWN) <= 5 + 2 * sending.in_flight


async def test_an_outcome_survives_a_database_that_is_away(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    text = sending.plan()
    real, failures = sending.dispatch._record, [OperationalError("", None, Exception("locked"))] * 2

    def record(session: Session, *args: Any) -> None:
        if failures:
            raise failures.pop()
        real(session, *args)

    monkeypatch.setattr(sending.dispatch, "_record", record)
    await sending.turn()
    assert (S.ACCEPTED, 1, []) == (sending.state(text), len(sending.sent_to), failures)


async def test_saving_the_same_outcomes_again_changes_nothing(sending: Sending) -> None:
    """The commit succeeded, but the connection broke before we heard so."""
    text = sending.plan()
    real = sending.dispatch._record

    def twice(session: Session, *args: Any) -> None:
        real(session, *args)
        real(session, *args)

    sending.dispatch._record = twice
    await sending.turn()
    assert 2 == len(sending.events(text))
    assert 1 == sending.message(text).attempts


async def test_a_text_that_was_given_up_as_lost_and_turns_out_accepted_is_not_sent_again(sending: Sending) -> None:
    """A worker that was cut off from its database for a quarter of an hour comes back with its SID."""
    text = sending.plan()
    real = sending.dispatch._record

    def late(session: Session, batch: Any, now: Any) -> None:
        move(session, text, seen=S.ATTEMPTING, to=S.UNKNOWN, at=now, by="other", why="x")
        move(session, text, seen=S.UNKNOWN, to=S.PLANNED, at=now, by="other", why="x")
        session.get_one(Attempt, batch[0].attempt_id).outcome = "not_created"
        session.flush()
        real(session, batch, now)

    sending.dispatch._record = late
    await sending.turn()
    sending.dispatch._record = real
    await sending.turn()
    assert (S.ACCEPTED, 1) == (sending.state(text), len(sending.sent_to))


async def test_a_text_taken_over_by_another_worker_is_not_sent(sending: Sending) -> None:
    """The process stood still for longer than a claim may be trusted: it looks again before it calls."""
    text = sending.plan()
    real = sending.dispatch._calls.begin

    begun: list[str] = []

    def slow(claim: Any, claimed_at: float) -> None:
        with writing(sending.engine) as session:
            session.get_one(Attempt, claim.attempt_id).outcome = "unknown"
        sending.clock.pass_(seconds=2)
        begun.append(claim.attempt_id)
        if len(begun) == 2:
            sending.dispatch.stop()
        real(claim, claimed_at)

    sending.dispatch._calls.begin = slow  # type: ignore[method-assign, assignment]  # it stands still here
    await sending.turn()
    assert ([], []) == (sending.sent_to, sending.gateway.asked)
    assert S.PLANNED == sending.state(text)


async def test_a_claim_whose_lease_is_running_out_is_given_back(sending: Sending) -> None:
    text = sending.plan()
    sending.open_gate()
    claimed = await sending.dispatch._step()
    sending.dispatch._calls.begin(claimed.claims[0], sending.clock.monotonic())
    sending.clock.pass_(seconds=45)
    await next(iter(sending.dispatch._calls._callers))
    sending.dispatch.stop()
    await sending.turn()
    assert ([], S.PLANNED, 0) == (sending.gateway.asked, sending.state(text), sending.message(text).attempts)
    assert "its lease is running out" == sending.message(text).reason
