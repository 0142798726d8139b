"""What a new enrollment asks of its protocol and its number: all of it, of its own clinic, in one statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from notifier.db import protocols
from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.enrollments.eligibility import Standing, read_standing
from notifier.enrollments.requests import EnrollRequest, check_request
from notifier.numbers import holds, opt_outs

ANA, BEA = "+14155550123", "+14155550124"


def _standing(clinic: Any, *phones: str) -> Standing:
    asked = [EnrollRequest("Ana", phone, "plain", "signed form", treated_at=clinic.now) for phone in phones]
    with writing(clinic.engine) as session:
        return read_standing(session, [check_request(one, clinic.protocols, clinic.rules) for one in asked], clinic.now)


def test_everything_that_stands_for_and_against_an_enrollment_is_read(clinic: Any) -> None:
    plain = clinic.protocols["plain"]
    with writing(clinic.engine) as session:
        protocols.approve(session, plain, "en", by="Dr. Lee", at=clinic.now)
        protocols.pause(session, "plain", reason="wrong hour", by="mia", at=clinic.now)
        protocols.pause(session, "plain", reason="wrong still", by="noa", at=clinic.now)
        opt_outs.opt_out(session, ANA, source="keyword", at=clinic.now, by="twilio")
        for reason in ("first", "second"):
            holds.hold_number(session, BEA, reason=reason, at=clinic.now, by="worker")
    expected = Standing(
        stored={("plain", plain.version)},
        approved={("plain", plain.version, "en")},
        paused={"plain": ("mia", "wrong hour")},
        opted_out={ANA},
        held={BEA: ["first", "second"]},
    )
    assert expected == _standing(clinic, ANA, BEA)


def test_what_is_over_or_concerns_somebody_else_does_not_count(clinic: Any) -> None:
    with writing(clinic.engine) as session:
        protocols.pause(session, "plain", "today", reason="one step", by="mia", at=clinic.now)
        protocols.pause(session, "plain", reason="over", by="mia", at=clinic.now)
        protocols.unpause(session, "plain", by="mia", at=clinic.now)
        for phone in (ANA, BEA):
            opt_outs.opt_out(session, phone, source="keyword", at=clinic.now, by="twilio")
            holds.hold_number(session, phone, reason="a question", at=clinic.now, by="worker")
        opt_outs.opt_in(session, ANA, at=clinic.now, by="patient")
        holds.release_number(session, ANA, at=clinic.now, by="mia")
    assert Standing() == _standing(clinic, ANA)


def test_a_paused_protocol_refuses_a_new_patient_and_still_knows_those_it_has(clinic: Any) -> None:
    first = clinic.enroll()
    with writing(clinic.engine) as session:
        protocols.pause(session, "plain", reason="wrong hour", by="mia", at=clinic.now)
    assert (first.enrollment, True) == ((again := clinic.enroll()).enrollment, again.already)
    with pytest.raises(Refused, match="plain is paused by mia: wrong hour"):
        clinic.enroll(name="Bea Lima", phone=BEA)


@contextmanager
def _statements(engine: Engine) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(" ".join(statement.split()[:3]))

    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def test_a_new_enrollment_reads_once_and_writes_four_times(clinic: Any) -> None:
    """A protocol's content is stored by the first patient on it alone."""
    clinic.enroll(name="Bea Lima", phone=BEA, external_id="A1")
    with _statements(clinic.engine) as heard:
        clinic.enroll(external_id="A2")
    reads = [one for one in heard if one.startswith("SELECT") and "pg_advisory" not in one]
    writes = [statement for statement in heard if statement.startswith(("INSERT", "COPY"))]
    tables = [statement.removeprefix("INSERT INTO ").removeprefix("COPY ").split()[0] for statement in writes]
    assert (1, ["enrollments", "search_words", "messages", "events"]) == (len(reads), tables)
