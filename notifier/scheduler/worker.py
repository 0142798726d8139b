"""The worker: which round runs when, from the first start to a drained end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from notifier.alerting.channel import NotDelivered
from notifier.db.commits import Commits, commits_of
from notifier.db.errors import DatabaseDamaged
from notifier.db.integrity import ThoroughCheck
from notifier.db.same_file import DatabaseReplaced
from notifier.db.threads import DatabaseThreads
from notifier.domain.backoff import Random, backoff
from notifier.domain.clocks import Timekeeper
from notifier.scheduler.inbound_polls import Inbound
from notifier.scheduler.missed_watches import MissedWatches
from notifier.scheduler.receipt_polls import ReceiptPolls
from notifier.scheduler.replans import Replan, Replans
from notifier.scheduler.replay_journal import save_left_behind
from notifier.scheduler.timers import LastRound, RoundTimers, Timers
from notifier.scheduler.unknown_zones import name_unknown_zones
from notifier.scheduler.watchdog import SystemdPing, Watchdog, hangs_after, notify_systemd
from notifier.scheduler.worker_settings import Extra, Outside, WorkerSettings
from notifier.sending.dispatch import Dispatch, Turn
from notifier.sending.gates.confirm_clock import confirm_clock
from notifier.sending.gates.heartbeats import last_in_use, leave
from notifier.sending.gates.probe import probe
from notifier.sending.gates.recoveries import sentences
from notifier.sending.gates.senders import remember_senders
from notifier.sending.outcomes.resolve import call_dead_attempts_unknown, resolve
from notifier.sending.outcomes.save import save_outcomes
from notifier.sending.poll import Apply, Receive
from notifier.sms.gateway import Gateway

PULSE: Final = 0.4
"""Seconds between two looks at the clocks and at what others wrote."""
JUMP: Final = 2.0
"""Seconds by which the wall clock may run ahead of or behind the monotonic one between two looks."""
DRAIN: Final = 22.0
"""Seconds for what is in flight to end; a call has a deadline of 18."""
_SAFETY, _LOST, _RECEIPTS, _HEARTBEAT, _CLOCK, _WATCH = 30.0, 5.0, 5.0, 10.0, 15.0, 60.0
log = structlog.get_logger()


class Worker:
    """One process's sending, polling and looking up. Build and run it inside one event loop."""

    def __init__(
        self,
        threads: DatabaseThreads,
        gateway: Gateway,
        clock: Timekeeper,
        dispatch: Dispatch,
        settings: WorkerSettings,
        *,
        receive: Receive,
        apply: Apply,
        replan: Replan,
        outside: Outside | None = None,
        random: Random | None = None,
        timers: RoundTimers | None = None,
    ) -> None:
        """`timers`: a rehearsal's; it calls `begin` and the `rounds` itself, and never `run`."""
        self._threads, self._gateway, self._clock = threads, gateway, clock
        self._dispatch, self._settings = dispatch, settings
        self._outside, self._random = outside or Outside(), random
        self._stopping = asyncio.Event()
        self._timers = timers or Timers(is_said=dispatch.trouble.met)
        self._inbound = Inbound(
            threads, gateway, clock, dispatch, receive=receive, random=random,
            wake=self._timers.wake, webhooks=settings.webhooks)  # fmt: skip
        self._replans = Replans(threads, clock, replan)
        self._lost_failures, self._lost_not_before = 0, 0.0
        self._last_drift = self._drift()
        self._seen: object = None
        """What was committed when the last pulse looked."""
        self._receipts = ReceiptPolls(threads, gateway, clock, dispatch, apply=apply, webhooks=settings.webhooks)
        self._progress = clock.monotonic()
        self._ping = SystemdPing(settings.systemd, settings.watchdog_usec)
        self._wrote = float("-inf")
        self._last_failed = False
        self._missed_watches = MissedWatches(self._outside)
        self.damage: str | None = None
        """Why no worker may run on this database, in a sentence for a person."""

    def stop(self) -> None:
        """Claim nothing more, finish what is in flight, and let `run` return."""
        self._stopping.set()

    def age(self) -> float:
        """Seconds since the last sign of progress; any thread may ask."""
        return self._clock.monotonic() - self._last_progress

    @property
    def _last_progress(self) -> float:
        return max(self._progress, self._dispatch.last_step)

    async def run(self, ready: Callable[[], None] = lambda: None) -> bool:
        """Work until `stop`; whether everything in flight was finished and written down by then."""
        me, timers = self._settings, self._timers
        await self.begin()
        watchdog = Watchdog(self.age, limit=hangs_after(me.watchdog_usec))
        commits = commits_of(self._threads)
        self._dispatch.look_ahead(commits)
        for one in self.rounds():
            timers.add(one.name, one.every, one.round)
        timers.start()
        watchdog.start()
        notify_systemd("READY=1", me.systemd)
        ready()
        loop = asyncio.get_running_loop()
        check = ThoroughCheck(self._threads.engine, lambda why: loop.call_soon_threadsafe(self._found_damage, why))
        check.start()
        zones = asyncio.create_task(name_unknown_zones(self._threads.engine))
        await self._pulse(commits)
        zones.cancel()
        check.stop()
        self._dispatch.stop()
        notify_systemd("STOPPING=1", me.systemd)
        drained = await timers.stop("dispatch", DRAIN)
        watchdog.stop()
        self._dispatch.look_ahead(None)
        commits.close()
        if drained:
            with suppress(DatabaseDamaged, DatabaseReplaced):
                await self._threads.write(lambda session: leave(session, me.worker_id, now=self._clock.now()))
        if self.damage and self._outside.alarm is not None:
            await self._outside.alarm(self.damage, self._clock.now())
        log.info("stopped", drained=drained)
        return drained

    def _found_damage(self, why: str, event: str = "database_damaged") -> None:
        """What was read is in doubt, opt-outs among it: nothing more leaves."""
        log.error(event, alert=True, why=why)
        self.damage = why
        self.stop()

    def rounds(self) -> Sequence[Extra]:
        """Everything that it does again and again, in the order in which it begins."""
        return (
            Extra("clock", _CLOCK, self._confirm_clock),
            Extra("inbound", 120.0 if self._settings.webhooks else 30.0, self._inbound.round),
            Extra("lost", _LOST, self._lost),
            Extra("dispatch", min(_SAFETY, self._ping.every), self._turn),
            Extra("replan", _SAFETY, self._replans.round),
            Extra("receipts", _RECEIPTS, self._receipts.round),
            Extra("heartbeat", _HEARTBEAT, self._heartbeat),
            Extra("replies", _WATCH, self._watch_replies),
            Extra("asks", _WATCH, self._ask_again),
            Extra("watch", _WATCH, self._watch),
            Extra("closing", _WATCH, self._at_closing),
            Extra("beat", _WATCH, self._beat),
            *self._outside.rounds,
        )

    async def begin(self) -> None:
        """What a person must know before anything is sent, whether the clock can be right, and a first sign of life."""
        now, senders = self._clock.now(), self._dispatch.senders
        await save_left_behind(self._threads, self._settings.journal, save_outcomes, now=now)
        for sentence in await self._threads.read(lambda session: sentences(session, now)):
            log.error("texts_wait", alert=True, why=sentence)
        if not self._settings.shifted:
            self._dispatch.clock_watch.begin(now, await self._threads.read(last_in_use))
        await self._threads.write(lambda session: remember_senders(session, senders, at=now))
        await self._heartbeat()

    async def _pulse(self, commits: Commits) -> None:
        """On the monotonic clock alone: a wall clock that is set back would stop every timer until it catches up."""
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PULSE):
                    await self._stopping.wait()
            self._dispatch.clock_watch.look(self._clock.machine_now(), self._clock.monotonic())
            self._notice_jump()
            if (why := self._dispatch.why_lost()) and not self._stopping.is_set():
                self._found_damage(why, "database_replaced")
            self._ping.progressed(self._last_progress)
            self._notice(commits)

    def _notice_jump(self) -> None:
        drift, self._last_drift = self._last_drift, self._drift()
        if abs(self._last_drift - drift) > JUMP:
            log.warning("clock_jumped", seconds=round(self._last_drift - drift))
            self._inbound.clock_jumped()
            self._receipts.clock_jumped()
            self._timers.wake_all()
            self._dispatch.wake()

    def _notice(self, commits: Commits) -> None:
        """That another process wrote: a patient was enrolled at the desk, a hold was released."""
        try:
            mark = commits.mark()
        except Exception as error:  # noqa: BLE001  # the database is away; the turn says so and waits for it
            log.debug("changes_not_seen", why=type(error).__name__)
            return
        if mark != self._seen:
            self._seen = mark
            self._dispatch.wake()
            self._timers.wake("dispatch")
            self._timers.wake("replan")

    def _drift(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    async def _turn(self) -> None:
        turn = await self._dispatch.turn()
        if self._stopping.is_set():
            raise LastRound
        self._progress = self._clock.monotonic()
        self._last_failed = turn.closed in ("database", "error")
        if turn.closed == "gate":
            self._timers.wake("inbound")
        if turn.closed == "database":
            self._timers.wake("dispatch")  # the turn has waited before it ended, longer each time
        self._wake_again(turn)

    def _wake_again(self, turn: Turn) -> None:
        """At the next due instant; a second on, at the earliest, where what is due now cannot leave now."""
        if turn.next_due is None:
            return
        now = self._clock.now()
        at = max(turn.next_due, now + timedelta(seconds=turn.opens_in))
        if turn.closed or (at <= now and not turn.opens_in):
            at = max(at, now + timedelta(seconds=1))
        self._timers.wake_at("dispatch", self._clock.machine_time(at))

    async def _confirm_clock(self) -> None:
        watch, me = self._dispatch.clock_watch, self._settings
        doubt = watch.doubt
        await confirm_clock(self._threads, self._gateway, watch, worker_id=me.worker_id, now=self._clock.now())
        if doubt and not watch.doubt:
            self._timers.wake("lost")
            self._timers.wake("dispatch")

    async def _lost(self) -> None:
        """What nobody knows the fate of: dead workers' texts, lost answers, and a provider that may be well again."""
        if self._dispatch.clock_watch.doubt:
            return  # by a wrong clock, the span that proves a text absent may seem to have passed
        me, now = self._settings, self._clock.now()
        held = self._dispatch.held  # read here: the database's thread must not look into the loop's affairs
        await call_dead_attempts_unknown(
            self._threads, now=now, worker_id=me.worker_id, held=held, others_are_dead=me.is_exclusive
        )
        if trials := await probe(self._threads, self._gateway, now=now, random=self._random):
            self._dispatch.trials += [one for one in trials if one not in self._dispatch.trials]
            self._timers.wake("dispatch")
        if self._clock.monotonic() < self._lost_not_before:
            return
        looked = await resolve(self._threads, self._gateway, now=now, on_unknown=me.on_unknown)
        self._lost_failures = 0 if looked is not None else self._lost_failures + 1
        wait = backoff(self._lost_failures, first=10, longest=300, random=self._random) if self._lost_failures else 0.0
        self._lost_not_before = self._clock.monotonic() + wait
        if looked:
            self._timers.wake("dispatch")

    async def _heartbeat(self) -> None:
        own, me = self._dispatch.own, self._settings
        alive = await self._threads.write(
            lambda session: own.alive(session, self._clock.now(), host=me.host, pid=me.pid)
        )
        own.committed()
        self._dispatch.pace.per_second = self._settings.messages_per_second / alive
        self._wrote = self._clock.monotonic()
        self._dispatch.trouble.wrote()

    async def _watch(self) -> None:
        self._notice_jump()  # this may run before the pulse has seen it
        if not self._inbound.jumped:
            await self._missed_watches.watch(self._clock.now())

    async def _ask_again(self) -> None:
        if self._outside.ask_again is not None and await self._outside.ask_again(self._clock.now()):
            self._timers.wake("dispatch")

    async def _watch_replies(self) -> None:
        """Woken whenever replies were read: urgent words must not wait for the next look around."""
        if self._outside.watch_replies is not None:
            await self._outside.watch_replies(self._clock.now())

    async def _at_closing(self) -> None:
        if self._outside.at_closing is not None and not self._dispatch.clock_watch.doubt:
            await self._outside.at_closing(self._clock.now())

    async def _beat(self) -> None:
        """Only while turns come to an end and the database takes writes: who hears nothing sounds the alarm."""
        wrote = self._clock.monotonic() - self._wrote
        if self._outside.beat is None or self._last_failed or max(wrote, self.age()) > _WATCH:
            return
        try:
            await self._outside.beat()
        except NotDelivered as why:
            log.warning("beat_not_heard", why=str(why))
