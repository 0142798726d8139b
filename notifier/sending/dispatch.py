"""Turns: claim, call and record, until nothing is due.

One transaction records what came back and claims what is due next; the calls between hold no connection. What is in
flight counts until it is recorded, so memory has a bound however many texts wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.orm import Session

from notifier.db.commits import Commits
from notifier.db.outbox import next_due
from notifier.db.threads import DatabaseThreads
from notifier.domain.backoff import backoff
from notifier.domain.clocks import ClockWatch, Timekeeper
from notifier.sending.calls import Calls
from notifier.sending.circuit_monitor import Verdicts
from notifier.sending.claim import LEASE, Claimed, SendingRules, claim
from notifier.sending.concurrency import AtOnce
from notifier.sending.database_trouble import TROUBLE, DatabaseTrouble
from notifier.sending.gates.circuits import UNKNOWN, close_circuits, open_circuit
from notifier.sending.gates.closed import Trial
from notifier.sending.gates.own_writes import OwnWrites
from notifier.sending.outcomes.journal import Journal
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.pause_points import PausePoint, Reached, nobody
from notifier.sending.rate import Pace
from notifier.sms.gateway import Gateway

SaveOutcomes = Callable[[Session, Sequence[Finished], datetime], None]
"""Saves outcomes; handed in."""
_BREATH = 0.01
"""Seconds between two transactions, so that each has a batch to save."""
_GATHER_FOR = 0.06
"""Seconds that a finished call waits for others to be saved with it."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Turn:
    """Why a turn ended, and when the next one is worth its while."""

    next_due: datetime | None
    opens_in: float = 0.0
    """Seconds during which no turn can send anything, whatever is due."""
    closed: str | None = None
    """`clock`, `restored`, `gate`, `circuit` or `stopping`, where nothing may leave."""


