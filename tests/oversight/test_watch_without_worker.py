"""A dead worker cannot say that it is dead: the web server does, once, and stops when a worker is back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.api_keys import add_key
from notifier.access.idempotency import KEPT
from notifier.bootstrap.web_timers import rounds
from notifier.clock import Clock
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.tables import ApiKey, ApiResponse, Scope
from notifier.oversight.alerts.alert_rules import AlertRules
from notifier.oversight.alerts.on_call import OnCall
from notifier.oversight.alerts.stored_alerts import open_alerts
from notifier.oversight.alerts.watch import MISSED, Alerting, watch, watch_replies, watch_without_worker
from notifier.publishing.present_protocols import PresentProtocols
from notifier.sending.gates.heartbeats import arrive, leave, still_here
from schedules.catalogue import Catalogue
from tests.oversight.test_alerts import ANA, FakeChannel
from tests.setups.sending import Sending


class Web:
    """A web server that looks once a minute."""

    def __init__(self, sending: Sending, channel: FakeChannel) -> None:
        self.sending, self.missed = sending, 0
        self.alerting = Alerting("Glow", "desk-1", AlertRules(ZoneInfo("America/New_York")), OnCall((channel,)))

    async def look(self) -> None:
        self.sending.clock.pass_(minutes=1)
        self.missed = await watch_without_worker(
            self.sending.threads, self.alerting, now=self.sending.clock.now(), missed=self.missed
        )


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


@pytest.fixture
def web(sending: Sending, channel: FakeChannel) -> Web:
    return Web(sending, channel)


def _works(sending: Sending) -> None:
    with writing(sending.engine) as session:
        still_here(session, sending.worker_id, now=sending.clock.now())


async def test_a_dead_worker_is_told_once_and_again_after_it_was_back(
    sending: Sending, web: Web, channel: FakeChannel
) -> None:
    for _ in range(MISSED - 1):
        await web.look()
    assert [] == channel.causes, "it may be starting again"
    for _ in range(5):
        await web.look()
    assert ["worker"] == channel.causes
    assert "no worker is running, so nothing is sent" in channel.heard[0].lines[0].why
    with writing(sending.engine) as session:
        arrive(session, sending.worker_id, host="desk-1", pid=1, now=sending.clock.now())
    assert 0 == await watch_without_worker(sending.threads, web.alerting, now=sending.clock.now(), missed=web.missed)
    await watch(sending.threads, web.alerting, now=sending.clock.now())
    with writing(sending.engine) as session:
        leave(session, sending.worker_id, now=sending.clock.now())
    web.missed = 0
    for _ in range(MISSED):
        await web.look()
    assert ["worker", "worker"] == channel.causes


async def test_two_web_servers_tell_it_once(sending: Sending, web: Web, channel: FakeChannel) -> None:
    other = Web(sending, channel)
    for _ in range(MISSED + 2):
        await web.look()
        await other.look()
    assert ["worker"] == channel.causes


async def test_while_a_worker_lives_the_web_server_leaves_it_to_that(
    sending: Sending, web: Web, channel: FakeChannel
) -> None:
    with writing(sending.engine) as session:
        arrive(session, sending.worker_id, host="desk-1", pid=1, now=sending.clock.now())
    for _ in range(MISSED + 2):
        sending.clock.pass_(minutes=1)
        _works(sending)
        web.missed = await watch_without_worker(
            sending.threads, web.alerting, now=sending.clock.now(), missed=web.missed
        )
    assert (0, []) == (web.missed, channel.causes)


async def test_the_web_server_does_both_by_the_clock(sending: Sending, web: Web, channel: FakeChannel) -> None:
    now = Clock().now()
    with writing(sending.engine) as session:
        add_key(session, "EHR", (Scope.READ,), now=now, by="test")
        session.flush()
        key = session.scalars(select(col(ApiKey.id))).one() or 0
        for number, at in enumerate((now - KEPT - timedelta(minutes=1), now)):
            session.add(ApiResponse(api_key_id=key, idempotency_key=str(number), at=at, body_hash="x"))
    async with rounds(sending.engine, Clock(), web.alerting, replied=asyncio.Event(), look=0.001, tidy=0.001):
        async with asyncio.timeout(10):
            while not channel.causes or _answers(sending) > 1:  # noqa: ASYNC110  # the tables wake nobody
                await asyncio.sleep(0.001)
    assert (["worker"], 1) == (channel.causes, _answers(sending))


async def test_the_web_server_alone_keeps_the_alert_about_words_of_the_page_that_cannot_be_read(
    sending: Sending, web: Web, channel: FakeChannel
) -> None:
    class Broken(PresentProtocols):
        def read(self, session: Session) -> Catalogue:
            return Catalogue({}, {"microneedling": "microneedling: no such step"})

    async with rounds(
        sending.engine, Clock(), web.alerting, replied=asyncio.Event(), protocols=Broken(Catalogue({})), look=0.001
    ):
        async with asyncio.timeout(10):
            while len(channel.causes) < 2:  # noqa: ASYNC110  # the tables wake nobody
                await asyncio.sleep(0.001)
    assert ["protocol-microneedling", "worker"] == sorted(channel.causes)


async def test_urgent_words_that_a_webhook_brings_are_told_at_once_and_once(
    sending: Sending, web: Web, channel: FakeChannel
) -> None:
    replied = asyncio.Event()
    async with rounds(sending.engine, Clock(), web.alerting, replied=replied, beside_worker=True):
        for number, text in enumerate(("thank you", "it is bleeding a lot", "hello?")):
            with writing(sending.engine) as session:
                receive(session, InboundText(f"SM{number}", ANA, text, sending.clock.now()), sending.clock.now())
            replied.set()
            async with asyncio.timeout(10):
                while replied.is_set() or (number and not channel.heard):  # noqa: ASYNC110  # the tables wake nobody
                    await asyncio.sleep(0.001)
    assert ["urgent-2"] == channel.causes


async def test_a_look_at_replies_alone_leaves_every_other_alert_as_it_is(
    sending: Sending, web: Web, channel: FakeChannel
) -> None:
    for _ in range(MISSED):
        await web.look()
    now = sending.clock.now()
    with writing(sending.engine) as session:
        receive(session, InboundText("SM1", ANA, "it is bleeding a lot", now), now)
    for told in (["urgent-1"], []):
        assert told == await watch_replies(sending.threads, web.alerting, now=now)
    with reading(sending.engine) as session:
        assert ["worker", "urgent-1"] == [one.cause for one in open_alerts(session)]


def _answers(sending: Sending) -> int:
    with reading(sending.engine) as session:
        return session.scalar(select(func.count()).select_from(ApiResponse)) or 0
