"""Builds the house: the only place where settings become engines, gateways and workers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.actions.alerts import Telling, watch
from notifier.actions.dispatch import Dispatch
from notifier.actions.poll import Receive
from notifier.actions.receipts import apply_receipt
from notifier.actions.receive import InboundText, receive
from notifier.actions.record import record
from notifier.clock import Clock, ShiftedClock
from notifier.db.claims import SendingRules
from notifier.db.engine import file_of, open_engine
from notifier.db.schema import check_file, prepare
from notifier.db.tables import CLINIC
from notifier.db.threads import DatabaseThreads
from notifier.domain.alerts import AlertRules
from notifier.domain.answers import AnswerRules
from notifier.domain.pace import Pace
from notifier.domain.staffed_hours import StaffedHours
from notifier.logs import configure_logs
from notifier.scheduler.lock import alone
from notifier.scheduler.watchdog import tell_systemd
from notifier.scheduler.worker import Outside, Worker, WorkerSettings
from notifier.settings import BadSettings, Settings, check_ready_to_send, check_ready_to_serve
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Gateway, MessageRecord
from notifier.sms.twilio_gateway import TwilioGateway
from notifier.sms.webhooks import SignatureCheck
from notifier.telling.tellers import tellers
from notifier.telling.web import beat
from schedules.send_window import SendWindow, zone_named
from schedules.wording import Voice

if TYPE_CHECKING:
    from notifier.web.webhooks import WebhookSettings

Beside = Callable[[Worker], AbstractAsyncContextManager[object]]
"""What runs in the worker's process too, such as the staff page: entered before "ready", left after the drain."""
_WEB_BUSY_SECONDS: Final = 2
"""A person at a page is told to try again rather than kept waiting."""
_SPARE_CONNECTIONS: Final = 5
log = structlog.get_logger()


def run_all(settings: Settings) -> int:
    """The worker and the web server in one process: the command `notifier run`. Raises what both of them raise."""
    return run_worker(settings, beside=lambda worker: web(settings, worker.age))


