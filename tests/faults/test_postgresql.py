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
from tests.faults.server import Server
from tests.faults.world import World, set_clock
from tests.setups import faults

S = MessageState
pytestmark = pytest.mark.postgres


def tell(world: World, *statements: str) -> None:
    with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))


CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


def test_restarted_while_two_workers_send_it_costs_no_text_and_no_double(server: Server, served_world: World) -> None:
    world = served_world
    texts = world.plan_many(40)
    world.sandbox.sandbox.latency = 0.1
    workers = [world.start(NOTIFIER_IN_FLIGHT="3") for _ in range(2)]
    until(lambda: len(world.sandbox.ledger) > 5, "nothing leaves")
    server.restart("immediate")
    until(lambda: len(world.sandbox.ledger) == 40, lambda: f"{world.states()}")
    world.until_none(S.PLANNED)
    assert [None, None] == [worker.code for worker in workers]
    assert [1] * 40 == [len(world.ledger_of(one)) for one in texts]


def test_gone_between_the_answer_and_our_commit_it_is_written_down_when_it_comes_back(
    server: Server, served_world: World
) -> None:
    world = served_world
    world.sandbox.sandbox.keep_back()
    worker = world.start()
    one = world.plan()
    until(lambda: len(world.sandbox.ledger) == 1, "Twilio got nothing")
    server.stop()
    world.sandbox.release()
    until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
    server.start()
    world.until_state(one, S.ACCEPTED)
    assert (world.sandbox.ledger[0].sid, 1) == (world.message(one).sid, world.creates())
    assert [None] == [call.last_look_at for call in world.attempts(one)], "it was kept, not looked up"
    assert worker.code is None


@pytest.mark.parametrize("when", ["INSERT", "UPDATE"], ids=["the claim", "the answer"])
def test_cut_off_at_the_commit_it_asks_before_it_acts_again(postgresql_world: World, when: str) -> None:
    """The server drops the connection at the very commit, twice."""
    world = postgresql_world
    tell(
        world,
        "CREATE SEQUENCE shifted.cuts",
        "CREATE FUNCTION shifted.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('shifted.cuts') <= 2 "
        "THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); END IF; RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER cut AFTER {when} ON attempts DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION shifted.cut()",
    )
    texts = world.plan_many(5)
    world.start()
    world.until_none(S.PLANNED, S.ATTEMPTING)
    assert [1] * 5 == [len(world.ledger_of(one)) for one in texts]
    assert 5 == world.creates()


@pytest.mark.slow
def test_cut_off_again_and_again_it_goes_on(postgresql_world: World) -> None:
    world = postgresql_world
    texts = world.plan_many(40)
    world.sandbox.sandbox.latency = 0.05
    for _ in range(2):
        world.start(NOTIFIER_IN_FLIGHT="2")
    for _ in range(15):
        tell(world, CUT_OFF)
        let_run(0.1)
    world.until_none(S.PLANNED, S.ATTEMPTING)
    assert [1] * 40 == [len(world.ledger_of(one)) for one in texts]


def test_after_a_failover_to_a_read_only_server_nothing_leaves(postgresql_world: World) -> None:
    world = postgresql_world
    soon = world.clock.now() + timedelta(minutes=1)
    one = world.plan(due=soon)
    worker = world.start()
    world.until_caught_up()
    database = world.engine.url.database
    tell(world, f'ALTER DATABASE "{database}" SET default_transaction_read_only = on', CUT_OFF)
    set_clock(world.folder, soon)
    until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
    assert (0, S.PLANNED) == (world.creates(), world.state(one))
    tell(world, "SET default_transaction_read_only = off", f'ALTER DATABASE "{database}" RESET ALL')
    tell(world, f'ALTER DATABASE "{database}" SET search_path = public, shifted, pg_catalog', CUT_OFF)
    world.until_state(one, S.ACCEPTED)
    assert worker.code is None


@pytest.mark.parametrize(("workers", "count"), [(2, 200), pytest.param(4, 10_000, marks=pytest.mark.slow)])
def test_several_workers_share_the_work_and_double_nothing(postgresql_world: World, workers: int, count: int) -> None:
    world = postgresql_world
    soon = world.clock.now().replace(minute=10)
    world.plan_at_once(count, due=soon)
    world.sandbox.sandbox.latency = 0.1
    for _ in range(workers):
        world.start(NOTIFIER_IN_FLIGHT="10")
    world.jump(soon)
    until(lambda: world.states() == {S.ACCEPTED: count}, lambda: str(world.states()), seconds=600)
    assert count == len({(one.to, one.body) for one in world.sandbox.ledger}) == len(world.sandbox.ledger)
    assert all(share > count / 10 for share in world.shares().values())
    assert workers == len(world.shares())


