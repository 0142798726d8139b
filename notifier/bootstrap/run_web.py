"""The web server: the staff page, the API, and the webhooks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine

from notifier.access.second_factor import SecondFactorRule
from notifier.alerting.channel import AlertLine
from notifier.bootstrap.alerting import build_alerting
from notifier.bootstrap.key_set import key_set
from notifier.bootstrap.planning import (
    build_clock,
    missing_for_planning,
    planning_rules,
    protocols,
    read_offices,
    staffed_hours,
)
from notifier.bootstrap.preflight import check_ready_to_serve, refuse_lost_offices
from notifier.bootstrap.prepare_database import prepare_database
from notifier.bootstrap.run_worker import run_worker
from notifier.bootstrap.sealing import sealing
from notifier.bootstrap.sending import answer_rules, media_source
from notifier.bootstrap.signals import on_signals
from notifier.bootstrap.web_timers import rounds
from notifier.config.settings import Settings
from notifier.config.version import running_version
from notifier.db.engine import file_of, open_engine, reading
from notifier.db.errors import DatabaseFailure
from notifier.db.same_file import OpenedFile
from notifier.db.visibility import enrolled_elsewhere
from notifier.domain.clocks import Timekeeper
from notifier.domain.pseudonyms import Pseudonyms
from notifier.logs import configure_logs
from notifier.oversight.alerts.watch import send_alerts
from notifier.publishing.present_protocols import PresentProtocols
from notifier.scheduler.watchdog import notify_systemd
from notifier.sms.signature import SignatureCheck

if TYPE_CHECKING:
    from fastapi import FastAPI

    from notifier.web.context import WebContext
    from notifier.web.webhooks.twilio import WebhookSettings

_PULSE: Final = 0.4
"""Seconds between two looks at whether the database's file is still there."""
_WEB_BUSY_SECONDS: Final = 2
"""A person at a page is told to try again rather than kept waiting."""
log = structlog.get_logger()


def run_all(settings: Settings) -> int:
    """The worker and the web server in one process: the command `notifier run`. Raises what both of them raise."""
    return run_worker(settings, beside=lambda worker: web(settings, worker.age))


