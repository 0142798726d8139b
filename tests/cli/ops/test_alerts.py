"""`notifier alerts`: what is open, and whether the channels work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifier.db.engine import open_engine, writing
from notifier.db.tables import Alert
from notifier.sending.gates.heartbeats import arrive
from tests.alerting.loopback import WebServer, web_server
from tests.cli.conftest import Ran


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A web server in a thread of its own, set as the webhook."""
    begun, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()
    found: list[WebServer] = []

    async def serve() -> None:
        async with web_server() as server:
            found.append(server)
            begun.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert begun.wait(5)
    monkeypatch.setenv("NOTIFIER_ALERT_WEBHOOK", found[0].url)
    yield found[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join(5)
    loop.close()


def test_open_alerts_are_listed_until_they_clear(clinic: Callable[..., Ran], tmp_path: Path) -> None:
    assert "no alert is open" in clinic("alerts").err
    at = datetime(2026, 3, 7, 20, 0, tzinfo=UTC)
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        session.add(Alert(cause="circuit", why="nothing is sent: no sender", opened_at=at))
        session.add(Alert(cause="gate", why="old", opened_at=at, cleared_at=at))
    engine.dispose()
    (one,) = clinic("alerts", "--json").answer
    assert {"cause": "circuit", "why": "nothing is sent: no sender", "since": at.isoformat(), "told_at": None} == one
    assert "not yet" in clinic("alerts").out


def test_without_a_worker_an_empty_list_is_no_all_clear(clinic: Callable[..., Ran], tmp_path: Path) -> None:
    assert "no worker is running, so nobody looks" in clinic("alerts").err
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        arrive(session, "w", host="desk", pid=1, now=datetime(2026, 3, 7, 20, 40, tzinfo=UTC))
    engine.dispose()
    assert "no alert is open\n" == clinic("alerts").err


def test_a_test_goes_through_every_channel(clinic: Callable[..., Ran], listening: WebServer) -> None:
    ran = clinic("alerts", "--test")
    assert (0, "the machine: webhook: told\n") == (ran.code, ran.err)
    assert ["test"] == [alert["cause"] for _, document in listening.asked for alert in document["alerts"]]


def test_a_test_that_does_not_get_through_fails(clinic: Callable[..., Ran], listening: WebServer) -> None:
    listening.status = 500
    ran = clinic("alerts", "--test")
    assert (1, "") == (ran.code, ran.out)
    assert "the machine: webhook: not told, the webhook answered 500" == ran.err.splitlines()[0]


def test_a_test_without_a_channel_says_what_to_set(clinic: Callable[..., Ran]) -> None:
    ran = clinic("alerts", "--test")
    assert 2 == ran.code
    assert "NOTIFIER_ALERT_EMAIL" in ran.err


def test_a_missing_extra_is_bad_configuration(clinic: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifier.alerting.apprise.find_spec", lambda _name: None)
    monkeypatch.setenv("NOTIFIER_ALERT_APPRISE", "ntfy://x")
    ran = clinic("alerts", "--test")
    assert 78 == ran.code
    assert "NOTIFIER_ALERT_APPRISE: it needs the package apprise: pip install 'aftercare-notifier[alerts]'" in ran.err


def test_doctor_names_each_channel_until_it_has_really_told_somebody(
    clinic: Callable[..., Ran], listening: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_CLINICAL_ALERTS", f"{listening.url}nurse; {listening.url}doctor")

    def never() -> list[str]:
        found = [one["found"] for one in clinic("doctor", "--json").answer if one["what"] == "alerts"]
        return [one.partition(" has never told")[0] for one in found if "has never told" in one]

    all_of_them = [f"the webhook to {who}" for who in ("the machine", "the clinic, person 1", "the clinic, person 2")]
    assert all_of_them == never()
    listening.status = 500
    assert 1 == clinic("alerts", "--test").code
    assert all_of_them == never()
    listening.status = 200
    assert 0 == clinic("alerts", "--test").code
    assert [] == never()
    monkeypatch.setenv("NOTIFIER_CLINICAL_ALERTS", f"{listening.url}nurse; {listening.url}another")
    assert ["the webhook to the clinic, person 2"] == never(), "another address is another channel"