def run_web(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. The command `notifier web`.

    Raises BadSettings, DatabaseUnusable, and CannotListen.
    """
    check_ready_to_serve(settings)
    configure_logs(level=settings.log_level)
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        prepare(engine)
    finally:
        engine.dispose()
    asyncio.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """The web server alone, from "ready" to the end of the last answer."""
    stopping = asyncio.Event()
    _on_signals(stopping.set)
    async with web(settings):
        log.info("ready", web=os.getpid())
        tell_systemd("READY=1", settings.notify_socket)
        await stopping.wait()
        tell_systemd("STOPPING=1", settings.notify_socket)


@asynccontextmanager
async def web(settings: Settings, worker_age: Callable[[], float] | None = None) -> AsyncIterator[str]:
    """The web server, with a database engine and threads of its own; its address."""
    from notifier.web.app import create_app  # noqa: PLC0415  # FastAPI takes 0.3 s, and most commands serve nothing
    from notifier.web.serving import serving  # noqa: PLC0415  # the same

    engine = open_engine(settings.database_url.get_secret_value(), busy_seconds=_WEB_BUSY_SECONDS)
    file = file_of(engine)
    app = create_app(
        engine,
        build_clock(settings),
        clinic_id=CLINIC,
        webhooks=webhook_settings(settings),
        worker_age=worker_age,
        disk=file.parent if file else None,
    )
    try:
        async with serving(app, settings.web_host, settings.web_port) as address:
            yield address
    finally:
        engine.dispose()


def webhook_settings(settings: Settings) -> WebhookSettings | None:
    """What proves that a webhook is Twilio's; None where the world cannot reach us, and polling is all there is."""
    from notifier.web.webhooks import WebhookSettings  # noqa: PLC0415  # as above

    if settings.public_url is None:
        return None
    check_ready_to_serve(settings)
    tokens = [
        token.get_secret_value() for token in (settings.twilio_auth_token, settings.twilio_auth_token_old) if token
    ]
    check = SignatureCheck(tokens, settings.public_url)
    return WebhookSettings(CLINIC, settings.twilio_account_sid or "", check, answer_rules(settings))


def run_worker(settings: Settings, *, beside: Beside = lambda _worker: nullcontext()) -> int:
    """Work until SIGTERM or SIGINT; the exit code. The command `notifier worker`, and with the page beside it, `run`.

    Raises BadSettings where something is missing that a worker needs, DatabaseUnusable, and AnotherWorker.
    """
    check_ready_to_send(settings)
    configure_logs(level=settings.log_level)
    clock = build_clock(settings)
    engine = open_engine(settings.database_url.get_secret_value())
    try:
        prepare(engine)
        check_file(engine)
        with only_worker(engine, clock.now()):
            drained = asyncio.run(work(settings, engine, clock, beside=beside))
    finally:
        engine.dispose()
    if not drained:
        # A thread still waits for the database, and Python would wait for the thread. The tables know what was lost.
        os._exit(0)
    return 0


async def work(
    settings: Settings, engine: Engine, clock: Clock, *, beside: Beside = lambda _worker: nullcontext()
) -> bool:
    """A worker in this event loop, from "ready" to a drained end; False where something could not be finished."""
    threads = DatabaseThreads(engine)
    gateway = build_gateway(settings)
    worker = build_worker(settings, threads, gateway, clock)
    _on_signals(worker.stop)
    try:
        async with beside(worker):
            drained = await worker.run(ready=lambda: log.info("ready", worker=os.getpid()))
    finally:
        await gateway.close()
    threads.close(wait=drained)
    return drained


def build_worker(settings: Settings, threads: DatabaseThreads, gateway: Gateway, clock: Clock) -> Worker:
    """A worker over these threads and this gateway."""
    worker_id = str(uuid4())  # fresh for each process: pids and host names come again, after a restart of a container
    dispatch = Dispatch(
        threads,
        gateway,
        clock,
        sending_rules(settings),
        record=record,
        worker_id=worker_id,
        in_flight=settings.in_flight,
        pace=Pace(settings.messages_per_second),
    )
    about = WorkerSettings(
        clinic_id=CLINIC,
        worker_id=worker_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        messages_per_second=settings.messages_per_second,
        on_unknown=settings.on_unknown,
        webhooks=settings.public_url is not None,
        alone=file_of(threads.engine) is not None,
        shifted=settings.clock_file is not None,
        systemd=settings.notify_socket,
    )
    telling = build_telling(settings)
    heartbeat = settings.heartbeat_url
    outside = Outside(
        watch=lambda now: watch(threads, telling, CLINIC, now=now),
        beat=partial(beat, heartbeat.get_secret_value()) if heartbeat else None,
    )
    return Worker(threads, gateway, clock, dispatch, about, receive=reply_story(settings), apply=_apply, outside=outside)


def build_telling(settings: Settings) -> Telling:
    """Who at the clinic is told what is wrong. Raises BadSettings."""
    hidden = (settings.smtp_url, settings.alert_webhook, settings.alert_apprise)
    smtp_url, webhook, apprise = (one.get_secret_value() if one else None for one in hidden)
    try:
        channels = tellers(mail_to=settings.alert_email, smtp_url=smtp_url, webhook=webhook, apprise=apprise)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_ALERT_APPRISE: {error}."]) from None
    rules = AlertRules(zone_named(settings.timezone or "UTC"), _staffed(settings), settings.public_url is not None)
    return Telling(settings.clinic_name or "Notifier", socket.gethostname(), rules, channels)


def reply_story(settings: Settings) -> Receive:
    """What is done with a reply that a poll brings."""
    return partial(_receive, answers=answer_rules(settings))


def answer_rules(settings: Settings) -> AnswerRules | None:
    """How urgent words are answered; None where nobody has said in whose name."""
    if not settings.clinic_name or not settings.clinic_phone:
        return None
    given = {"en": settings.urgent_answer, "es": settings.urgent_answer_es}
    words = {language: said for language, said in given.items() if said}
    voice = Voice(settings.clinic_name, settings.clinic_phone)
    return AnswerRules(voice, zone_named(settings.timezone or "UTC"), _staffed(settings), words)


def build_gateway(settings: Settings) -> Gateway:
    """The port to Twilio, or to what speaks its API. Build it inside the event loop that uses it."""
    return TwilioGateway(twilio_account(settings))


def build_clock(settings: Settings) -> Clock:
    """The machine's clock, or the shifted one of demo and tests. Raises BadSettings for a bad clock file."""
    if settings.clock_file is None:
        return Clock()
    try:
        return ShiftedClock(settings.clock_file)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_CLOCK_FILE: {error}."]) from None


def only_worker(engine: Engine, now: datetime) -> AbstractContextManager[None]:
    """On SQLite the lock that one worker holds; on PostgreSQL there may be any number."""
    file = file_of(engine)
    return nullcontext() if file is None else alone(file, now=now)


def sending_rules(settings: Settings) -> SendingRules:
    """What is checked again when a text leaves."""
    window = SendWindow.parse(settings.send_window)
    return SendingRules(CLINIC, window, settings.max_texts_per_day, settings.recover_above)


def twilio_account(settings: Settings) -> TwilioAccount:
    """The account that texts leave from. Raises BadSettings."""
    secret = settings.twilio_api_key_secret
    try:
        return TwilioAccount(
            account_sid=settings.twilio_account_sid or "",
            auth_token=settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else None,
            api_key_sid=settings.twilio_api_key_sid,
            api_key_secret=secret.get_secret_value() if secret else None,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            from_number=settings.twilio_from_number,
            api_url=settings.twilio_api_url,
            status_callback_base=settings.public_url,
            max_connections=settings.in_flight + _SPARE_CONNECTIONS,
        )
    except ValueError as error:
        raise BadSettings([str(error)]) from None


def _staffed(settings: Settings) -> StaffedHours | None:
    return StaffedHours.parse(settings.staffed_hours) if settings.staffed_hours else None


def _receive(session: Session, found: MessageRecord, now: datetime, *, answers: AnswerRules | None = None) -> None:
    inbound = InboundText(found.sid, found.from_, found.body, found.created_at, found.media_count)
    receive(session, CLINIC, inbound, now, answers=answers)


def _apply(session: Session, found: MessageRecord, now: datetime) -> None:
    apply_receipt(
        session, CLINIC, sid=found.sid, status=found.status, error_code=found.error_code, token=None, at=now,
        source="poll",
    )  # fmt: skip


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(_stop, stop))


def _stop(stop: Callable[[], None]) -> None:
    log.info("stopping")
    stop()
