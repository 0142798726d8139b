"""Enrollments, holds, protocol versions, approvals and pauses are found where they were put."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from notifier.db import enrollments, events, protocols
from notifier.db.engine import reading, writing
from notifier.db.tables import Event, NumberHold
from notifier.domain.states import EnrollmentState
from notifier.numbers import holds
from schedules.protocol import CareProtocol

ANA, BEA = "+12125550101", "+12125550102"


def test_an_enrollment_is_found_by_each_of_its_names(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session, external_id="A1")
        rows.enrollment(session, external_id="A3", ordinal=1, phone=BEA)
        found = (
            enrollments.by_id(session, enrollment),
            enrollments.by_external_id(session, "A1"),
            enrollments.by_external_ids(session, ["A1", "A2"]).get("A1"),
        )
        assert (enrollment,) * 3 == tuple(one and one.id for one in found)


def test_everybody_on_a_phone_is_found(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        ana = rows.enrollment(session)
        rows.enrollment(session, phone=BEA)
        eva = rows.enrollment(session, folded_name="evaruiz", state=EnrollmentState.CANCELLED)
        assert [ana, eva] == [one.id for one in enrollments.sharing_phone(session, ANA)]


def test_an_enrollment_moves_once_and_leaves_an_event(engine: Engine, rows: Any, now: datetime) -> None:
    active, held, cancelled = EnrollmentState.ACTIVE, EnrollmentState.HELD, EnrollmentState.CANCELLED
    with writing(engine) as session:
        id_ = rows.enrollment(session)
        found = enrollments.by_id(session, id_)
        moves = [
            enrollments.move(session, id_, seen=active, to=to, at=now, by="desk", why="asked")
            for to in (held, cancelled)
        ]
        (event,) = events.of_enrollment(session, id_)
        assert found is not None
        assert ([True, False], held, "asked") == (moves, found.state, found.reason)
    assert ("enrollment", "active", "held", "desk") == (event.what, event.from_state, event.to_state, event.by)


def test_a_held_number_is_held_until_it_is_released(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        for kinds in ("all", "lift,rebook"):
            holds.hold_number(session, ANA, reason="unclear reply", at=now, by="inbound", kinds=kinds)
        holds.hold_number(session, BEA, reason="unclear reply", at=now, by="inbound")
        assert ["all", "lift,rebook"] == [hold.kinds for hold in holds.open_holds(session, ANA)]
        assert {ANA: 2, BEA: 1} == {k: len(v) for k, v in holds.holds_on(session, [ANA, BEA]).items()}
        assert [2, 0] == [holds.release_number(session, ANA, at=now, by="desk") for _ in range(2)]
        assert [BEA] == [hold.phone for hold in holds.open_holds(session)]


def test_no_event_of_a_number_names_it(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        holds.hold_number(session, ANA, reason="unclear reply", at=now, by="inbound")
        holds.release_number(session, ANA, at=now, by="desk")
        found = session.scalars(select(Event)).all()
    assert ["number_held", "number_released"] == [event.what for event in found]
    assert [] == [event for event in found if ANA in str(event)]


def test_a_hold_covers_the_kinds_it_names(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, bool]] = [
        ("all", "care", True),
        ("lift,rebook", "lift", True),
        ("lift,rebook", "care", False),
        ("check_in", "check", False),
    ]
    for kinds, kind, expected in cases:
        with subtests.test(kinds=kinds, kind=kind, expected=expected):
            assert expected == NumberHold.model_construct(kinds=kinds).covers(kind)


def test_a_protocol_comes_back_as_it_was_stored(engine: Engine, now: datetime) -> None:
    protocol = _protocol("Keep it clean.")
    with writing(engine) as session:
        for _ in range(2):
            protocols.store_version(session, protocol, now)
    with reading(engine) as session:
        assert protocol == protocols.load_version(session, protocol.id, protocol.version)
        with pytest.raises(protocols.UnreadableVersion, match="no version ffffffffffff of the protocol plan"):
            protocols.load_version(session, protocol.id, "ffffffffffff")


def test_an_approval_is_of_one_version_in_one_language(engine: Engine, now: datetime) -> None:
    protocol, edited = _protocol("Keep it clean."), _protocol("Keep it very clean.")
    with writing(engine) as session:
        assert protocols.approve(session, protocol, "en", by="Dr. Lee", at=now)
        assert not protocols.approve(session, protocol, "en", by="Dr. Lee", at=now)
        assert protocol == protocols.load_version(session, "plan", protocol.version)
        asked = [(protocol, "en"), (protocol, "es"), (edited, "en")]
        found = [protocols.is_approved(session, "plan", p.version, language) for p, language in asked]
        assert ["Dr. Lee"] == [approval.by for approval in protocols.approvals(session)]
    assert [True, False, False] == found


def test_a_pause_lasts_until_exactly_it_is_lifted(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        protocols.pause(session, "plan", reason="wrong dose", by="desk", at=now)
        protocols.pause(session, "plan", "today", reason="wrong hour", by="desk", at=now)
        assert [None, "today"] == [pause.step for pause in protocols.open_pauses(session)]
        assert 1 == protocols.unpause(session, "plan", by="desk", at=now)
        assert ["today"] == [pause.step for pause in protocols.open_pauses(session)]
        assert [1, 0] == [protocols.unpause(session, "plan", "today", by="desk", at=now) for _ in range(2)]


def _protocol(words: str) -> CareProtocol:
    step = {"key": "today", "kind": "care", "at": {"hours": 1}, "stale_after": {"hours": 8}, "text": {"en": words}}
    return CareProtocol.model_validate({"id": "plan", "title": "Plan", "source": "none", "steps": [step]})
