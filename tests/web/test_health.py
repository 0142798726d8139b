"""Silence is visible: whatever keeps texts from leaving turns /readyz red, in words without patient data."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from notifier.db.engine import open_engine, reading, writing
from notifier.db.outbox import move
from notifier.db.rows import insert_rows
from notifier.db.tables import Receipt
from notifier.domain.states import MessageState
from notifier.oversight.alerts.vital_signs import moves_since
from notifier.sending.gates.circuits import open_circuit
from notifier.sending.gates.heartbeats import arrive, leave
from notifier.tasks.counts import count_tasks
from tests.setups.gate import inbound_was_read
from tests.web.conftest import PATIENT, Web, open_web

S = MessageState
MINUTE = timedelta(minutes=1)


def works(web: Web, *, started: timedelta = 10 * MINUTE) -> None:
    """A worker that has been here for a while, and has just read what patients wrote."""
    now = web.clock.now()
    with writing(web.engine) as session:
        arrive(session, "worker", host="h", pid=1, now=now)
        session.execute(text("UPDATE workers SET started_at = :at"), {"at": _stored(web.engine, now - started)})
        session.execute(text("UPDATE workers SET seen_at = :at"), {"at": _stored(web.engine, now)})
        inbound_was_read(session, now)


def _stored(engine: Engine, at: datetime) -> Any:
    return at.isoformat(timespec="microseconds")[:-6] + "Z" if engine.dialect.name == "sqlite" else at


def reasons(web: Web) -> list[str]:
    response = web.client.get("/readyz")
    said = response.json()
    assert (200 if said["ready"] else 503) == response.status_code
    assert [] == [word for word in (PATIENT, PATIENT[2:], "Ana", "Ruiz", "Keep it clean") if word in response.text]
    return [reason["what"] for reason in said["reasons"]]


@pytest.fixture
def working(sqlite_web: Web) -> Web:
    works(sqlite_web)
    return sqlite_web


def test_the_process_says_that_it_is_alive_whatever_else_is_wrong(web: Web) -> None:
    assert (200, {"alive": True}) == ((response := web.client.get("/healthz")).status_code, response.json())
    assert 200 == web.client.head("/healthz").status_code


def test_all_is_well_with_a_worker_that_reads_and_nothing_that_waits(working: Web) -> None:
    assert [] == reasons(working)
    assert 1.0 == working.metric("notifier_ready")


def test_postgresql_answers_too(web: Web) -> None:
    """Its workers are seen by the database's own clock, which no test moves."""
    assert ["worker"] == reasons(web)


def test_without_a_worker_it_is_not_ready(working: Web) -> None:
    with writing(working.engine) as session:
        leave(session, "worker", now=working.clock.now())
    assert ["worker"] == reasons(working)


def test_a_worker_that_went_silent_is_none(working: Web) -> None:
    working.clock.pass_(seconds=40)
    assert ["worker"] == reasons(working)
    assert "the last one was seen 40 s ago" in working.client.get("/readyz").text


@pytest.mark.parametrize(("age", "expected"), [(0.0, []), (89.0, []), (91.0, ["worker"])])
def test_a_worker_in_this_process_must_make_progress(
    sqlite_engine: Engine, now: datetime, age: float, expected: list[str]
) -> None:
    with open_web(sqlite_engine, now, worker_age=lambda: age) as web:
        works(web)
        assert expected == reasons(web)


def test_an_inbound_poll_that_is_too_old_closes_the_gate(working: Web) -> None:
    with writing(working.engine) as session:
        inbound_was_read(session, working.clock.now(), ago=4 * MINUTE)
    assert ["send_gate"] == reasons(working)


def test_a_worker_that_has_just_started_gets_its_time_to_read(sqlite_web: Web) -> None:
    works(sqlite_web, started=MINUTE)
    with writing(sqlite_web.engine) as session:
        inbound_was_read(session, sqlite_web.clock.now(), ago=timedelta(days=3))
    assert [] == reasons(sqlite_web)


def test_an_open_circuit_says_why(working: Web) -> None:
    with writing(working.engine) as session:
        open_circuit(session, reason="Wrong credentials.", code=20003, at=working.clock.now(), by="worker")
    assert ["circuit"] == reasons(working)
    assert "Wrong credentials." in working.client.get("/readyz").text


@pytest.mark.parametrize(
    ("state", "since", "expected"),
    [
        (S.PLANNED, 4 * MINUTE, []),
        (S.PLANNED, 6 * MINUTE, ["overdue"]),
        (S.PLANNED, -MINUTE, []),
        (S.ATTEMPTING, 4 * MINUTE, []),
        (S.ATTEMPTING, 6 * MINUTE, ["attempting"]),
        (S.UNKNOWN, 39 * MINUTE, []),
        (S.UNKNOWN, 41 * MINUTE, ["unknown"]),
        (S.NEEDS_REVIEW, 60 * MINUTE, []),
        (S.ACCEPTED, 60 * MINUTE, []),
    ],
)
def test_a_text_that_waits_too_long_is_seen(
    working: Web, state: MessageState, since: timedelta, expected: list[str]
) -> None:
    at = working.clock.now() - since
    working.text(state, due_at=at, left_at=None if state is S.PLANNED else at)
    assert expected == reasons(working)


