"""The rehearsal: from stop to stop, patients write, staff act, and the worker does everything that is due."""

from __future__ import annotations

import gc
import heapq
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from notifier.bootstrap.planning import planning_rules
from notifier.bootstrap.run_worker import build_worker
from notifier.bootstrap.sending import build_gateway
from notifier.config.settings import Settings
from notifier.db.threads import DatabaseThreads
from notifier.enrollments.changed_inputs import ask_for_changed
from notifier.rehearsal.inline import InlineDatabase
from notifier.rehearsal.ledger import Ledger
from notifier.rehearsal.outage import Outage
from notifier.rehearsal.patients import MadeUpPatient
from notifier.rehearsal.staff import RehearsedStaff
from notifier.rehearsal.stepped import SteppedClock, SteppedTimers
from notifier.sandbox.faults import Act, Fault, Operation
from notifier.sandbox.messages import undelivered
from notifier.sandbox.responses import refusal
from notifier.sandbox.server import Sandbox
from notifier.sms.gateway import Gateway

_TICK: Final = timedelta(minutes=30)
"""Something is looked at at least so often."""
_OPENS, _CLOSES = 9, 18
_LONGEST_STUCK: Final = 10  # 2 ** 10 s
_LOST_CONTACT: Final = Fault(Act.RESET, create=True)
_NO_ANSWER: Final = Fault(Act.RESET)
_OPERATIONS: Final[tuple[Operation, ...]] = ("create", "list", "fetch")
_TOO_MANY: Final = 429


