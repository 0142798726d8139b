"""PostgreSQL goes away, comes back, refuses to write, or has several workers at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from notifier.domain.states import MessageState
from tests.faults.process import WorkerProcess, became, let_run, until
from tests.faults.rest import come_to_rest
from tests.faults.server import Server
from tests.faults.service import Service, set_clock
from tests.setups import faults

S = MessageState
pytestmark = pytest.mark.postgres


def tell(service: Service, *statements: str) -> None:
    with service.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))


CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


def test_restarted_while_two_workers_send_it_costs_no_text_and_no_double(
    server: Server, served_service: Service
) -> None:
    service = served_service
    texts = service.plan_many(40)
    service.sandbox.sandbox.latency = 0.1
    workers = [service.start(NOTIFIER_IN_FLIGHT="3") for _ in range(2)]
    until(lambda: len(service.sandbox.ledger) > 5, "nothing leaves")
    server.restart("immediate")
    service.until_none(S.PLANNED)
    assert [None, None] == [worker.code for worker in workers]
    come_to_rest(service)  # a claim whose commit the restart has answered with silence is looked up like a dead one's
    assert [1] * 40 == [len(service.ledger_of(one)) for one in texts]


def test_gone_between_the_answer_and_our_commit_it_is_written_down_when_it_comes_back(
    server: Server, served_service: Service
) -> None:
    service = served_service
    service.sandbox.sandbox.keep_back()
    worker = service.start()
    one = service.plan()
    until(lambda: len(service.sandbox.ledger) == 1, "Twilio got nothing")
    server.stop()
    service.sandbox.release()
    until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
    server.start()
    service.until_state(one, S.ACCEPTED)
    assert (service.sandbox.ledger[0].sid, 1) == (service.message(one).sid, service.creates())
    assert [None] == [call.last_look_at for call in service.attempts(one)], "it was kept, not looked up"
    assert worker.code is None


@pytest.mark.parametrize("when", ["INSERT", "UPDATE"], ids=["the claim", "the answer"])
def test_cut_off_at_the_commit_it_asks_before_it_acts_again(postgresql_service: Service, when: str) -> None:
    """The server drops the connection at the very commit, twice."""
    service = postgresql_service
    tell(
        service,
        "CREATE SEQUENCE shifted.cuts",
        "CREATE FUNCTION shifted.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('shifted.cuts') <= 2 "
        "THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); END IF; RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER cut AFTER {when} ON attempts DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION shifted.cut()",
    )
    texts = service.plan_many(5)
    service.start()
    service.until_none(S.PLANNED, S.ATTEMPTING)
    assert [1] * 5 == [len(service.ledger_of(one)) for one in texts]
    assert 5 == service.creates()


@pytest.mark.slow
def test_cut_off_again_and_again_it_goes_on(postgresql_service: Service) -> None:
    service = postgresql_service
    texts = service.plan_many(40)
    service.sandbox.sandbox.latency = 0.05
    for _ in range(2):
        service.start(NOTIFIER_IN_FLIGHT="2")
    for _ in range(15):
        tell(service, CUT_OFF)
        let_run(0.1)
    service.until_none(S.PLANNED, S.ATTEMPTING)
    assert [1] * 40 == [len(service.ledger_of(one)) for one in texts]


def test_after_a_failover_to_a_read_only_server_nothing_leaves_and_it_is_said_once(postgresql_service: Service) -> None:
    """Whichever round meets it first, and whether or not the gate was open: a turn that only reads notices nothing."""
    service = postgresql_service
    soon = service.clock.now() + timedelta(minutes=1)
    one = service.plan(due=soon)
    worker = service.start()
    service.until_caught_up()
    database = service.engine.url.database
    tell(service, f'ALTER DATABASE "{database}" SET default_transaction_read_only = on', CUT_OFF)
    set_clock(service.folder, soon)
    until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
    assert (0, S.PLANNED) == (service.creates(), service.state(one))
    assert not {"alert", "round_failed"} & {line["event"] for line in worker.lines}, "no second way of saying it"
    tell(service, "SET default_transaction_read_only = off", f'ALTER DATABASE "{database}" RESET ALL')
    tell(service, f'ALTER DATABASE "{database}" SET search_path = public, shifted, pg_catalog', CUT_OFF)
    service.until_state(one, S.ACCEPTED)
    assert (None, 1) == (worker.code, [line["event"] for line in worker.lines].count("database_trouble"))


@pytest.mark.parametrize(("workers", "count"), [(2, 200), pytest.param(4, 10_000, marks=pytest.mark.slow)])
def test_several_workers_share_the_work_and_double_nothing(
    postgresql_service: Service, workers: int, count: int
) -> None:
    service = postgresql_service
    soon = service.clock.now().replace(minute=10)
    service.plan_at_once(count, due=soon)
    service.sandbox.sandbox.latency = 0.1
    for _ in range(workers):
        service.start(NOTIFIER_IN_FLIGHT="10")
    service.jump(soon)
    until(lambda: service.states() == {S.ACCEPTED: count}, lambda: str(service.states()), seconds=600)
    assert count == len({(one.to, one.body) for one in service.sandbox.ledger}) == len(service.sandbox.ledger)
    assert all(share > count / 10 for share in service.shares().values())
    assert workers == len(service.shares())


def paused_after_its_claim(service: Service) -> tuple[WorkerProcess, list[int]]:
    """A worker that has claimed three texts, has called for two, and is stopped."""
    texts = service.plan_many(3)
    service.sandbox.sandbox.keep_back()
    worker = service.start(NOTIFIER_IN_FLIGHT="2")
    until(lambda: service.states().get(S.ATTEMPTING) == 3 and service.creates() == 2, lambda: str(service.states()))
    worker.send(signal.SIGSTOP)
    service.sandbox.release()
    return worker, texts


def test_a_worker_that_slept_past_its_lease_does_not_make_the_call(postgresql_service: Service) -> None:
    """Another one has looked the text up meanwhile, proved that it never left, and sent it."""
    service = postgresql_service
    sleeper, texts = paused_after_its_claim(service)
    service.pass_(seconds=70)
    service.start()
    service.until_none(S.ATTEMPTING)
    for _ in range(5):
        service.step(minutes=8)
        if became(lambda: service.states() == {S.ACCEPTED: 3}, within=1.0):
            break
    assert 3 == service.creates()
    sleeper.send(signal.SIGCONT)
    until(lambda: sleeper.said("clock_jumped"), lambda: str(sleeper.lines))
    assert 0 == sleeper.end()
    assert (3, [1, 1, 1]) == (service.creates(), [len(service.ledger_of(one)) for one in texts])


def test_a_worker_whose_lease_was_given_away_does_not_make_the_call_though_its_clock_says_it_may(
    postgresql_service: Service,
) -> None:
    """Only the database's clock shows that the lease has ended."""
    service = postgresql_service
    sleeper, texts = paused_after_its_claim(service)
    tell(service, "UPDATE shifted.clock SET ahead = ahead + interval '70 s'")
    service.start()
    until(lambda: service.states() == {S.ACCEPTED: 2, S.UNKNOWN: 1}, lambda: str(service.states()))
    let_run(1.1)  # a claim younger than a second needs no second look
    sleeper.send(signal.SIGCONT)
    service.until_none(S.UNKNOWN, S.PLANNED, S.ATTEMPTING)
    assert (3, [1, 1, 1]) == (service.creates(), [len(service.ledger_of(one)) for one in texts])
    given_back = next(calls for one in texts if len(calls := service.attempts(one)) > 1)
    assert ["it was taken over", None] == [call.detail for call in given_back]


