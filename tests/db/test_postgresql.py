"""PostgreSQL: a worker is told what others write, when they commit, and hears again after it was cut off."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from notifier.db.engine import open_engine, reading, writing
from notifier.db.postgresql import Listener
from notifier.sending.gates.circuits import close_circuits, open_circuit
from tests.conftest import Rows

pytestmark = pytest.mark.postgres
CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"


def became(true: Callable[[], bool], *, within: float = 5.0) -> bool:
    """Whether it became so in time."""
    for _ in range(round(within * 50)):
        if true():
            return True
        threading.Event().wait(0.02)
    return False


@dataclass
class Hearing:
    """Whether anything may have been written since the last time that somebody asked."""

    listener: Listener
    times: int = 0

    def heard(self) -> bool:
        before, self.times = self.times, self.listener.times
        return before != self.times


@pytest.fixture
def listener(postgresql_engine: Engine) -> Iterator[Hearing]:
    """One that listens already."""
    listener = Listener(postgresql_engine)
    hearing = Hearing(listener)
    assert became(hearing.heard)
    yield hearing
    listener.close()
    listener._thread.join(5)
    assert not listener._thread.is_alive()


@pytest.fixture
def workers_engine(postgresql_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_url, for_worker=True)
    yield engine
    engine.dispose()


def test_what_somebody_writes_is_heard_within_a_second(
    listener: Hearing, postgresql_engine: Engine, rows: Rows
) -> None:
    with writing(postgresql_engine) as session:
        rows.enrollment(session)
    assert became(listener.heard, within=1.0)
    assert not became(listener.heard, within=0.3)


def test_it_is_heard_when_it_is_committed_and_not_before(
    listener: Hearing, postgresql_engine: Engine, rows: Rows
) -> None:
    with writing(postgresql_engine) as session:
        rows.enrollment(session)
        assert not became(listener.heard, within=0.3)
    assert became(listener.heard, within=1.0)


def test_what_is_taken_back_and_what_is_only_read_is_not_heard(
    listener: Hearing, postgresql_engine: Engine, rows: Rows
) -> None:
    with contextlib.suppress(RuntimeError), writing(postgresql_engine) as session:
        rows.enrollment(session)
        raise RuntimeError
    with reading(postgresql_engine) as session:
        session.execute(text("SELECT count(*) FROM enrollments"))
    with writing(postgresql_engine) as session:
        session.execute(text("SELECT count(*) FROM enrollments"))
    assert not became(listener.heard, within=0.5)


def test_a_worker_wakes_nobody_with_what_it_writes_but_a_circuit_that_it_closes(
    listener: Hearing, workers_engine: Engine, rows: Rows
) -> None:
    with writing(workers_engine) as session:
        open_circuit(session, reason="refused", code=20003, at=rows.now, by="worker")
    assert not became(listener.heard, within=0.5)
    with writing(workers_engine) as session:
        close_circuits(session, at=rows.now, by="worker")
    assert became(listener.heard, within=1.0)


def test_cut_off_it_listens_again_and_takes_that_for_news(
    listener: Hearing, postgresql_engine: Engine, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    """Who wrote meanwhile could not be heard."""
    _terminate(postgresql_engine)
    assert became(listener.heard)
    with writing(postgresql_engine) as session:
        rows.enrollment(session)
    assert became(listener.heard, within=1.0)
    assert [] == [record.message for record in caplog.records if record.levelname == "ERROR"]


def test_while_nothing_happens_the_server_is_asked_nothing(listener: Hearing, postgresql_engine: Engine) -> None:
    asked = "SELECT query, query_start FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
    with postgresql_engine.connect() as connection:
        before: list[Any] = list(connection.execute(text(asked)))
        assert not became(listener.heard, within=1.5)
        connection.rollback()  # what one transaction has read of the statistics stays as it is
        assert (1, before) == (len(before), list(connection.execute(text(asked))))


@pytest.mark.parametrize(("for_worker", "expected"), [(True, "1min"), (False, "0")])
def test_only_a_workers_statements_have_an_end(postgresql_url: str, for_worker: bool, expected: str) -> None:
    engine = open_engine(postgresql_url, for_worker=for_worker)
    with reading(engine) as session:
        assert expected == session.execute(text("SHOW statement_timeout")).scalar()
    engine.dispose()


def test_a_server_that_is_gone_without_a_word_is_given_up_within_half_a_minute() -> None:
    given = _connect_arguments("postgresql://a@h/n")
    silent = given["keepalives_idle"] + given["keepalives_interval"] * given["keepalives_count"]
    assert 1 == given["keepalives"]
    assert max(silent, given["tcp_user_timeout"] / 1000, given["connect_timeout"]) < 30


def test_what_the_address_says_of_the_connection_wins() -> None:
    assert "60000" == _connect_arguments("postgresql://a@h/n?tcp_user_timeout=60000")["tcp_user_timeout"]


def _connect_arguments(url: str) -> dict[str, Any]:
    """What the driver is given."""
    found: dict[str, Any] = {}

    class Enough(Exception):
        pass

    engine = open_engine(url)

    def seen(_dialect: object, _record: object, _arguments: object, given: dict[str, Any]) -> None:
        found.update(given)
        raise Enough

    event.listen(engine, "do_connect", seen)
    with pytest.raises(Enough):
        engine.connect()
    return found


def _terminate(engine: Engine) -> None:
    """As a failover or a restart does."""
    hand = create_engine(engine.url)
    with hand.connect() as connection:
        assert connection.execute(text(CUT_OFF)).rowcount >= 1
    hand.dispose()
