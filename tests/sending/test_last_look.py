"""A claimed text is decided once more, however young its claim, by what holds in the moment before its call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from sqlalchemy import Engine, Update, delete, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.receive import InboundText, receive
from notifier.db import outbox
from notifier.db.commits import commits_of
from notifier.db.engine import writing
from notifier.db.tables import Attempt, Circuit, Enrollment, Message, Pause, Recovery
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.holds import hold_number
from notifier.numbers.opt_outs import opt_out
from notifier.sending.gates.circuits import open_circuit
from notifier.sending.gates.closed import Trial
from notifier.sending.gates.recoveries import begin_after_restore
from notifier.sending.pause_points import PausePoint
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated
from tests.setups.gate import inbound_was_read
from tests.setups.sending import Sending, open_house

S = MessageState
_LATER = timedelta(hours=6)


@dataclass(frozen=True)
class Waiting:
    """A text that is claimed and waits for its call."""

    enrollment: int
    text: int
    phone: str
    now: datetime


NEWS: list[tuple[MessageState, str | None, Callable[[Session, Waiting], object]]] = [
    (S.ACCEPTED, None, lambda s, w: None),
    (S.SUPPRESSED, "opted out", lambda s, w: opt_out(s, w.phone, source="keyword", at=w.now, by="patient")),
    (S.CANCELLED, "the enrollment was cancelled", lambda s, w: _enrollment(s, w, state=EnrollmentState.CANCELLED)),
    (S.PLANNED, "the enrollment is on hold", lambda s, w: _enrollment(s, w, state=EnrollmentState.HELD)),
    (S.PLANNED, "the number is on hold", lambda s, w: _hold(s, w, "all")),
    (S.PLANNED, "the number is on hold", lambda s, w: _hold(s, w, "lift,rebook")),
    (S.ACCEPTED, None, lambda s, w: _hold(s, w, "rebook")),
    (S.PLANNED, "the number is on hold: reply 1 is open", lambda s, w: _writes(s, w, "is this normal?")),
    (S.ACCEPTED, None, lambda s, w: _writes(s, w, "thanks!")),
    (S.PLANNED, "paused: a typo", lambda s, w: _pause(s, w, None)),
    (S.PLANNED, "paused: a typo", lambda s, w: _pause(s, w, "day-1")),
    (S.ACCEPTED, None, lambda s, w: _pause(s, w, "day-2")),
    (S.PLANNED, "its restriction", lambda s, w: _row(s, w, not_before=w.now + _LATER, due_at=w.now + _LATER)),
    (S.EXPIRED, "changed", lambda s, w: _row(s, w, expires_at=w.now)),
    (S.EXPIRED, "changed", lambda s, w: _row(s, w, expires_at=w.now, phone="+12125559999")),
    (S.PLANNED, "refused", lambda s, w: open_circuit(s, reason="refused", code=20003, at=w.now, by="x")),
    (S.PLANNED, "is an older one", lambda s, w: begin_after_restore(s, up_to=w.now, now=w.now, by="ops")),
    (S.PLANNED, "outside the send window", lambda s, w: _enrollment(s, w, timezone="Asia/Tokyo")),
    (S.PLANNED, "has not been read", lambda s, w: inbound_was_read(s, w.now, ago=timedelta(minutes=3))),
]


async def test_what_is_said_between_claim_and_call_keeps_a_text_from_leaving(sending: Sending) -> None:
    for number, (state, why, say) in enumerate(NEWS):
        phone = f"+1212555{number:04d}"
        enrollment = sending.enroll(phone=phone)
        text = sending.plan(enrollment, phone=phone, kind="lift", step="day-1")
        sending.at[PausePoint.CLAIMED] = partial(_meanwhile, sending, enrollment, text, phone, say)
        await sending.turn()
        message = sending.message(text)
        assert (number, state, state is S.ACCEPTED) == (number, message.state, phone in sending.sent_to)
        assert (why or "") in (message.reason or "")
        with writing(sending.engine) as session:
            for table in (Pause, Circuit, Recovery):
                session.execute(delete(table))
            session.execute(delete(Attempt).where(col(Attempt.message_id) == text))
            session.execute(delete(Message).where(col(Message.id) == text))
        sending.start()  # a worker that still knew of the attempt would miss it


async def test_an_attempt_that_another_has_taken_over_between_claim_and_call_is_not_called(sending: Sending) -> None:
    state = update(Message).values(state=S.UNKNOWN), col(Message.id)
    outcome = update(Attempt).values(outcome="unknown"), col(Attempt.message_id)
    for phone, (change, its_text) in {"+12125550101": state, "+12125550102": outcome}.items():
        text, called = sending.plan(sending.enroll(phone=phone), phone=phone), len(sending.gateway.asked)
        sending.at[PausePoint.CLAIMED] = partial(_execute, sending, change.where(its_text == text))
        await sending.turn()
        taken_over, _ = sending.attempts(text)
        assert ("it was taken over", called + 1) == (taken_over.detail, len(sending.gateway.asked))
        assert taken_over.id != sending.gateway.asked[-1].token


async def test_what_is_said_after_a_look_ahead_of_the_call_keeps_a_text_from_leaving_too(
    engine: Engine, now: datetime
) -> None:
    """Twenty are called at once; six more were looked at with them, so that they need not wait for a look."""
    phones = [f"+1212555{number:04d}" for number in range(26)]
    with open_house(engine, now, in_flight=20) as sending, ExitStack() as closing_them:
        for phone in phones:
            sending.plan(sending.enroll(phone=phone), phone=phone)
        sending.open_gate()
        commits = closing_them.enter_context(closing(commits_of(sending.threads)))  # from here on it is the one commit
        _wait_until(lambda: commits.mark() is not None)
        before = commits.mark()

        def they_write_stop() -> None:
            with writing(engine) as session:
                for phone in phones[20:]:
                    opt_out(session, phone, source="keyword", at=now, by="patient")
            _wait_until(lambda: commits.mark() != before)  # PostgreSQL's word of it takes a millisecond

        sending.at[PausePoint.LOOKED] = they_write_stop
        sending.dispatch.look_ahead(commits)
        await sending.turn(gate=False)
        assert phones[:20] == sorted(sending.sent_to)


def _wait_until(true: Callable[[], bool]) -> None:
    """Five seconds at most; what is done then shows in what has left."""
    for _ in range(500):
        if true():
            return
        Event().wait(0.01)


async def test_a_refusal_that_is_written_down_ends_what_was_seen_ahead_and_an_acceptance_does_not(
    sending: Sending,
) -> None:
    for number, outcome in enumerate((None, NotCreated(NotCreatedClass.SENDER, 21606, "refused"))):
        sending.gateway.always, phone, before = outcome, f"+1212555010{number}", sending.threads.written
        sending.plan(sending.enroll(phone=phone), phone=phone)
        await sending.turn()
        assert (number == 0) is (before is sending.threads.written)


async def test_a_test_may_stop_the_engine_at_every_point_of_a_texts_way(sending: Sending) -> None:
    """So that every order of what staff do, a call, a receipt and a crash can be tried on purpose."""
    text, seen = sending.plan(), list[tuple[PausePoint, MessageState]]()
    for point in PausePoint:
        sending.at[point] = lambda point=point: seen.append((point, sending.state(text)))  # type: ignore[misc]  # as in a loop
    await sending.turn()
    claimed = [(point, S.ATTEMPTING) for point in PausePoint if point is not PausePoint.RECORDED]
    assert [*claimed, (PausePoint.RECORDED, S.ACCEPTED)] == seen


async def test_changed_words_leave_as_they_are_now_and_the_old_ones_never(sending: Sending) -> None:
    text = sending.plan()
    new = partial(_row, text="New. STOP to opt out.")
    sending.at[PausePoint.CLAIMED] = partial(_meanwhile, sending, 0, text, "", new)
    await sending.turn()
    assert ["New. STOP to opt out."] == [record.body for record in sending.gateway.ledger]
    assert ("New. STOP to opt out.", S.ACCEPTED) == (sending.message(text).sent_text, sending.state(text))


async def test_the_words_for_another_day_leave_only_where_it_is_one_when_the_text_leaves(sending: Sending) -> None:
    """Between claim and call, staff find that the treatment was a day later, or a day earlier."""
    today = sending.clock.now()
    days = (today - timedelta(days=1), today)
    for number, (was, becomes) in enumerate((days, days[::-1])):
        phone = f"+1212555013{number}"
        text = sending.plan(sending.enroll(phone=phone), phone=phone, nominal_at=was, text="Now.", late_text="Late.")
        moved = partial(_row, nominal_at=becomes)
        sending.at[PausePoint.CLAIMED] = partial(_meanwhile, sending, 0, text, "", moved)
        await sending.turn()
    assert ["Now.", "Late."] == [record.body for record in sending.gateway.ledger]


async def test_a_text_is_valid_as_long_as_the_look_says_not_as_long_as_its_claim_thought(sending: Sending) -> None:
    """Her clock turned out to be another one, whose evening is near; and a text is of no use to be delivered late."""
    table = (("Atlantic/South_Georgia", 600, 170), ("America/New_York", 100, 100))
    for number, (zone, minutes, valid) in enumerate(table):
        phone, until = f"+1212555012{number}", sending.clock.now() + timedelta(minutes=minutes)
        enrollment = sending.enroll(phone=phone)
        text = sending.plan(enrollment, phone=phone, expires_at=until)
        moves = partial(_enrollment, timezone=zone)
        sending.at[PausePoint.CLAIMED] = partial(_meanwhile, sending, enrollment, text, "", moves)
        await sending.turn()
        assert valid * 60 == sending.gateway.asked[-1].validity_seconds


async def test_a_text_on_trial_passes_its_open_circuit_however_long_it_waits(sending: Sending) -> None:
    text, at = sending.plan(), sending.clock.now()
    with writing(sending.engine) as session:
        open_circuit(session, reason="refused", code=20003, at=at, by="worker")
    sending.dispatch.trials.append(Trial(None))
    sending.at[PausePoint.CLAIMED] = lambda: sending.clock.pass_(seconds=20)
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)


def _meanwhile(
    sending: Sending, enrollment: int, text: int, phone: str, say: Callable[[Session, Waiting], object]
) -> None:
    with writing(sending.engine) as session:
        say(session, Waiting(enrollment, text, phone, sending.clock.now()))


def _execute(sending: Sending, change: Update) -> None:
    with writing(sending.engine) as session:
        session.execute(change)


def _hold(session: Session, waiting: Waiting, kinds: str) -> None:
    hold_number(session, waiting.phone, reason="read it", at=waiting.now, by="desk", kinds=kinds)


def _writes(session: Session, waiting: Waiting, text: str) -> None:
    receive(session, InboundText(f"SM{waiting.text}", waiting.phone, text, waiting.now), waiting.now)


def _pause(session: Session, waiting: Waiting, step: str | None) -> None:
    at = waiting.now
    session.add(Pause(protocol="microneedling", step=step, reason="a typo", by="dr", at=at))


def _enrollment(session: Session, waiting: Waiting, **values: object) -> None:
    session.execute(update(Enrollment).where(col(Enrollment.id) == waiting.enrollment).values(**values))


def _row(session: Session, waiting: Waiting, **values: object) -> None:
    """As a change of the enrollment does it to a text that is on its way."""
    outbox.rewrite(session, waiting.text, seen=S.ATTEMPTING, at=waiting.now, by="desk", why="changed", **values)