def test_a_worker_with_the_name_and_pid_of_a_dead_one_is_not_taken_for_it(postgresql_service: Service) -> None:
    """As after the restart of a container."""
    service = postgresql_service
    one = service.plan()
    service.faults.then(faults.hang())
    dead = service.start()
    until(lambda: service.creates() == 1, "no call")
    dead.end(signal.SIGKILL)
    other = service.start()
    tell(service, f"UPDATE workers SET pid = {other.pid}")
    service.pass_(seconds=70)
    service.until_state(one, S.UNKNOWN)


def test_a_row_that_somebody_else_has_locked_is_passed_by(postgresql_service: Service) -> None:
    service = postgresql_service
    texts = service.plan_many(5)
    with service.engine.begin() as somebody:
        somebody.execute(text("SELECT * FROM messages WHERE id = :id FOR UPDATE"), {"id": texts[0]})
        service.start()
        until(lambda: service.states() == {S.PLANNED: 1, S.ACCEPTED: 4}, lambda: str(service.states()))
    service.until_state(texts[0], S.ACCEPTED)


@contextmanager
def every_connection_taken(service: Service) -> Iterator[None]:
    address = service.url.replace("+psycopg", "")
    taken: list[psycopg.Connection[tuple[object, ...]]] = []
    try:
        while True:
            taken.append(psycopg.connect(address))
    except psycopg.OperationalError:
        pass
    yield
    for connection in taken:
        connection.close()


def test_with_no_connection_left_it_waits_for_one(served_service: Service) -> None:
    service = served_service
    soon = service.clock.now() + timedelta(minutes=1)
    one = service.plan(due=soon)
    worker = service.start()
    service.until_caught_up()
    worker.send(signal.SIGSTOP)
    tell(service, CUT_OFF)
    service.engine.dispose()
    with every_connection_taken(service):
        worker.send(signal.SIGCONT)
        set_clock(service.folder, soon)
        until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
        assert (0, None) == (service.creates(), worker.code)
    service.until_state(one, S.ACCEPTED)
