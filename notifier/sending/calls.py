"""Calls: each claimed text is handed over once, so many at a time, after a last look at whether it still may leave."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, cast

import structlog

from notifier.db.commits import Commits
from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.sending.circuit_monitor import Verdicts
from notifier.sending.claim import LEASE, Claim, SendingRules
from notifier.sending.last_look import LastLooks
from notifier.sending.outcomes.from_gateway import finished
from notifier.sending.outcomes.results import Finished
from notifier.sending.pause_points import PausePoint, Reached, nobody
from notifier.sending.rate import Pace
from notifier.sms.gateway import Gateway, NotCreated, Outcome, OutgoingText, Unknown

_Waiting = tuple[Claim, float, float]
"""A claim, when it was made, and when it may leave; both on the monotonic clock."""
_LONGEST_CALL: Final = 20.0
"""Seconds; the gateway has a deadline of its own, this one is for a gateway that has lost it."""
_FEW: Final = 8
"""Calls at once: so few never wait for a last look for long, and nobody is looked at ahead."""
_REFUSED: Final = "the provider has just refused another text"
log = structlog.get_logger()


class Calls:
    """What one worker has in hand: claims that wait, calls in flight, and what became of them until it is taken."""

    def __init__(
        self,
        threads: DatabaseThreads,
        gateway: Gateway,
        clock: Timekeeper,
        rules: SendingRules,
        *,
        at_once: int,
        pace: Pace,
        verdicts: Verdicts,
        why_none: Callable[[], str | None],
        reached: Reached = nobody,
    ) -> None:
        self._gateway, self._clock, self._own = gateway, clock, rules.sender
        ahead = max(0, at_once - _FEW) // 2
        self._looks = LastLooks(threads, clock, rules, next_ones=self._next_ones, ahead=ahead)
        self._at_once, self._pace, self._verdicts = at_once, pace, verdicts
        self._why_none, self._reached = why_none, reached
        self._waiting: deque[_Waiting] = deque()
        self._callers: set[asyncio.Task[None]] = set()
        self.begun: set[str] = set()
        """The attempts that wait or are in flight."""
        self.finished: list[Finished] = []
        self.is_stopping = False
        """Nothing is called any more."""
        self.has_finished = asyncio.Event()
        """Set when the first call has finished, when as many have as fly at once, and with the last."""

    @property
    def held(self) -> set[str]:
        """The attempts in hand, the finished ones among them."""
        return {*self.begun, *(one.attempt_id for one in self.finished)}

    def begin(self, one: Claim, claimed_at: float) -> None:
        """Call as soon as a caller is free and the pace allows."""
        self.begun.add(one.attempt_id)
        self._waiting.append((one, claimed_at, self._pace.take(self._clock.monotonic(), one.sender)))
        if len(self._callers) < self._at_once:
            self._callers.add(asyncio.create_task(self._call_who_waits()))

    def look_ahead(self, commits: Commits | None) -> None:
        """Look at those that are called next before a caller is free, as long as these say what is committed."""
        self._looks.commits = commits

    def _next_ones(self) -> Iterator[Claim]:
        now = self._clock.monotonic()
        return (one for one, _, leaves_at in self._waiting if leaves_at <= now)

    async def _call_who_waits(self) -> None:
        try:
            while self._waiting:
                one, claimed_at, leaves_at = self._waiting.popleft()
                try:
                    await self._call(one, claimed_at, leaves_at)
                except Exception:
                    # Those behind it must not wait for ever; its own attempt is looked up like a dead worker's.
                    log.exception("call_not_booked", message=one.message_id)
                    self.begun.discard(one.attempt_id)
                    self.has_finished.set()
        finally:  # at once: a claim that begins before the loop has buried this task needs a caller of its own
            self._callers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _call(self, one: Claim, claimed_at: float, leaves_at: float) -> None:
        kept, outcome = await self._before(one, claimed_at, leaves_at), None
        if isinstance(kept, int):
            try:
                outcome = await self._send(one, kept)
            except (Exception, asyncio.CancelledError) as error:  # what is not recorded is lost until its lease ends
                if _is_loop_ending():
                    raise  # not the call: this worker's loop ends
                outcome = Unknown(f"The call broke off ({type(error).__name__}).")
        why_not = kept if isinstance(kept, str) else None
        done = finished(one.message_id, one.attempt_id, one.phone, one.sender, outcome, why_not, self._clock.now())
        if outcome is not None:
            retry_after = outcome.retry_after if isinstance(outcome, NotCreated) else None
            at = self._clock.monotonic()
            done = self._verdicts.hear(done, at, retry_after=retry_after)
            if done.retry_after is not None:
                log.warning(
                    "sender_waits",
                    seconds=round(done.retry_after),
                    code=done.code,
                    ending=(one.sender or self._own or "")[-4:],
                )
        self.finished.append(done)
        self.begun.discard(one.attempt_id)
        if len(self.finished) == 1 or len(self.finished) >= self._at_once or not self.begun:
            self.has_finished.set()

    async def _before(self, one: Claim, claimed_at: float, leaves_at: float) -> int | str:
        """For how many seconds the text may be delivered, or why it is not called; then certainly nothing has left."""
        try:
            await self._reached(PausePoint.CLAIMED, (one.attempt_id,))
            if (early := leaves_at - self._clock.monotonic()) > 0:
                await asyncio.sleep(early)
            return await self._look(one, claimed_at)
        except (Exception, asyncio.CancelledError) as error:  # such as a database that restarts
            if _is_loop_ending():
                raise
            return f"it could not be looked at before its call ({type(error).__name__})"

    async def _look(self, one: Claim, claimed_at: float) -> int | str:
        """The last look before the call: other calls, or a pause of this process, may have kept it for long."""
        if self.is_stopping or self._verdicts.has_just_refused(one.sender):  # the rest is seen after the look
            return self._what_forbids(one, claimed_at, self._clock.now()) or _REFUSED
        refusals, found = self._verdicts.refusals, await self._looks.look(one)
        if refusals != self._verdicts.refusals:  # what the look has seen may be from before it was written down
            return _REFUSED
        if isinstance(found, str):
            return found
        now = self._clock.now()  # the look itself may have waited for the database
        return self._what_forbids(one, claimed_at, now) or max(1, int((found - now).total_seconds()))

    def _what_forbids(self, one: Claim, claimed_at: float, now: datetime) -> str | None:
        at = self._clock.monotonic()
        if self.is_stopping:
            return "the worker stops"
        if why_none := self._why_none():
            return why_none
        if self._verdicts.has_just_refused(one.sender):
            return _REFUSED
        if self._pace.is_paused(at, one.sender):
            return "the provider asked for a pause, or cannot be reached"
        left = min(LEASE.total_seconds() - (at - claimed_at), (one.lease_until - now).total_seconds())
        return "its lease is running out" if left < _LONGEST_CALL else None

    async def _send(self, one: Claim, valid_for: int) -> Outcome:
        text = OutgoingText(one.phone, one.body, one.attempt_id, valid_for, one.sender)
        await self._reached(PausePoint.LOOKED, (one.attempt_id,))
        try:
            async with asyncio.timeout(_LONGEST_CALL):
                outcome = await self._gateway.send(text)
        except TimeoutError:
            outcome = Unknown("The call did not end in time.")
        await self._reached(PausePoint.CALLED, (one.attempt_id,))
        return outcome


def _is_loop_ending() -> bool:
    """Whether this worker's loop ends, and not only what was awaited."""
    return cast("asyncio.Task[None]", asyncio.current_task()).cancelling() > 0