def paused_after_its_claim(world: World) -> tuple[WorkerProcess, list[int]]:
    """A worker that has claimed three texts, has called for two, and is stopped."""
    texts = world.plan_many(3)
    world.sandbox.sandbox.keep_back()
    worker = world.start(NOTIFIER_IN_FLIGHT="2")
    until(lambda: world.states().get(S.ATTEMPTING) == 3 and world.creates() == 2, lambda: str(world.states()))
    worker.send(signal.SIGSTOP)
    world.sandbox.release()
    return worker, texts


def test_a_worker_that_slept_past_its_lease_does_not_make_the_call(postgresql_world: World) -> None:
    """Another one has looked the text up meanwhile, proved that it never left, and sent it."""
    world = postgresql_world
    sleeper, texts = paused_after_its_claim(world)
    world.pass_(seconds=70)
    world.start()
    world.until_none(S.ATTEMPTING)
    for _ in range(5):
        world.step(minutes=8)
        if became(lambda: world.states() == {S.ACCEPTED: 3}, within=1.0):
            break
    assert 3 == world.creates()
    sleeper.send(signal.SIGCONT)
    until(lambda: sleeper.said("clock_jumped"), lambda: str(sleeper.lines))
    assert 0 == sleeper.end()
    assert (3, [1, 1, 1]) == (world.creates(), [len(world.ledger_of(one)) for one in texts])


def test_a_worker_whose_lease_was_given_away_does_not_make_the_call_though_its_clock_says_it_may(
    postgresql_world: World,
) -> None:
    """Only the database's clock shows that the lease has ended."""
    world = postgresql_world
    sleeper, texts = paused_after_its_claim(world)
    tell(world, "UPDATE shifted.clock SET ahead = ahead + interval '70 s'")
    world.start()
    until(lambda: world.states() == {S.ACCEPTED: 2, S.UNKNOWN: 1}, lambda: str(world.states()))
    let_run(1.1)  # a claim younger than a second needs no second look
    sleeper.send(signal.SIGCONT)
    world.until_none(S.UNKNOWN, S.PLANNED, S.ATTEMPTING)
    assert (3, [1, 1, 1]) == (world.creates(), [len(world.ledger_of(one)) for one in texts])
    given_back = next(calls for one in texts if len(calls := world.attempts(one)) > 1)
    assert ["it was taken over", None] == [call.detail for call in given_back]


def test_a_worker_with_the_name_and_pid_of_a_dead_one_is_not_taken_for_it(postgresql_world: World) -> None:
    """As after the restart of a container."""
    world = postgresql_world
    one = world.plan()
    world.faults.then(faults.hang())
    dead = world.start()
    until(lambda: world.creates() == 1, "no call")
    dead.end(signal.SIGKILL)
    other = world.start()
    tell(world, f"UPDATE workers SET pid = {other.pid}")
    world.pass_(seconds=70)
    world.until_state(one, S.UNKNOWN)


def test_a_row_that_somebody_else_has_locked_is_passed_by(postgresql_world: World) -> None:
    world = postgresql_world
    texts = world.plan_many(5)
    with world.engine.begin() as somebody:
        somebody.execute(text("SELECT * FROM messages WHERE id = :id FOR UPDATE"), {"id": texts[0]})
        world.start()
        until(lambda: world.states() == {S.PLANNED: 1, S.ACCEPTED: 4}, lambda: str(world.states()))
    world.until_state(texts[0], S.ACCEPTED)


@contextmanager
def every_connection_taken(world: World) -> Iterator[None]:
    address = world.url.replace("+psycopg", "")
    taken: list[psycopg.Connection[tuple[object, ...]]] = []
    try:
        while True:
            taken.append(psycopg.connect(address))
    except psycopg.OperationalError:
        pass
    yield
    for connection in taken:
        connection.close()


def test_with_no_connection_left_it_waits_for_one(served_world: World) -> None:
    world = served_world
    soon = world.clock.now() + timedelta(minutes=1)
    one = world.plan(due=soon)
    worker = world.start()
    world.until_caught_up()
    worker.send(signal.SIGSTOP)
    tell(world, CUT_OFF)
    world.engine.dispose()
    with every_connection_taken(world):
        worker.send(signal.SIGCONT)
        set_clock(world.folder, soon)
        until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
        assert (0, None) == (world.creates(), worker.code)
    world.until_state(one, S.ACCEPTED)