def run_web(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. The command `notifier web`.

    Raises BadSettings, DatabaseFailure, and CannotListen.
    """
    check_ready_to_serve(settings)
    configure_logs(level=settings.log_level)
    for name in settings.retired:
        log.warning("setting_ignored", name=name)
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        prepare_database(engine, build_clock(settings).now(), settings.notify_socket)
        with reading(engine) as session:
            refuse_lost_offices(enrolled_elsewhere(session, read_offices(settings)))
    finally:
        engine.dispose()
    if lost := asyncio.run(serve(settings)):
        raise DatabaseFailure(lost)
    return 0


async def serve(settings: Settings) -> str | None:
    """The web server alone, from "ready" to the end of the last answer; why it had to end, if nobody asked it to."""
    stopping = asyncio.Event()
    lost: str | None = None
    on_signals(stopping.set)
    opened = OpenedFile(open_engine(settings.database_url.get_secret_value()))
    async with web(settings):
        log.info("ready", web=os.getpid())
        notify_systemd("READY=1", settings.notify_socket)
        while not stopping.is_set() and not (lost := opened.why_lost()):
            with suppress(TimeoutError):
                async with asyncio.timeout(_PULSE):
                    await stopping.wait()
        notify_systemd("STOPPING=1", settings.notify_socket)
    if lost:
        log.error("database_replaced", alert=True, why=lost)
        await send_alerts(build_alerting(settings), (AlertLine("database", lost, build_clock(settings).now()),))
    return lost


@asynccontextmanager
async def web(settings: Settings, worker_age: Callable[[], float] | None = None) -> AsyncIterator[str]:
    """The web server, with a database engine and threads of its own; its address."""
    from notifier.web.serving import serving  # noqa: PLC0415  # FastAPI takes 0.3 s, and most commands serve nothing

    engine = open_engine(settings.database_url.get_secret_value(), busy_seconds=_WEB_BUSY_SECONDS)
    OpenedFile(engine).guard(engine)
    file = file_of(engine)
    replied = asyncio.Event()
    clock = build_clock(settings)
    disk = file.parent if file else None
    app = build_app(settings, engine, clock, replied=replied.set, worker_age=worker_age, disk=disk)
    seal = sealing(settings, key_set(settings, engine)) if worker_age is None else None
    try:
        async with (
            rounds(
                engine,
                clock,
                build_alerting(settings),
                replied=replied,
                beside_worker=worker_age is not None,
                seal=seal,
                protocols=PresentProtocols(protocols(settings)),
            ),
            serving(app, settings.web_host, settings.web_port) as address,
        ):
            yield address
    finally:
        engine.dispose()


def build_app(
    settings: Settings,
    engine: Engine,
    clock: Timekeeper,
    *,
    replied: Callable[[], None] = lambda: None,
    worker_age: Callable[[], float] | None = None,
    disk: Path | None = None,
) -> FastAPI:
    """Everything that is served, with every router that there is. The arguments are those of `create_app`."""
    from notifier.web.api.app import api_router  # noqa: PLC0415  # as above
    from notifier.web.app import create_app  # noqa: PLC0415  # as above
    from notifier.web.error_pages import to_staff  # noqa: PLC0415  # as above
    from notifier.web.fhir.app import fhir_router  # noqa: PLC0415  # as above
    from notifier.web.hosts import THIS_MACHINE, HostRules  # noqa: PLC0415  # as above
    from notifier.web.pages.routes import staff_router  # noqa: PLC0415  # as above

    context = web_context(settings, engine, clock)
    app = create_app(
        engine,
        clock,
        webhooks=webhook_settings(settings, replied),
        worker_age=worker_age,
        disk=disk,
        backups=settings.backup_dir,
        version=running_version(),
        routers=[staff_router(context), api_router(context), fhir_router(context)],
        error_page=to_staff(context),
        hosts=HostRules(context.public_host, THIS_MACHINE | settings.hosts_of_pages),
    )
    app.state.let_go = context.watch.let_go
    return app


def web_context(settings: Settings, engine: Engine, clock: Timekeeper) -> WebContext:
    """The settings, rules and database that the staff page and the API work with."""
    from notifier.web.context import WebContext  # noqa: PLC0415  # as above

    keys, known = key_set(settings, engine), protocols(settings)
    return WebContext(
        engine,
        clock,
        replace(planning_rules(settings), pseudonyms=Pseudonyms(keys)),
        known,
        keys,
        public_host=urlsplit(settings.public_url).hostname if settings.public_url else None,
        missing=missing_for_planning(settings),
        media=media_source(settings),
        staffed=staffed_hours(settings),
        answers=answer_rules(settings),
        tells_somebody=_tells_somebody(settings),
        second_factor=SecondFactorRule(settings.second_factor),
        present=PresentProtocols(known),
        backups=settings.backup_dir,
        banner=None if settings.is_twilios_own else "Rehearsal: no text reaches a phone",
    )


def _tells_somebody(settings: Settings) -> bool:
    channels = (settings.alert_email, settings.alert_webhook, settings.alert_apprise, settings.clinical_alerts)
    return any(channels) or any(one.alerts for one in read_offices(settings).values())


def webhook_settings(settings: Settings, replied: Callable[[], None] = lambda: None) -> WebhookSettings | None:
    """What proves that a webhook is Twilio's; None where the world cannot reach us, and polling is all there is.

    `replied` is called once a patient's reply is stored.
    """
    from notifier.conversations.reading.classify import read_reply  # noqa: PLC0415  # as above
    from notifier.web.webhooks.twilio import WebhookSettings  # noqa: PLC0415  # as above

    if settings.public_url is None:
        return None
    check_ready_to_serve(settings)
    # Words and weights take a while to read: the first STOP must not wait for them, and be refused for its wait.
    read_reply("STOP")
    tokens = [
        token.get_secret_value() for token in (settings.twilio_auth_token, settings.twilio_auth_token_old) if token
    ]
    check = SignatureCheck(tokens, settings.public_url)
    account = settings.twilio_account_sid or ""
    return WebhookSettings(account, check, answer_rules(settings), replied=replied)