def test_a_burst_may_take_its_time_while_texts_leave(working: Web) -> None:
    now = working.clock.now()
    waiting = working.text(S.PLANNED, due_at=now - 30 * MINUTE, patient="one")
    leaving = working.text(S.PLANNED, due_at=now - 30 * MINUTE, patient="two")
    with writing(working.engine) as session:
        move(session, leaving, seen=S.PLANNED, to=S.ATTEMPTING, at=now, by="w", why=None, left_at=now)
    assert [] == reasons(working)
    with writing(working.engine) as session:
        session.execute(
            text("UPDATE messages SET due_at = :at WHERE id = :id"),
            {"at": _stored(working.engine, now - 121 * MINUTE), "id": waiting},
        )
    assert ["overdue"] == reasons(working)


def test_a_clock_that_was_set_back_is_seen(working: Web) -> None:
    ahead = working.clock.now() + 6 * MINUTE
    text_ = working.text(S.PLANNED, due_at=ahead)
    with writing(working.engine) as session:
        move(session, text_, seen=S.PLANNED, to=S.CANCELLED, at=ahead, by="w", why=None)
    assert ["clock"] == reasons(working)


@pytest.mark.parametrize(("by_callback", "expected"), [(0, ["webhooks"]), (1, [])])
def test_receipts_that_only_polling_brings_show_that_webhooks_are_silent(
    working: Web, by_callback: int, expected: list[str]
) -> None:
    sources = ["poll"] * (20 - by_callback) + ["callback"] * by_callback
    rows = [
        {"sid": f"SM{n}", "status": "sent", "at": working.clock.now(), "source": source}
        for n, source in enumerate(sources)
    ]
    with writing(working.engine) as session:
        insert_rows(session, Receipt, rows)
    assert expected == reasons(working)


def test_a_disk_that_fills_up_is_seen(
    sqlite_engine: Engine, now: datetime, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024  # as the standard library answers
    with open_web(sqlite_engine, now, disk=tmp_path) as web:
        works(web)
        assert [] == reasons(web)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100, 96, 4))
        assert ["disk"] == reasons(web)


def test_a_database_that_may_not_be_written_is_seen(working: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.web.health.os.access", lambda _path, _mode: False)
    assert ["read_only"] == reasons(working)


@pytest.mark.postgres
def test_a_postgresql_that_takes_no_writes_is_seen(postgresql_engine: Engine, now: datetime) -> None:
    name = postgresql_engine.url.database
    with postgresql_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    postgresql_engine.dispose()
    with open_web(postgresql_engine, now) as web:
        assert ["read_only", "worker"] == reasons(web)


def test_an_older_or_newer_schema_is_seen(working: Web) -> None:
    with writing(working.engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert ["schema"] == reasons(working)


def test_a_database_that_is_not_there_is_said_and_metrics_go_on(now: datetime, tmp_path: Any) -> None:
    with open_web(open_engine(f"sqlite:///{tmp_path / 'no' / 'such.db'}"), now) as web:
        assert ["database"] == reasons(web)
        assert 0.0 == web.metric("notifier_database_up")


def test_metrics_tell_how_many_wait_and_for_how_long(web: Web) -> None:
    now = web.clock.now()
    web.text(S.PLANNED, due_at=now - 2 * MINUTE, patient="one")
    web.text(S.PLANNED, due_at=now + MINUTE, patient="two")
    web.text(S.UNKNOWN, left_at=now - MINUTE, patient="three")
    web.text(S.NEEDS_REVIEW, patient="four")
    web.text(S.DELIVERED, patient="five")
    expected = {"due": 1, "attempting": 0, "unknown": 1, "needs_review": 1, "no_last_receipt": 0}
    for what, count in expected.items():
        assert count == web.metric(f'notifier_texts_waiting{{for="{what}"}}')
    with reading(web.engine) as session:
        assert 2 == count_tasks(session, now).pieces == web.metric("notifier_open_work")
    assert (120.0, 60.0) == (web.metric("notifier_overdue_age_seconds"), web.metric("notifier_unknown_age_seconds"))
    assert PATIENT not in web.client.get("/metrics").text


def test_metrics_count_the_moves_since_they_were_first_asked(web: Web) -> None:
    text_ = web.text(S.ACCEPTED)
    web.receipt("sent")
    assert 0.0 == web.metric('notifier_text_moves_total{state="sent"}')
    web.receipt("delivered")
    assert 1.0 == web.metric('notifier_text_moves_total{state="delivered"}')
    assert 1.0 == web.metric('notifier_text_moves_total{state="delivered"}')
    with writing(web.engine) as session:
        assert {"sent": 1, "delivered": 1} == moves_since(session, 0)[1]
        assert S.DELIVERED == web.message(text_).state
