"""Stand-ins for the two things that tests do not have: Twilio and time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notifier.sms.gateway import (
    Accepted,
    GatewayRefused,
    GatewayUnavailable,
    Outcome,
    OutgoingText,
    ProviderMessage,
    Unknown,
)


class FakeClock:
    """Stands still until a test moves it; wall and monotonic time can be moved apart."""

    def __init__(self, now: datetime) -> None:
        self._now, self._monotonic = now, 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def machine_now(self) -> datetime:
        return self._now

    def machine_time(self, at: datetime) -> datetime:
        return at

    def pass_(self, **span: float) -> None:
        """Time passes."""
        self._now += timedelta(**span)
        self._monotonic += timedelta(**span).total_seconds()

    def pass_until(self, now: datetime) -> None:
        """Time passes."""
        self.pass_(seconds=(now - self._now).total_seconds())

    def set_wall(self, now: datetime) -> None:
        """Somebody sets the wall clock."""
        self._now = now


Answer = Callable[["FakeGateway", OutgoingText], Outcome]


def created_but_lost(gateway: FakeGateway, text: OutgoingText) -> Outcome:
    """The provider has the text, and its answer never came."""
    gateway.create(text)
    return Unknown("Perhaps sent: the connection broke.")


@dataclass
class FakeGateway:
    """A provider that remembers. Without a script every text is accepted; `ledger` is what it really created."""

    clock: FakeClock
    ledger: list[ProviderMessage] = field(default_factory=list)
    inbound: list[ProviderMessage] = field(default_factory=list)
    asked: list[OutgoingText] = field(default_factory=list)
    script: deque[Outcome | Answer] = field(default_factory=deque)
    always: Outcome | Answer | None = None
    only_to: str | None = None
    """The number that inbound texts are listed of; None: all."""
    down: bool = False
    """Lists and fetches fail."""
    refuses: str | None = None
    """Why it answers no question: our account or its credentials."""
    clock_is_off: timedelta = timedelta(0)
    """How far the provider's clock is ahead of ours."""
    most_in_flight: int = 0
    _in_flight: int = 0

    async def send(self, text: OutgoingText) -> Outcome:
        self.asked.append(text)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await asyncio.sleep(0)
        self._in_flight -= 1
        answer = self.script.popleft() if self.script else self.always
        if answer is None:
            return Accepted(self.create(text), "queued")
        return answer(self, text) if callable(answer) else answer

    def create(self, text: OutgoingText) -> str:
        """As the provider does it, whatever the caller hears."""
        sid = f"SM{len(self.ledger) + 1:032x}"
        now = self.clock.now()
        sender = _number(text.sender)
        self.ledger.append(ProviderMessage(sid, "outbound-api", sender, text.to, text.body, "queued", None, now))
        return sid

    def reply(
        self, phone: str, body: str, *, at: datetime | None = None, media: int = 0, to: str = "+12125550000"
    ) -> ProviderMessage:
        """A patient writes."""
        sid = f"SM{len(self.inbound) + 1:031x}f"
        record = ProviderMessage(sid, "inbound", phone, to, body, "received", None, at or self.clock.now(), media)
        self.inbound.append(record)
        return record

    def becomes(self, sid: str, status: str, error_code: int | None = None) -> None:
        """What became of a text."""
        place = next(i for i, record in enumerate(self.ledger) if record.sid == sid)
        self.ledger[place] = replace(self.ledger[place], status=status, error_code=error_code)

    async def list_sent(
        self, to: str | None, since: datetime, *, sender: str | None = None
    ) -> AsyncIterator[ProviderMessage]:
        self._check()
        for record in self.ledger:
            if sender and sender.startswith("+") and record.from_ != sender:
                continue
            has_gone_on = record.status not in ("queued", "accepted")  # only such a text has a date to be listed by
            if (has_gone_on if to is None else record.to == to) and record.created_at >= since:
                yield record

    async def list_inbound(self, since: datetime, *, also_to: Collection[str] = ()) -> AsyncIterator[ProviderMessage]:
        self._check()
        for record in self.inbound:
            if record.created_at >= since and (self.only_to is None or record.to in {self.only_to, *also_to}):
                yield record

    async def fetch(self, sid: str) -> ProviderMessage | None:
        self._check()
        return next((record for record in self.ledger if record.sid == sid), None)

    async def delete(self, sid: str) -> None:
        self._check()
        self.ledger = [record for record in self.ledger if record.sid != sid]

    async def time(self) -> datetime | None:
        self._check()
        return self.clock.now() + self.clock_is_off

    async def close(self) -> None:
        pass

    def _check(self) -> None:
        if self.down:
            raise GatewayUnavailable("the fake provider is down")
        if self.refuses:
            raise GatewayRefused(self.refuses)


def _number(sender: str | None) -> str:
    """What the provider lists as the one who sent: of a messaging service, a number that it chose."""
    return sender if sender and sender.startswith("+") else "+12125550000"
