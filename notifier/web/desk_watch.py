"""The state of the desk for every open page of this process: looked up once for all of them, and only after something
was written.

An open page leaves a question with the server, which holds it until there is news. What holds it tells nothing: once
there is news, or the time is over, the question goes the way of every other one, session and rights included.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from notifier.access.accounts import SignedIn
from notifier.access.sessions import who_have
from notifier.db.change_mark import ChangeMark
from notifier.db.engine import reading
from notifier.db.visibility import looking
from notifier.domain.clocks import Timekeeper
from notifier.oversight.desk_state import DeskState, desk_state

_FRESH: Final = 0.8
"""Seconds for which what was looked up holds."""
_MOST_HELD: Final = 200
"""Questions at once; any more are answered at once. Half of the connections that the server takes."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Held:
    """A question that waits: of which session (by the hash of its token), and what its page knows."""

    session: str
    known: str


@dataclass
class DeskWatch:
    """By the offices of whoever asks. Processes share nothing but the tables, so each finds the same."""

    every: float = 1.5
    """Seconds between two looks at whether anything was written."""
    held_for: float = 40.0
    """Seconds after which a question is answered anyway: proxies cut what is silent for a minute, some after 50."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: dict[frozenset[str] | None, tuple[float, DeskState]] = field(default_factory=dict)
    _sessions: Mapping[str, SignedIn] = field(default_factory=dict)
    """Whose the waiting sessions were at the last look; without those that are locked or over."""
    _held: dict[asyncio.Future[None], Held] = field(default_factory=dict)
    _looking: asyncio.Task[None] | None = None
    _looked_at: object = None

    def state(self, engine: Engine, yours: frozenset[str] | None, now: datetime, monotonic: float) -> DeskState:
        """The state of a moment ago. `monotonic`: seconds on a clock that never jumps."""
        with self._lock:
            known = self._found.get(yours)
            if known is not None and 0 <= monotonic - known[0] < _FRESH:
                return known[1]
            return self._look_up(engine, yours, now, monotonic)

    async def hold(
        self, question: Held, left: Callable[[], Awaitable[None]], engine: Engine, clock: Timekeeper
    ) -> None:
        """Wait until there is news for that page, its session is over, or the time is; or whoever asked has `left`."""
        is_known = question.session in self._sessions
        if len(self._held) >= _MOST_HELD or (is_known and self._is_news(question)):
            return
        news = asyncio.get_running_loop().create_future()
        self._held[news] = question
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._keep_looking(engine, clock))
        leaving = asyncio.ensure_future(left())
        try:
            await asyncio.wait([news, leaving], timeout=self.held_for, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            del self._held[news]

    def let_go(self) -> None:
        """Answer everybody now, such as before the server stops. To be called in its event loop."""
        for news in self._held:
            if not news.done():
                news.set_result(None)

    async def _keep_looking(self, engine: Engine, clock: Timekeeper) -> None:
        """As long as somebody waits."""
        try:
            with closing(await run_in_threadpool(ChangeMark, engine)) as mark:  # the pool may let it wait
                while await asyncio.sleep(self.every, self._held):
                    waiting = dict(self._held)
                    await run_in_threadpool(self._look, {one.session for one in waiting.values()}, engine, mark, clock)
                    for news, question in waiting.items():
                        if not news.done() and self._is_news(question):
                            news.set_result(None)
        except (SQLAlchemyError, sqlite3.Error) as error:
            log.warning("desk_watch_ended", error=type(error).__name__)
        finally:
            self._looked_at, self._sessions = None, {}
            self.let_go()  # such as without a database: each is told so in the words of every page

    def _look(self, waiting: Collection[str], engine: Engine, mark: ChangeMark, clock: Timekeeper) -> None:
        """What comes by the passing of time comes on the full minute; so do sessions that are locked."""
        now = clock.now()
        seen = mark.read(), now.replace(second=0, microsecond=0)
        if seen == self._looked_at and self._sessions.keys() >= set(waiting):
            return
        with reading(engine) as session:
            sessions = who_have(session, waiting, now=now)
        with self._lock:
            for yours in {_offices(one) for one in sessions.values()}:
                self._look_up(engine, yours, now, clock.monotonic())
        # Last, all at once: the event loop compares what comes meanwhile with what was found for these sessions.
        self._sessions, self._looked_at = sessions, seen

    def _look_up(self, engine: Engine, yours: frozenset[str] | None, now: datetime, monotonic: float) -> DeskState:
        with looking(engine, yours) as session:
            state = desk_state(session, now)
        self._found[yours] = monotonic, state
        return state

    def _is_news(self, question: Held) -> bool:
        who = self._sessions.get(question.session)
        return who is None or question.known != self._found[_offices(who)][1].token


def _offices(who: SignedIn) -> frozenset[str] | None:
    return None if who.offices is None else frozenset(who.offices)
