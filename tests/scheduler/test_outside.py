"""A worker makes itself heard: it tells somebody what is wrong, and a dead man's switch that it is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine

from notifier.bootstrap.working import build_worker
from notifier.db.circuits import open_circuit
from notifier.db.engine import writing
from notifier.db.threads import DatabaseThreads
from notifier.scheduler.worker import Worker
from notifier.settings import Settings
from tests.fakes import FakeClock, FakeGateway
from tests.telling.loopback import web_server


@asynccontextmanager
async def worker_of(engine: Engine, clock: FakeClock, **settings: Any) -> AsyncIterator[Worker]:
    threads = DatabaseThreads(engine)
    given = Settings(_env_file=None, env="test", messages_per_second=0, database_url=SecretStr("unused"), **settings)
    yield build_worker(given, threads, FakeGateway(clock), clock)  # type: ignore[arg-type]  # it keeps time as a Clock does
    threads.close()


async def test_what_is_wrong_is_told_while_the_worker_runs(engine: Engine, now: Any) -> None:
    clock = FakeClock(now)
    with writing(engine) as session:
        open_circuit(session, "clinic", reason="the account is closed", code=20003, at=now, by="t")
    async with web_server() as server, worker_of(engine, clock, alert_webhook=SecretStr(server.url)) as worker:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(5):
            await server.news.wait()
        worker.stop()
        assert await running
    ((_, document),) = server.asked
    assert [("circuit", "nothing is sent: the account is closed")] == [
        (alert["cause"], alert["why"]) for alert in document["alerts"]
    ]


async def test_it_beats_only_while_it_turns_and_writes(sqlite_engine: Engine, now: Any) -> None:
    """No beat before the first write, none while a turn fails, none when a minute brings nothing; else one."""
    clock = FakeClock(now)
    async with web_server() as server, worker_of(sqlite_engine, clock, heartbeat_url=SecretStr(server.url)) as worker:
        await worker._beat()
        assert 0 == len(server.asked)
        await worker._presence()
        await worker._beat()
        assert 1 == len(server.asked)
        clock.pass_(seconds=61)
        await worker._beat()
        assert 1 == len(server.asked)
        await worker._presence()
        await worker._beat()
        assert 1 == len(server.asked)  # it writes, and no turn ends
        worker._progress = clock.monotonic()
        await worker._beat()
        assert 2 == len(server.asked)
        worker._last_failed = True
        await worker._beat()
        assert 2 == len(server.asked)


async def test_a_switch_that_does_not_answer_stops_nothing(sqlite_engine: Engine, now: Any) -> None:
    async with (
        web_server(status=500) as server,
        worker_of(sqlite_engine, FakeClock(now), heartbeat_url=SecretStr(server.url)) as worker,
    ):
        await worker._presence()
        await worker._beat()
    assert 1 == len(server.asked)
