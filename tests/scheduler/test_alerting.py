"""A worker makes itself heard: it tells somebody what is wrong, and a dead man's switch that it is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from notifier.bootstrap.run_web import webhook_settings
from notifier.bootstrap.run_worker import build_worker
from notifier.bootstrap.sending import answer_rules
from notifier.config.settings import Settings
from notifier.db.engine import writing
from notifier.db.threads import DatabaseThreads
from notifier.scheduler.worker import Worker
from notifier.sending.gates.circuits import open_circuit
from notifier.sms.gateway import Outcome, OutgoingText
from tests.alerting.loopback import web_server
from tests.conftest import Rows
from tests.setups.fakes import FakeClock, FakeGateway


class HeardGateway(FakeGateway):
    """Says when it has been asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.heard = asyncio.Event()

    async def send(self, text: OutgoingText) -> Outcome:
        outcome = await super().send(text)
        self.heard.set()
        return outcome


@asynccontextmanager
async def worker_of(
    engine: Engine, clock: FakeClock, gateway: FakeGateway | None = None, **settings: Any
) -> AsyncIterator[Worker]:
    threads = DatabaseThreads(engine)
    with TemporaryDirectory() as place:
        given = Settings(
            _env_file=None, env="test", messages_per_second=0, database_url=SecretStr("unused"),
            key_file=Path(place, "key"), **settings,
        )  # fmt: skip
        yield build_worker(given, threads, gateway or FakeGateway(clock), clock)  # type: ignore[arg-type]  # it keeps time as a Clock does
    threads.close()


async def test_what_is_wrong_is_told_while_the_worker_runs(engine: Engine, now: Any) -> None:
    clock = FakeClock(now)
    with writing(engine) as session:
        open_circuit(session, reason="the account is closed", code=20003, at=now, by="t")
    async with web_server() as server, worker_of(engine, clock, alert_webhook=SecretStr(server.url)) as worker:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            await server.news.wait()
        worker.stop()
        assert await running
    ((_, document),) = server.asked
    assert [("circuit", "nothing is sent: the account is closed")] == [
        (alert["cause"], alert["why"]) for alert in document["alerts"]
    ]


async def test_urgent_words_are_answered_in_the_clinics_own_words(engine: Engine, now: Any) -> None:
    clock = FakeClock(now)
    gateway = HeardGateway(clock)
    gateway.reply("+12125550101", "I am bleeding")
    with writing(engine) as session:
        Rows(now).enrollment(session)
    given = {
        "clinic_name": "Glow",
        "clinic_phone": "212-555-0100",
        "urgent_answer": "{clinic}: call 911 or {phone}.",
        "twilio_api_url": "http://localhost",
    }
    async with worker_of(engine, clock, gateway, **given) as worker:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            await gateway.heard.wait()
        worker.stop()
        assert await running
    assert ["Glow: call 911 or 212-555-0100."] == [text.body for text in gateway.asked]


async def test_it_beats_only_while_it_turns_and_writes(sqlite_engine: Engine, now: Any) -> None:
    """No beat before the first write, none while a turn fails, none when a minute brings nothing; else one."""
    clock = FakeClock(now)
    async with web_server() as server, worker_of(sqlite_engine, clock, heartbeat_url=SecretStr(server.url)) as worker:
        await worker._beat()
        assert 0 == len(server.asked)
        await worker._heartbeat()
        await worker._beat()
        assert 1 == len(server.asked)
        clock.pass_(seconds=61)
        await worker._beat()
        assert 1 == len(server.asked)
        await worker._heartbeat()
        await worker._beat()
        assert 1 == len(server.asked)  # it writes, and no turn ends
        worker._progress = clock.monotonic()
        await worker._beat()
        assert 2 == len(server.asked)
        worker._last_failed = True
        await worker._beat()
        assert 2 == len(server.asked)


async def test_a_database_that_cannot_be_used_is_told_past_it_once_it_lasts(sqlite_engine: Engine, now: Any) -> None:
    async with (
        web_server() as server,
        worker_of(sqlite_engine, FakeClock(now), alert_webhook=SecretStr(server.url)) as worker,
    ):
        with sqlite_engine.begin() as connection:
            connection.execute(text("ALTER TABLE alerts RENAME TO gone"))
        told = []
        for _ in range(4):
            with pytest.raises(OperationalError):
                await worker._watch()
            told.append(len(server.asked))
    assert [0, 0, 1, 1] == told
    assert "the database cannot be used, so nothing leaves" in str(server.asked)


async def test_a_switch_that_does_not_answer_stops_nothing(sqlite_engine: Engine, now: Any) -> None:
    async with (
        web_server(status=500) as server,
        worker_of(sqlite_engine, FakeClock(now), heartbeat_url=SecretStr(server.url)) as worker,
    ):
        await worker._heartbeat()
        await worker._beat()
    assert 1 == len(server.asked)


def test_a_webhook_answers_as_a_poll_does() -> None:
    twilio = {"twilio_account_sid": "AC" + "0" * 32, "twilio_auth_token": SecretStr("token")}
    clinic = {"clinic_name": "Glow", "clinic_phone": "212-555-0100", "public_url": "https://texts.example.org"}
    settings = Settings(_env_file=None, staffed_hours="Mon-Fri 09:00-17:00", **clinic, **twilio)  # type: ignore[arg-type]  # a table of values
    webhooks = webhook_settings(settings)
    assert webhooks is not None
    assert webhooks.answers is not None
    assert answer_rules(settings) == webhooks.answers
    assert webhooks.answers.staffed is not None


async def test_urgent_words_that_a_poll_brings_are_told_at_once(sqlite_engine: Engine, now: Any) -> None:
    """Not with the next look around, which comes once a minute."""
    clock = FakeClock(now)
    gateway = FakeGateway(clock)
    async with (
        web_server() as server,
        worker_of(sqlite_engine, clock, gateway, clinical_alerts=SecretStr(server.url)) as worker,
    ):
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            while not worker._dispatch.caught_up:  # noqa: ASYNC110  # the first poll wakes nobody outside
                await asyncio.sleep(0.01)
        clock.pass_(seconds=25)
        gateway.reply("+12125550101", "I am bleeding")
        worker._timers.wake("inbound")
        async with asyncio.timeout(30):
            await server.news.wait()
        worker.stop()
        assert await running
    ((_, document),) = server.asked
    assert ["urgent-1"] == [alert["cause"] for alert in document["alerts"]]
