"""Rows are odd, or older than the program: each keeps to itself, and survives the upgrade."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime

from alembic import command
from sqlalchemy import Engine, MetaData

from notifier.db.engine import file_of, writing
from notifier.db.migrate import config
from notifier.db.outbox import by_id
from notifier.db.schema import check_schema, upgrade
from notifier.domain.states import MessageState
from tests.faults.process import until
from tests.faults.processes import ROOT
from tests.faults.service import Service

S = MessageState
STATES = dict(enumerate(MessageState, start=1))
UPGRADE = """
import os, signal, sys
from sqlalchemy import event
from notifier.db.engine import open_engine
from notifier.db.schema import upgrade

engine = open_engine(sys.argv[1])
left = 20

@event.listens_for(engine, "after_cursor_execute")
def die(_connection, _cursor, statement, *_):
    global left
    left -= statement.split()[0] in ("CREATE", "ALTER", "INSERT", "UPDATE", "DROP")
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(engine)
"""
"""A process that kills itself in the middle of an upgrade."""


def test_a_row_that_cannot_be_prepared_stops_nobody_else(service: Service) -> None:
    """Whatever a hand-edited row says, it is that row's own trouble."""
    end_of_time = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    odd = [
        service.plan(patient=service.enroll(timezone="Africa/Cairo"), nominal_at=end_of_time, late_text="Late."),
        service.plan(patient=service.enroll(timezone="")),
        service.plan(patient=service.enroll(timezone="../../etc/passwd")),
        service.plan(patient=service.enroll(timezone="Mars/Olympus")),
        service.plan(phone="not a number"),
        service.plan(text=""),
    ]
    good = service.plan_many(3)
    worker = service.start()
    until(lambda: not service.waiting(), lambda: f"{service.states()} {worker.lines}")
    assert [S.ACCEPTED] * 3 == [service.state(text) for text in good]
    assert (None, False) == (worker.code, worker.said("turn_failed"))
    assert [S.FAILED, *[S.PLANNED] * 4, S.FAILED] == [service.state(text) for text in odd]
    assert all(service.message(text).reason for text in odd)


def test_an_upgrade_leaves_every_text_in_its_state(empty_engine: Engine) -> None:
    old_database(empty_engine)
    upgrade(empty_engine)
    upgrade(empty_engine)
    assert STATES == states(empty_engine)


def test_killed_in_mid_upgrade_it_is_completed_by_the_next(empty_url: str, empty_engine: Engine) -> None:
    old_database(empty_engine)
    killed = subprocess.run([sys.executable, "-c", UPGRADE, empty_url], cwd=ROOT, check=False)
    assert -signal.SIGKILL == killed.returncode
    upgrade(empty_engine)
    check_schema(empty_engine)
    assert STATES == states(empty_engine)


def states(engine: Engine) -> dict[int, MessageState]:
    with writing(engine) as session:
        found = {id_: by_id(session, id_) for id_ in STATES}
        return {id_: message.state for id_, message in found.items() if message}


def old_database(engine: Engine) -> None:
    """As the first Notifier left it, with a text in every state."""
    if file := file_of(engine):
        file.touch()
    with engine.begin() as connection:
        command.upgrade(config(connection), "0001")
    old = MetaData()
    old.reflect(engine)
    at = datetime(2026, 3, 6, 19, tzinfo=UTC)
    now = at if engine.dialect.name == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S.%f")
    enrollment = {
        "id": 1, "clinic_id": "clinic", "name": "Ana", "folded_name": "ana", "phone": "+12125550101", "protocol": "p",
        "version": "v", "treated_on": at.date(), "treated_at": now, "timezone": "America/New_York", "language": "en",
        "state": "active", "consent": "form", "consent_by": "desk", "consent_at": now, "enrolled_at": now,
        "enrolled_by": "desk", "ordinal": 0, "answers": {}, "separate_areas": False, "rebook_consent": False
    }  # fmt: skip
    same = {
        "clinic_id": "clinic", "enrollment_id": 1, "kind": "care", "phone": "+12125550101", "nominal_at": now,
        "not_before": now, "due_at": now, "expires_at": now, "text": "Hi.", "topics": [], "notes": [], "attempts": 0,
        "retries": 0, "revision": 0
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(old.tables["enrollments"].insert(), [enrollment])
        rows = [{**same, "id": id_, "step": f"s{id_}", "state": state.value} for id_, state in STATES.items()]
        connection.execute(old.tables["messages"].insert(), rows)