class Dispatch:
    """One worker's sending. `turn` is called by one caller at a time; `wake` and `stop` by anybody on the loop."""

    def __init__(
        self,
        threads: DatabaseThreads,
        gateway: Gateway,
        clock: Timekeeper,
        rules: SendingRules,
        *,
        record: SaveOutcomes,
        worker_id: str,
        in_flight: int,
        pace: Pace,
        journal: Journal | None = None,
        why_lost: Callable[[], str | None] = lambda: None,
        reached: Reached = nobody,
    ) -> None:
        self._threads, self._clock, self._rules = threads, clock, rules
        self._record, self._worker_id, self._in_flight = record, worker_id, in_flight
        self._journal = journal or Journal(None, worker_id)
        self.why_lost = why_lost
        """Why the database is no longer the one that we opened; None while it is. Nothing leaves from another one."""
        self._senders = {None, *(office.sender for office in rules.offices.values())}
        self.pace = pace
        self.verdicts = Verdicts(pace, AtOnce(in_flight))
        self.trials: list[Trial] = []
        """Whose circuits one text may pass: a probe has found the provider well."""
        self._on_trial: set[str] = set()
        self.caught_up = False
        """Nothing leaves before this process itself has read what patients wrote, and what has left, while none ran."""
        self.clock_watch = ClockWatch()
        """Nothing leaves while it doubts the clock."""
        self.own = OwnWrites(worker_id)
        self._expired = 0
        self.last_step = clock.monotonic()
        """When the last transaction ended, well or not: a sign of life."""
        self._reached = reached
        self._calls = Calls(
            threads, gateway, clock, rules, at_once=in_flight, pace=pace, verdicts=self.verdicts,
            why_none=self._why_none, reached=reached,
        )  # fmt: skip
        self.trouble = DatabaseTrouble(lambda: len(self._calls.finished))
        """Whether the database can be used, as far as any round of this worker knows."""
        self._stopping = False
        self._woken = False
        self._database_failures = 0

    @property
    def senders(self) -> set[str | None]:
        """The numbers and messaging services that its texts leave through."""
        return {*self._senders, self._rules.sender} - {None}

    @property
    def held(self) -> set[str]:
        """The attempts that this worker knows to be its own: in flight, or finished and not yet recorded."""
        return self._calls.held

    @property
    def is_busy(self) -> bool:
        """Whether so much is in flight that polling for receipts would take calls away from sending."""
        return len(self._calls.begun) > self._in_flight // 2

    def wake(self) -> None:
        """Something may be due that was not."""
        self._woken = True
        self._calls.has_finished.set()

    def look_ahead(self, commits: Commits | None) -> None:
        """Let last looks be taken a little ahead of their calls; None: no longer."""
        self._calls.look_ahead(commits)

    def stop(self) -> None:
        """Claim nothing more; what is in flight is finished and recorded by the turn that runs."""
        self._stopping = self._calls.is_stopping = True
        self.wake()

    async def turn(self) -> Turn:
        """Claim, call and record until nothing is due, in flight or unrecorded."""
        while True:
            self._woken = False
            claimed_at = self._clock.monotonic()  # before the claim: a lease may only look shorter than it is
            claimed = await self._step()
            self.last_step = self._clock.monotonic()
            for one in claimed.claims:
                self._calls.begin(one, claimed_at)
            now = self._clock.monotonic()
            if self._is_beyond_saving():
                return Turn(claimed.next_due, 0.0, claimed.closed)
            if not self.held and not self._more_at_once(claimed):
                self._sum_up()
                return Turn(claimed.next_due, self.pace.opens_at(now, self._senders) - now, claimed.closed)
            await self._wait(claimed)

    async def _step(self) -> Claimed:
        """One transaction: save what is finished, claim what is due. When it fails, nothing of it has happened."""
        batch, self._calls.finished = self._calls.finished, []
        await self._reached(PausePoint.OUTCOME, [one.attempt_id for one in batch])
        trial = self.trials[0] if self.trials else None
        limit, lost_contact = self._room(), self.verdicts.lost_contact
        try:
            operation = partial(self._save_and_claim, batch=batch, limit=limit, trial=trial, lost_contact=lost_contact)
            # What was accepted was counted for its number when it was claimed: no last look sees it otherwise now.
            of_note = lost_contact is not None or any(one.result is not Result.ACCEPTED for one in batch)
            saving = self._threads.write(operation, of_note=of_note)
            claimed = await self._journal.while_saving(batch, saving, lambda: self._calls.finished)
        except TROUBLE as error:
            self._calls.finished = batch + self._calls.finished
            return await self._database_trouble(error)
        except Exception:
            log.exception("turn_failed", texts=len(batch))
            await self._save_one_by_one(batch)
            return Claimed([], closed="error")
        await self._reached(PausePoint.RECORDED, [one.attempt_id for one in batch])
        self._database_failures = 0
        self.verdicts.saved(batch)
        _say_accepted(batch)
        if batch or claimed.claims:
            self.trouble.wrote()
        if claimed.claims:
            self.own.claimed(claimed.claims[-1].attempt_id, claimed.claims[-1].lease_until - LEASE)
        self._expired += claimed.expired
        if claimed.began_to_wait:
            log.error("late_texts_wait", alert=True, texts=claimed.began_to_wait, see="notifier recover --plan")
        if lost_contact:
            self.verdicts.unknown_in_a_row = 0  # told: whoever closes the circuit begins a new count
        self._on_trial.difference_update(one.attempt_id for one in batch)
        if trial and any(one.trial for one in claimed.claims):
            self._on_trial.update(one.attempt_id for one in claimed.claims if one.trial)
            self.trials.remove(trial)
        return claimed

    def _save_and_claim(
        self,
        session: Session,
        *,
        batch: Sequence[Finished],
        limit: int,
        trial: Trial | None,
        lost_contact: str | None,
    ) -> Claimed:
        now = self._clock.now()
        self.own.look(session, now)
        if batch:
            self._record(session, batch, now)
        for one in batch:
            if one.attempt_id in self._on_trial and one.result is Result.ACCEPTED:
                sender = one.sender or self._rules.sender
                close_circuits(session, at=now, by="worker", why="a text was accepted", sender=sender)
        if lost_contact:
            open_circuit(session, reason=lost_contact, code=UNKNOWN, at=now, by="worker")
        self.clock_watch.look(self._clock.machine_now(), self._clock.monotonic())
        if self.clock_watch.doubt:
            return Claimed([], closed="clock")
        if self._stopping or not self.caught_up:
            return Claimed([], closed="stopping" if self._stopping else "gate", next_due=next_due(session))
        room = self.pace.rooms(self._clock.monotonic(), self._senders)
        claim_with = partial(claim, session, self._rules, now=now, worker_id=self._worker_id, limit=limit, room=room)
        tried = claim_with(trial=trial)
        # Where nothing of the sender on trial is due, the others go on meanwhile.
        return tried if trial is None or trial.sender is None or tried.claims else claim_with(trial=None)

    def _is_beyond_saving(self) -> bool:
        """Whether the worker ends, no database will ever take what is finished, and the next one finds it anyway."""
        is_lost = self._stopping and self.why_lost() is not None
        return is_lost and not self._calls.begun and self._journal.keeps(self._calls.finished)

    def _sum_up(self) -> None:
        """After an outage many may have expired: staff tell those patients."""
        if self._expired:
            log.warning("texts_expired", texts=self._expired)
            self._expired = 0

    async def _save_one_by_one(self, batch: Sequence[Finished]) -> None:
        """Something unforeseen in one text must not stop the others. What cannot be saved stays an open attempt: once
        its lease has ended, it is looked up at the provider like one whose worker died."""
        for one in batch:
            operation = partial(self._save_and_claim, batch=[one], limit=0, trial=None, lost_contact=None)
            try:
                await self._journal.while_saving([one], self._threads.write(operation))
                self.verdicts.saved([one])
            except TROUBLE:
                self._calls.finished.append(one)
            except Exception:
                log.exception("outcome_not_saved", message=one.message_id)

    def _why_none(self) -> str | None:
        """Why no call may be made at all."""
        if why := self.why_lost():
            return why
        return "the clock is in doubt" if self.clock_watch.doubt else None

    def _room(self) -> int:
        """How many texts may be claimed."""
        room = self.verdicts.at_once.worth_claiming - len(self._calls.begun) - len(self._calls.finished)
        paced = self.pace.rooms(self._clock.monotonic(), self._senders)
        if paced is None or self._senders - paced.keys():  # some sender has no limit
            return max(0, room)
        return max(0, min(room, sum(paced.values())))

    async def _database_trouble(self, error: Exception) -> Claimed:
        """What is finished stays in memory and is saved as soon as the database takes it."""
        self._database_failures += 1
        self.trouble.met(error)
        await asyncio.sleep(backoff(self._database_failures, first=0.2, longest=5.0))
        return Claimed([], closed="database")

    def _more_at_once(self, claimed: Claimed) -> bool:
        """Whether another claim could find something now, though nothing is in flight."""
        if claimed.closed or self._stopping or claimed.next_due is None or claimed.next_due > self._clock.now():
            return False
        return claimed.looked_at > 0 and self._room() > 0

    async def _wait(self, claimed: Claimed) -> None:
        """Until something is worth the next transaction: a batch to save, or a text that has come due since."""
        calls = self._calls
        if not calls.begun:
            return
        if len(calls.finished) < self._in_flight:
            await asyncio.sleep(_BREATH)
        time = asyncio.get_running_loop().time
        ends = time() + 1.0
        saves: float | None = None
        while calls.begun and not self._woken and len(calls.finished) < self._in_flight:
            if calls.finished and saves is None:
                saves = time() + _GATHER_FOR
            seconds = min(ends, saves or ends) - time()
            if not claimed.backlog and claimed.next_due is not None and self._room():
                seconds = min(seconds, (claimed.next_due - self._clock.now()).total_seconds())
            if seconds <= 0:
                return
            calls.has_finished.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await calls.has_finished.wait()


def _say_accepted(batch: Sequence[Finished]) -> None:
    bound = log.bind()  # a logger that is not bound is made anew for each line
    for one in batch:
        if one.result is Result.ACCEPTED:
            bound.info("accepted", message=one.message_id, sid=one.sid)
