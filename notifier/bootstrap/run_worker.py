"""The worker's process: built, run under its lock, drained."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import SystemRandom
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.alerting.channel import AlertLine
from notifier.alerting.webhook import beat
from notifier.bootstrap.alerting import build_alerting, with_present
from notifier.bootstrap.key_set import key_set
from notifier.bootstrap.planning import build_clock, planning_rules, protocols, read_offices
from notifier.bootstrap.preflight import check_ready_to_send, refuse_lost_offices
from notifier.bootstrap.prepare_database import prepare_database, say_restored
from notifier.bootstrap.receiving import build_receive
from notifier.bootstrap.scheduled_backups import scheduled_backups
from notifier.bootstrap.sealing import SEAL_EVERY, sealing
from notifier.bootstrap.sending import answer_rules, build_gateway, sending_rules
from notifier.bootstrap.signals import on_signals
from notifier.clock import Clock
from notifier.config.settings import Settings
from notifier.conversations.ask_again import ask_again
from notifier.conversations.at_closing import answer_at_closing, unanswered_at_closing
from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import file_of, open_engine, reading, writing
from notifier.db.errors import DatabaseFailure
from notifier.db.filesystems import refuse_network
from notifier.db.integrity import look_before_start
from notifier.db.same_file import OpenedFile
from notifier.db.threads import DatabaseThreads
from notifier.db.visibility import enrolled_elsewhere
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.pseudonyms import Pseudonyms
from notifier.enrollments.changed_inputs import ask_for_changed
from notifier.enrollments.replan import replan
from notifier.logs import configure_logs
from notifier.oversight.alerts.watch import Alerting, send_alerts, watch, watch_replies
from notifier.publishing.present_protocols import PresentProtocols
from notifier.scheduler.booking_hooks import HOOKS_EVERY, BookingHooks
from notifier.scheduler.calendar_feeds import FEEDS_EVERY, CalendarFeeds
from notifier.scheduler.forgetting import FORGET_EVERY, Forgetting
from notifier.scheduler.timers import RoundTimers
from notifier.scheduler.webhook_posts import EVERY, WebhookPosts
from notifier.scheduler.worker import Worker
from notifier.scheduler.worker_lock import lock_file, only_worker
from notifier.scheduler.worker_settings import Extra, Outside, WorkerSettings
from notifier.sending.dispatch import Dispatch
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.outcomes.journal import Journal, journal_place
from notifier.sending.outcomes.save import save_outcomes
from notifier.sending.rate import Pace
from notifier.sms.gateway import Gateway, ProviderMessage

Beside = Callable[[Worker], AbstractAsyncContextManager[object]]
"""What runs in the worker's process too, such as the staff page: entered before "ready", left after the drain."""
log = structlog.get_logger()


def run_worker(settings: Settings, *, beside: Beside = lambda _worker: nullcontext()) -> int:
    """Work until SIGTERM or SIGINT; the exit code. The command `notifier worker`, and with the page beside it, `run`.

    Raises BadSettings where something is missing that a worker needs, DatabaseFailure, and AnotherWorker.
    """
    check_ready_to_send(settings)
    configure_logs(level=settings.log_level)
    for name in settings.retired:
        log.warning("setting_ignored", name=name)
    clock = build_clock(settings)
    engine = open_engine(settings.database_url.get_secret_value(), for_worker=True)
    try:
        refuse_network(engine)
        prepare_database(engine, clock.now(), settings.notify_socket)
        look_before_start(engine)
        with reading(engine) as session:
            refuse_lost_offices(enrolled_elsewhere(session, read_offices(settings)))
        with only_worker(engine, clock.now()):
            say_restored(engine)
            with writing(engine) as session:
                ask_for_changed(session, planning_rules(settings), clock.now())
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
    on_signals(worker.stop)
    gc.freeze()  # what is built by now stays to the end: no search for garbage need look through it again
    try:
        async with beside(worker):
            drained = await worker.run(ready=lambda: log.info("ready", worker=os.getpid()))
    finally:
        await gateway.close()
    threads.close(wait=drained)
    if worker.damage:
        raise DatabaseFailure(worker.damage)
    return drained


