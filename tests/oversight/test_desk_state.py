"""What open pages ask is another token as soon as a list may look different, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change
from notifier.enrollments.lifecycle import apply
from notifier.oversight.desk_state import DeskState, desk_state
from notifier.tasks.owners import take_tasks
from tests.setups.clinic import ClinicSetup


def state(engine: Engine, now: datetime) -> DeskState:
    with reading(engine) as session:
        return desk_state(session, now)


def test_what_comes_and_who_takes_it_changes_the_token(engine: Engine, now: datetime) -> None:
    before = state(engine, now)
    assert (before, 0, 0) == (state(engine, now), before.open, before.urgent)
    seen = [before.token]
    for number, words in enumerate(("when can I stop icing?", "I have trouble breathing")):
        with writing(engine) as session:
            receive(session, InboundText(f"SM{number}", "+12125550123", words, now), now)
        seen.append(state(engine, now).token)
    with writing(engine) as session:
        take_tasks(session, [TaskRef(TaskKind.REPLY, 1)], now=now, by="staff:Dana", shift_ends=lambda _: now)
    after = state(engine, now)
    assert (2, 1, 2) == (after.open, after.urgent, after.latest_urgent)
    assert 4 == len({*seen, after.token})


def test_a_visit_that_is_booked_moved_or_marked_changes_the_token(clinic: ClinicSetup) -> None:
    seen = [state(clinic.engine, clinic.now).token]
    booked = clinic.enroll(appointment_at=clinic.now + timedelta(hours=2)).enrollment
    seen.append(state(clinic.engine, clinic.now).token)
    for command in (Change(ChangeRequest(appointment_at=clinic.now + timedelta(hours=3))), Cancel("moved away")):
        clinic.act(apply, booked, command, rules=clinic.rules, now=clinic.now, by="desk")
        seen.append(state(clinic.engine, clinic.now).token)
    assert 4 == len(set(seen))
