"""One worker's use cases over a real database, a provider that remembers and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.events import of_message
from notifier.db.outbox import by_id
from notifier.db.tables import Attempt, Event, Message
from notifier.db.threads import DatabaseThreads
from notifier.domain.offices import Offices
from notifier.domain.staffed_hours import StaffedClock, StaffedHours
from notifier.domain.states import MessageState
from notifier.sending.claim import SendingRules
from notifier.sending.dispatch import Dispatch, Turn
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.outcomes.resolve import OnUnknown, call_dead_attempts_unknown, resolve
from notifier.sending.outcomes.save import save_outcomes
from notifier.sending.pause_points import PausePoint
from notifier.sending.poll import poll_inbound, poll_receipts
from notifier.sending.rate import Pace
from schedules.send_window import SendWindow
from tests.conftest import Rows
from tests.setups.fakes import FakeClock, FakeGateway
from tests.setups.gate import inbound_was_read

ALWAYS = StaffedClock(StaffedHours.parse("Mon-Sun 00:00-24:00"), ZoneInfo("America/New_York"))
OWN = "+12125550000"
"""The clinic's own sender."""


@dataclass
class Sending:
    """Built by `open_house`; `crash` leaves everything as a killed process would."""

    engine: Engine
    clock: FakeClock
    gateway: FakeGateway
    rows: Rows
    in_flight: int = 10
    per_second: float = 0.0
    recover_above: int = 50
    daily_cap: int = 2
    answers: AnswerRules | None = None
    offices: Offices = field(default_factory=dict)
    window: SendWindow = field(default_factory=SendWindow)
    webhooks: bool = False
    at: dict[PausePoint, Callable[[], None]] = field(default_factory=dict)
    """What happens once, when the first text reaches the point."""
    threads: DatabaseThreads = field(init=False)
    dispatch: Dispatch = field(init=False)
    staffed: StaffedClock | None = ALWAYS
    worker_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.threads = DatabaseThreads(self.engine)
        self.start()

    def start(self) -> None:
        """A new worker process, which has read what patients wrote."""
        self.worker_id = str(uuid4())
        self.dispatch = Dispatch(
            self.threads, self.gateway, self.clock, self.rules, record=save_outcomes, worker_id=self.worker_id,
            in_flight=self.in_flight, pace=Pace(self.per_second), reached=self._reached,
        )  # fmt: skip
        self.dispatch.caught_up = True

    async def _reached(self, point: PausePoint, attempts: Collection[str]) -> None:
        if attempts and (happens := self.at.pop(point, None)):
            happens()

    @property
    def rules(self) -> SendingRules:
        return SendingRules(
            self.window, self.daily_cap, self.recover_above, OWN, offices=self.offices, staffed=self.staffed
        )

    async def turn(self, *, gate: bool = True) -> Turn:
        """One turn; `gate`: a complete inbound poll has just ended."""
        if gate:
            self.open_gate()
        return await self.dispatch.turn()

    def open_gate(self) -> None:
        with writing(self.engine) as session:
            inbound_was_read(session, self.clock.now())

    async def inbound(self) -> bool:
        def store(session: Any, found: Any, now: datetime) -> None:
            inbound = InboundText(
                found.sid, found.from_, found.body, found.created_at, found.media_count, written_to=(found.to,)
            )
            receive(session, inbound, now, answers=self.answers)

        return await poll_inbound(
            self.threads, self.gateway, now=self.clock.now(), receive=store, webhooks=self.webhooks
        )

    async def receipts(self, *, most: int = 500) -> int | None:
        def apply(session: Any, found: Any, now: datetime) -> None:
            apply_receipt(
                session, sid=found.sid, status=found.status, error_code=found.error_code, token=None, at=now,
                source="poll")  # fmt: skip

        between = (timedelta(0), timedelta(hours=72))
        return await poll_receipts(
            self.threads, self.gateway, now=self.clock.now(), apply=apply, left_between=between,
            most=most, webhooks=self.webhooks)  # fmt: skip

    async def takeover(self, *, others_are_dead: bool = True) -> int:
        return await call_dead_attempts_unknown(
            self.threads, now=self.clock.now(), worker_id=self.worker_id, held=self.dispatch.held,
            others_are_dead=others_are_dead)  # fmt: skip

    async def look_up(self, on_unknown: OnUnknown = "resend_once") -> int | None:
        return await resolve(self.threads, self.gateway, now=self.clock.now(), on_unknown=on_unknown)

    async def look_up_until_proven(self, on_unknown: OnUnknown = "resend_once") -> None:
        """Three lists over a quarter of an hour."""
        self.clock.pass_(seconds=60)
        for _ in range(3):
            await self.look_up(on_unknown)
            self.clock.pass_(minutes=7, seconds=30)

    def enroll(self, **values: Any) -> int:
        with writing(self.engine) as session:
            return self.rows.enrollment(session, **values)

    def plan(self, enrollment: int | None = None, **values: Any) -> int:
        """A text that is due now."""
        now = self.clock.now()
        due = {"nominal_at": now, "due_at": now, "not_before": now - timedelta(hours=1)}
        with writing(self.engine) as session:
            whose = enrollment or self.rows.enrollment(session)
            return self.rows.message(session, whose, **{**due, "expires_at": now + timedelta(days=1), **values})

    def message(self, message_id: int) -> Message:
        with reading(self.engine) as session:
            found = by_id(session, message_id)
            assert found is not None
            return found

    def state(self, message_id: int) -> MessageState:
        return self.message(message_id).state

    def events(self, message_id: int) -> list[Event]:
        with reading(self.engine) as session:
            return of_message(session, message_id)

    def attempts(self, message_id: int) -> list[Attempt]:
        with reading(self.engine) as session:
            found = select(Attempt).where(col(Attempt.message_id) == message_id).order_by(col(Attempt.started_at))
            return list(session.scalars(found))

    @property
    def sent_to(self) -> list[str]:
        """Who really got a text, in order."""
        return [text.to for text in self.gateway.ledger]


@contextmanager
def open_house(engine: Engine, now: datetime, **options: Any) -> Iterator[Sending]:
    clock = FakeClock(now)
    sending = Sending(engine, clock, FakeGateway(clock), Rows(now), **options)
    yield sending
    sending.threads.close()


@pytest.fixture
def sending(engine: Engine, now: datetime) -> Iterator[Sending]:
    with open_house(engine, now) as sending:
        yield sending


@pytest.fixture
def sqlite_house(sqlite_engine: Engine, now: datetime) -> Iterator[Sending]:
    with open_house(sqlite_engine, now) as sending:
        yield sending