def build_worker(
    settings: Settings,
    threads: DatabaseThreads,
    gateway: Gateway,
    clock: Clock,
    *,
    timers: RoundTimers | None = None,
    speaks: bool = True,
) -> Worker:
    """A worker over these threads and this gateway.

    `timers`: a rehearsal's. `speaks`: to staff and to other systems too; a rehearsal's speaks to phones alone.
    """
    random = SystemRandom().random
    place = journal_place(threads.engine, settings.state_directory)
    file = file_of(threads.engine)
    opened = OpenedFile(threads.engine, *([lock_file(file)] if file else []))
    opened.guard(threads.engine)
    worker_id = str(uuid4())  # fresh for each process: pids and host names come again, after a restart of a container
    dispatch = Dispatch(
        threads,
        gateway,
        clock,
        sending_rules(settings),
        record=save_outcomes,
        worker_id=worker_id,
        in_flight=settings.in_flight,
        pace=Pace(settings.messages_per_second, random=random),
        journal=Journal(place, worker_id),
        why_lost=opened.why_lost,
    )
    about = WorkerSettings(
        worker_id=worker_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        messages_per_second=settings.messages_per_second,
        on_unknown=settings.on_unknown,
        webhooks=settings.public_url is not None,
        is_exclusive=file is not None,
        shifted=settings.clock_file is not None,
        systemd=settings.notify_socket,
        watchdog_usec=settings.watchdog_usec,
        journal=place,
    )
    answers = answer_rules(settings)
    outside = Outside(
        at_closing=partial(_answer_unread, threads, answers),
        ask_again=(lambda now: threads.write(lambda session: ask_again(session, answers, now))) if answers else None,
    )
    if speaks:
        outside = _with_others(outside, settings, threads, gateway, clock)
    return Worker(
        threads, gateway, clock, dispatch, about, receive=build_receive(settings), apply=_apply,
        replan=partial(_replan, rules=planning_rules(settings)), outside=outside, random=random,
        timers=timers,
    )  # fmt: skip


def _with_others(
    outside: Outside, settings: Settings, threads: DatabaseThreads, gateway: Gateway, clock: Clock
) -> Outside:
    """With what tells staff, and what other systems hear and say."""
    alerting = build_alerting(settings)
    heartbeat = settings.heartbeat_url
    keys = key_set(settings, threads.engine)
    seal = sealing(settings, keys)
    rules = replace(planning_rules(settings), pseudonyms=Pseudonyms(keys))
    present = PresentProtocols(protocols(settings))
    beside = (threads, clock, present, rules)
    forgetting = (threads, clock, gateway, rules, Pseudonyms(keys), settings.retention_days)
    return replace(
        outside,
        watch=lambda now: _watch(threads, alerting, present, now),
        watch_replies=lambda now: watch_replies(threads, alerting, now=now),
        beat=partial(beat, heartbeat.get_secret_value()) if heartbeat else None,
        rounds=(
            Extra("webhooks out", EVERY, WebhookPosts(threads, clock).round),
            Extra("booking hooks", HOOKS_EVERY, BookingHooks(*beside).round),
            Extra("calendar feeds", FEEDS_EVERY, CalendarFeeds(*beside).round),
            Extra("seal", SEAL_EVERY, partial(seal, threads, clock)),
            Extra("forgetting", FORGET_EVERY, Forgetting(*forgetting).round),
            *scheduled_backups(settings, threads.engine, clock, alerting),
        ),
        alarm=lambda why, now: send_alerts(alerting, (AlertLine("database", why, now),)),
    )


async def _watch(threads: DatabaseThreads, alerting: Alerting, protocols: PresentProtocols, now: datetime) -> list[str]:
    return await watch(threads, await with_present(threads, alerting, protocols), now=now)


async def _answer_unread(threads: DatabaseThreads, answers: AnswerRules | None, now: datetime) -> None:
    """Nearly always there is nothing to write: then nobody has to wait for a writer."""
    if answers is None:
        return
    if await threads.read(lambda session: bool(unanswered_at_closing(session, answers, now))):
        await threads.write(lambda session: answer_at_closing(session, answers, now))


def _replan(session: Session, now: datetime, *, rules: PlanningRules) -> int:
    return replan(session, rules, now)


def _apply(session: Session, found: ProviderMessage, now: datetime) -> None:
    apply_receipt(
        session, sid=found.sid, status=found.status, error_code=found.error_code, token=None, at=now,
        source="poll")  # fmt: skip