@dataclass(slots=True)
class Rehearsal:
    """What is rehearsed, and with whom."""

    settings: Settings
    engine: Engine
    sandbox: Sandbox
    clock: SteppedClock
    ledger: Ledger
    staff: RehearsedStaff
    coming: Iterator[MadeUpPatient]
    ends: datetime
    zone: ZoneInfo
    outage: Outage | None = None
    watch: Callable[[datetime], None] = lambda _now: None
    """Told each new day."""
    _script: list[tuple[datetime, int, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _stuck: int = 0

    async def run(self) -> None:
        """Play it to its end."""
        self._next_patient()
        self._later(self.clock.now(), self._round_of_desk)
        threads, gateway = InlineDatabase(self.engine), build_gateway(self.settings)
        try:
            if self.outage is not None and self.outage.begins < self.ends:
                await self._until_it_is_over(self.outage, threads, gateway)
            await self._work(threads, gateway, self.ends)
        finally:
            await gateway.close()
            threads.close()
        self.ledger.take(self.sandbox)
        self.ledger.forget(self.sandbox, self.ends + timedelta(days=1))

    async def _until_it_is_over(self, outage: Outage, threads: DatabaseThreads, gateway: Gateway) -> None:
        if not outage.of_twilio:
            await self._work(threads, gateway, outage.begins)
            await self._suffer(outage)
            return
        self._later(outage.begins, self._twilio_falls_silent)
        # Another process goes on once Twilio is back: this one would try again by real seconds, which are weeks here.
        await self._work(threads, gateway, min(outage.ends, self.ends))
        for operation in _OPERATIONS:
            self.sandbox.faults.always(None, on=operation)

    async def _twilio_falls_silent(self) -> None:
        for operation in _OPERATIONS:
            self.sandbox.faults.always(_NO_ANSWER, on=operation)

    async def _work(self, threads: DatabaseThreads, gateway: Gateway, until: datetime) -> None:
        """One process of a worker, from its start to this instant."""
        timers = SteppedTimers(self.clock)
        worker = build_worker(self.settings, threads, gateway, self.clock, timers=timers, speaks=False)
        rules, now = planning_rules(self.settings), self.clock.now()
        await threads.write(lambda session: ask_for_changed(session, rules, now))
        await worker.begin()
        for one in worker.rounds():
            timers.add(one.name, one.every, one.round)
        day = None
        while self.clock.now() < until:
            await self._act()
            await timers.run()
            self._stuck = 0 if self.ledger.take(self.sandbox) else self._stuck + 1
            if (today := self.clock.now().astimezone(self.zone).date()) != day:
                day = today
                self.ledger.forget_old(self.sandbox, self.clock.now())
                self.watch(self.clock.now())
                gc.collect()
            self.clock.set(min(self._next_stop(timers.next_wish), until))

    def _next_stop(self, wish: datetime | None) -> datetime:
        now = self.clock.now()
        stops = [_next_tick(now)]
        if wish is not None:  # what is due and cannot leave is looked at ever less often
            stops.append(max(wish, now + timedelta(seconds=2 ** min(self._stuck, _LONGEST_STUCK))))
        if self._script:
            stops.append(self._script[0][0])
        return max(min(stops), now)

    async def _suffer(self, outage: Outage) -> None:
        """Nobody can use the program, and patients write all the same."""
        while self._script and self._script[0][0] <= min(outage.ends, self.ends):
            at, _, happening = self._script[0]
            if getattr(happening, "__name__", "") != "patient_writes":
                heapq.heappop(self._script)
                self._later(outage.ends + timedelta(minutes=1), happening)
                continue
            self.clock.set(at)
            heapq.heappop(self._script)
            await happening()
        self.clock.set(min(outage.ends, self.ends))

    async def _act(self) -> None:
        while self._script and self._script[0][0] <= self.clock.now():
            await heapq.heappop(self._script)[2]()

    def _later(self, at: datetime, happening: Callable[[], Awaitable[None]]) -> None:
        heapq.heappush(self._script, (at, next(self._order), happening))

    def _next_patient(self) -> None:
        who = next(self.coming, None)
        if who is None:
            return

        async def comes() -> None:
            self._next_patient()
            self._enroll(who)

        self._later(who.at, comes)

    def _enroll(self, who: MadeUpPatient) -> None:
        enrollment = self.staff.enroll(who, self.clock.now())
        if enrollment is None:
            return
        self._meet_fate(who)
        if (visit := who.appointment_at) is not None:

            async def treated() -> None:
                self.staff.treated(enrollment, visit, self.clock.now())

            self._later(visit + timedelta(minutes=10), treated)
        for at, words, stops in who.writes:
            self._writes(at, who.phone, words, stops=stops)

    def _meet_fate(self, who: MadeUpPatient) -> None:
        """What the carrier and the network make of the patient's next text."""
        if who.luck < 0.01:
            self.sandbox.will(who.phone, undelivered(30003))
        elif who.luck < 0.015:
            self.sandbox.will(who.phone, undelivered(30006))
        elif who.luck < 0.025:
            self.sandbox.faults.to(who.phone, _LOST_CONTACT)
        elif who.luck < 0.03:
            busy = refusal(_TOO_MANY, 20429, "Too many requests")
            self.sandbox.faults.to(who.phone, Fault(Act.ANSWER, reply=busy))

    def _writes(self, at: datetime, phone: str, words: str, *, stops: bool) -> None:
        async def patient_writes() -> None:
            await self.sandbox.receive(phone, words)
            if stops:
                self.ledger.stop(phone, self.clock.now())

        self._later(at, patient_writes)

    async def _round_of_desk(self) -> None:
        local = self.clock.now().astimezone(self.zone)
        if local.weekday() < 6 and _OPENS <= local.hour < _CLOSES:
            self.staff.round_of_desk(self.clock.now())
        self._later(_next_tick(self.clock.now()) + _TICK, self._round_of_desk)


def _next_tick(now: datetime) -> datetime:
    seconds = _TICK.total_seconds()
    return now + timedelta(seconds=seconds - now.timestamp() % seconds)


def ledger_file(folder: Path) -> Path:
    """Where the texts are kept that have left."""
    return folder / "ledger.db"
