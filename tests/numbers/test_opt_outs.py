"""After an opt-out nothing to the number stays planned, and only START or staff end it."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from notifier.db import events, outbox
from notifier.db.engine import reading, writing
from notifier.db.tables import Event, OptOut
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers import opt_outs
from notifier.numbers.release import release

ANA, BEA = "+12125550101", "+12125550102"
PLANNED, SUPPRESSED = MessageState.PLANNED, MessageState.SUPPRESSED


def test_an_opt_out_suppresses_every_planned_text_of_the_number_and_no_other(
    engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(engine) as session:
        ana, daughter = rows.enrollment(session), rows.enrollment(session, folded_name="evaruiz")
        bea = rows.enrollment(session, phone=BEA)
        texts = [
            rows.message(session, ana),
            rows.message(session, daughter),
            rows.message(session, ana, state=MessageState.ATTEMPTING),
            rows.message(session, ana, state=MessageState.DELIVERED),
            rows.message(session, bea, phone=BEA),
        ]
        assert opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
    with reading(engine) as session:
        found = {message.id: message for id_ in (ana, daughter, bea) for message in outbox.messages_of(session, id_)}
        stored = opt_outs.is_opted_out(session, ANA)
        assert opt_outs.is_opted_out(session, BEA) is None
    assert [SUPPRESSED, SUPPRESSED, "attempting", "delivered", PLANNED] == [found[id_].state for id_ in texts]
    assert "the number has opted out (keyword)" == found[texts[0]].reason
    assert stored is not None
    assert ("keyword", "patient", now) == (stored.source, stored.by, stored.at)


def test_an_opt_out_is_in_the_history_of_every_patient_on_the_number(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        enrollments = [rows.enrollment(session), rows.enrollment(session, folded_name="evaruiz")]
        opt_outs.opt_out(session, ANA, source="staff", at=now, by="desk")
        found = [[(e.what, e.by, e.why) for e in events.of_enrollment(session, id_)] for id_ in enrollments]
    assert [[("opted_out", "desk", "staff")]] * 2 == found


def test_an_opt_out_of_a_number_that_nobody_knows_is_kept(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
        (event,) = session.scalars(select(Event)).all()
    assert ("opted_out", None) == (event.what, event.enrollment_id)


def test_a_second_opt_out_stores_nothing_and_still_suppresses_what_was_planned_meanwhile(
    engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
        message = rows.message(session, enrollment)
        again = opt_outs.opt_out(session, ANA, source="twilio", at=now, by="twilio")
        found = outbox.by_id(session, message)
        stored = session.scalar(select(func.count()).select_from(OptOut))
    assert found is not None
    assert (False, SUPPRESSED, 1) == (again, found.state, stored)


def test_two_opt_outs_at_once_are_one(engine: Engine, now: datetime) -> None:
    start, new = Barrier(2), []

    def stop() -> None:
        start.wait()
        with writing(engine) as session:
            new.append(opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient"))

    both = [Thread(target=stop) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [False, True] == sorted(new)


def test_after_start_future_texts_are_planned_again_and_missed_ones_are_not(
    engine: Engine, rows: Any, now: datetime
) -> None:
    later = now + timedelta(days=1)
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        missed = rows.message(session, enrollment, due_at=later)
        future = rows.message(session, enrollment, due_at=later + timedelta(seconds=1))
        opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
        assert opt_outs.opt_in(session, ANA, at=later, by="patient")
        assert opt_outs.is_opted_out(session, ANA) is None
        states = {message.id: message.state for message in outbox.messages_of(session, enrollment)}
        told = [event.what for event in events.of_enrollment(session, enrollment) if event.message_id is None]
    assert {missed: SUPPRESSED, future: PLANNED} == states
    assert ["opted_out", "opted_in"] == told


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (EnrollmentState.BOOKED, PLANNED),
        (EnrollmentState.ACTIVE, PLANNED),
        (EnrollmentState.HELD, PLANNED),
        (EnrollmentState.CANCELLED, SUPPRESSED),
        (EnrollmentState.NO_SHOW, SUPPRESSED),
    ],
)
def test_start_revives_no_text_of_an_enrollment_that_has_ended(
    sqlite_engine: Engine, rows: Any, now: datetime, state: EnrollmentState, expected: MessageState
) -> None:
    with writing(sqlite_engine) as session:
        message = rows.message(session, rows.enrollment(session, state=state))
        opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
        opt_outs.opt_in(session, ANA, at=now, by="patient")
        found = outbox.by_id(session, message)
    assert found is not None
    assert expected == found.state


def test_start_without_an_opt_out_does_nothing(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, state=SUPPRESSED)
        assert not opt_outs.opt_in(session, ANA, at=now, by="patient")
        assert [] == events.of_enrollment(session, enrollment)


def test_a_number_may_opt_out_again_after_start(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        for _ in range(2):
            assert opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
            assert opt_outs.opt_in(session, ANA, at=now, by="patient")
        assert [] == opt_outs.open_opt_outs(session)


def test_of_many_numbers_those_that_opted_out_are_found(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
        found = opt_outs.opted_out_phones(session, [ANA, BEA])
    assert {ANA} == found


def test_words_that_say_no_end_no_opt_out(sqlite_engine: Engine, now: datetime) -> None:
    with writing(sqlite_engine) as session:
        opt_outs.opt_out(session, ANA, source="keyword", at=now, by="patient")
    with writing(sqlite_engine) as session, pytest.raises(Refused, match='reconsent says "No"'):
        release(session, ANA, now=now, by="desk", reconsent="No")
    with reading(sqlite_engine) as session:
        assert opt_outs.is_opted_out(session, ANA) is not None
