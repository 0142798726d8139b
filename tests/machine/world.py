"""The engine whole, on a real database, between patients and a provider that remembers; time is an argument.

One process at a time: it may be killed at any point of a text's way, its clock may be set, and its database may go back
in time under it. What staff and patients do is told to the engine and to the model of the promises alike.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url
from sqlmodel import col

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.db.tables import Enrollment
from notifier.domain.refused import Refused
from notifier.enrollments.command import Command
from notifier.enrollments.enroll import enroll
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import EnrollRequest
from notifier.sending.adopt import adopt
from notifier.sending.compare_at_start import compare
from notifier.sending.gates.confirm_clock import confirm_clock
from notifier.sending.gates.heartbeats import last_in_use
from notifier.sending.gates.probe import probe
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.outcomes.resolve import OnUnknown
from notifier.sending.pause_points import PausePoint
from notifier.sms.gateway import OutgoingText, ProviderMessage
from schedules.catalogue import parse_protocol
from tests.conftest import Rows
from tests.machine.copies import Snapshot, copy
from tests.machine.process import RULES, MachineClock, Process, Provider
from tests.machine.promises import PROTOCOLS, Course, Known, Text, broken, said_twice
from tests.setups.fakes import FakeClock

CATALOGUE = {file.stem: parse_protocol(file.stem, file.read_text("utf-8")) for file in PROTOCOLS.glob("*.toml")}


class World:
    """Everything that happens goes through here, and is judged here."""

    def __init__(self, engine: Engine, now: datetime, place: Path, on_unknown: OnUnknown) -> None:
        self.engine, self.place, self._on_unknown = engine, place, on_unknown
        self.truth = FakeClock(now)
        self.known = Known()
        self.violations: list[str] = []
        self.texts: list[tuple[str, Text]] = []
        self.made = set[str]()
        """The attempts that the provider has made a text of, whatever we have heard."""
        self.given_up = set[tuple[str, str]]()
        """The steps of which a person said, too late for them, that they had not left: nobody says them again."""
        self._not_lost = set[str]()
        """The SIDs that had another receipt than of a failure: receipts come in any order, and the first may win."""
        self.operations = 0
        self._looked: dict[str, list[Known]] = {}
        self._snapshot: Snapshot | None = None
        self._nobodys = set[str]()
        self.provider = Provider(self.truth, made=self._made)
        clock = MachineClock(self.truth)
        self.process = Process(engine, clock, self.provider, Rows(now), in_flight=2, passed=self._passed)
        self._started = False

    # What is judged

    def _passed(self, point: PausePoint, attempts: Collection[str]) -> None:
        """Between the moment at which its look may have begun and its end, one state of knowledge must allow it."""
        for attempt in attempts:
            if point in (PausePoint.CLAIMED, PausePoint.LOOKED):
                self._looked.setdefault(attempt, []).append(self.known)

    def _made(self, sid: str, text: OutgoingText) -> None:
        before = [one for _, one in self.texts]
        made = Text(sid, self.truth.now(), text.to, text.body, timedelta(seconds=text.validity_seconds))
        self.texts.append((sid, made))
        self.made.add(text.token)
        looked = self._looked.get(text.token, [self.known])
        wrong = [broken(made, known, before, self.provider.failed) for known in looked]
        if all(wrong):
            self.violations.append(f"{wrong[-1]}: {made}")

    def judge(self) -> None:
        """Nothing that was made so far breaks a promise."""
        not_hers = self.provider.failed | self._nobodys
        twice = said_twice([(text, sid in not_hers) for sid, text in self.texts])
        assert not self.violations + twice, "\n".join(self.violations + twice)

    # What staff and patients do

    @property
    def now(self) -> datetime:
        """What the machine's clock shows."""
        return self.process.clock.now()

    def enroll(self, course: Course, *, second: bool) -> None:
        self.operations += 1
        request = EnrollRequest(
            course.name, course.phone, course.protocol, "signed form", treated_at=course.treated_at,
            timezone=course.zone, language=course.language, second=second, separate_areas=course.separate,
            provider=f"Dr. {course.whose}",
        )  # fmt: skip
        with suppress(Refused), writing(self.engine) as session:
            done = enroll(session, request, protocols=CATALOGUE, rules=RULES, now=self.now, by="desk")
            if not done.already:
                self._learn({course.whose: course}, course.phone)

    def command(self, whose: str, command: Command, *, patient: dict[str, Any] | None = None, **values: Any) -> None:
        """Do it to the course; `values` become different of it, `patient` of all courses of its patient."""
        self.operations += 1
        mine, them = self.known.courses[whose], patient or {}
        with suppress(Refused), writing(self.engine) as session:
            found = select(col(Enrollment.id)).where(col(Enrollment.provider) == f"Dr. {whose}")
            apply(session, session.scalars(found).one() or 0, command, rules=RULES, now=self.now, by="desk")
            after = {
                one.whose: replace(one, **them, **(values if one.whose == whose else {}))
                for one in self.known.courses.values()
                if one.phone == mine.phone and one.name == mine.name
            }
            self._learn(after, mine.phone, them.get("phone", mine.phone))

    def _learn(self, courses: dict[str, Course], *phones: str) -> None:
        """Staff know this from now on; who shares a number with it has its texts planned anew."""
        after = {**self.known.courses, **courses}
        now = max(self.truth.now(), self.now)  # by a clock that is ahead, what is to come seems to have passed
        known = {one.whose: replace(one, changed_at=max(one.changed_at, now)) for one in after.values()}
        self.known = replace(
            self.known, courses={k: known[k] if one.phone in phones else one for k, one in after.items()}
        )
        for phone in phones[1:]:  # who has said stop is the same patient with another number
            if (at := self.known.stopped.get(phones[0])) is not None and phone not in self.known.stopped:
                self.known = replace(self.known, stopped={**self.known.stopped, phone: at})
            if phones[0] in self.known.wrote_stop and self._was_texted(phones[0], after):
                wrote = {**self.known.wrote_stop, phone: self.known.wrote_stop[phones[0]]}
                self.known = replace(self.known, wrote_stop=wrote)

    def _was_texted(self, phone: str, courses: Collection[str]) -> bool:
        """Whether one of these courses' texts went to the number: else nobody can say whose words came from it."""
        bodies = [one.body for _, one in self.texts if one.phone == phone]
        return any(f"Dr. {whose} " in body for whose in courses for body in bodies)

    def write(self, phone: str, words: str, *, by_webhook: bool) -> None:
        """A patient writes STOP in some words."""
        self.operations += 1
        record = self.provider.reply(phone, words)
        self.known = replace(self.known, wrote_stop={**self.known.wrote_stop, phone: self.truth.now()})
        if by_webhook:
            with writing(self.engine) as session:
                receive(session, InboundText(record.sid, phone, words, record.created_at), self.now)
            self._read(record)

    def _read(self, record: ProviderMessage) -> None:
        """It is known now, of every number that she has."""
        self.known = replace(self.known, stopped={record.from_: self.truth.now(), **self.known.stopped})

    def receipt(self, number: int, status: str, code: int | None, *, by_webhook: bool) -> None:
        """What became of a text, counted from the last one: in any order, doubled, and late."""
        self.operations += 1
        if not self.texts:
            return
        sid = self.texts[-1 - number % len(self.texts)][0]
        self.provider.becomes(sid, status, code)
        if by_webhook:
            with writing(self.engine) as session:
                apply_receipt(
                    session, sid=sid, status=status, error_code=code, token=None, at=self.now, source="callback"
                )
        failed = status in ("failed", "undelivered")
        if not failed:  # it may be the first that is heard of it
            self._not_lost.add(sid)
        bounced = self.known.bounced | ({sid} if failed and by_webhook else set())
        self.known = replace(self.known, bounced=bounced - self._not_lost)

    # What the process does

    async def pulse(self) -> datetime | None:
        """Once everything that a worker does by its timers; when the next text is due, by the true time."""
        process = self.process
        if not self._started:
            await self._start()
        dispatch, threads, clock = process.dispatch, process.threads, process.clock
        dispatch.clock_watch.look(clock.now(), clock.monotonic())
        await confirm_clock(threads, self.provider, dispatch.clock_watch, worker_id=process.worker_id, now=clock.now())
        if await process.inbound():
            for record in self.provider.inbound:
                self._read(record)
            if not dispatch.caught_up and not dispatch.clock_watch.doubt:
                await compare(threads, self.provider, senders=dispatch.senders, now=clock.now())
                dispatch.caught_up = True
        if not dispatch.clock_watch.doubt:
            await process.takeover()
            dispatch.trials += await probe(threads, self.provider, now=clock.now())
            await process.look_up(self._on_unknown)
            await process.receipts()
        await process.replans.round()
        turn = await process.turn_or_die()
        if turn is None:
            self._started = False
            return None
        due: datetime | None = turn.next_due
        return due and due - clock.off

    async def _start(self) -> None:
        process = self.process
        process.start()
        process.dispatch.caught_up = False
        process.dispatch.clock_watch.begin(self.now, await process.threads.read(last_in_use))
        await self.heartbeat()
        self._started = True

    async def heartbeat(self) -> None:
        own, threads = self.process.dispatch.own, self.process.threads
        await threads.write(lambda session: own.alive(session, self.now, host="here", pid=1))
        own.committed()

    async def live(
        self, span: timedelta, *, at_least_every: timedelta = timedelta(hours=6), until_a_text: bool = False
    ) -> None:
        """Time passes; the process works whenever a text is due, now and then, and ever less often where one waits."""
        self.operations += 1
        until, wait, first = self.truth.now() + span, timedelta(minutes=1), len(self.texts)
        while True:
            before, due = len(self.texts), await self.pulse()
            if (left := until - self.truth.now()) <= timedelta(0) or (until_a_text and len(self.texts) > first):
                return
            is_stuck = due is not None and due <= self.truth.now() and len(self.texts) == before
            wait = min(2 * wait, timedelta(minutes=16)) if is_stuck else timedelta(minutes=1)
            hop = max(due - self.truth.now(), wait) if due else at_least_every
            self.truth.pass_(seconds=min(hop, left, at_least_every).total_seconds())
            await self.heartbeat()

    def kill(self) -> None:
        """The process is gone, between two turns."""
        self.operations += 1
        self._started = False

    # What becomes of machines

    def set_clock(self, off: timedelta) -> None:
        self.operations += 1
        self.process.clock.off = off

    def snapshot(self) -> None:
        """A copy of the database, as it is now."""
        self.operations += 1
        file = self.place / "older.db"
        file.unlink(missing_ok=True)
        copy(self._file, file)
        self._snapshot = Snapshot(file, self.known, len(self.texts))

    def go_back(self, *, under_the_worker: bool) -> None:
        """The database is that copy again, and nobody says so."""
        self.operations += 1
        then = self._snapshot
        if then is None:
            return
        self.engine.dispose()
        copy(then.file, self._file)
        self._started &= under_the_worker
        # Staff enroll anew who is not there; a STOP since is at the provider, and to be read again.
        self.known = replace(then.known, wrote_stop=self.known.wrote_stop)
        self._nobodys.update(then.nobodys(self.texts))

    async def recover(self) -> None:
        """Staff ask the provider what has left since."""
        self.operations += 1
        with suppress(Refused):
            await adopt(self.process.threads, self.provider, now=self.now, by="desk")

    @property
    def _file(self) -> str:
        return str(make_url(str(self.engine.url)).database)
