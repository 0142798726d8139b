"""What the promises are counted from: what reached the phones, and what was meant. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from notifier.domain.states import MessageState
from schedules.quiet_days import NO_QUIET_DAYS, QuietDays
from schedules.send_window import SendWindow

_DID_NOT_ARRIVE = frozenset({"undelivered", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One text as the provider's ledger has it."""

    sid: str
    phone: str
    body: str
    at: datetime
    status: str

    @property
    def arrived(self) -> bool:
        """Whether it reached the phone, as far as the provider knows."""
        return self.status not in _DID_NOT_ARRIVE


@dataclass(frozen=True, slots=True)
class Intent:
    """One row of the outbox, with the patient's clocks."""

    message: int
    patient: str
    phone: str
    step: str
    kind: str
    """A step's, or `reply`: one to a patient who has just written, which may leave at any hour."""
    zone: ZoneInfo
    area_zones: tuple[ZoneInfo, ...]
    day0: date | None
    """The date of the treatment, on which the patient's own clock alone counts."""
    state: MessageState
    reason: str | None
    due_at: datetime | None
    not_before: datetime
    expires_at: datetime
    sid: str | None
    said: str | None
    bounced: tuple[str, ...] = ()
    """SIDs of earlier attempts that Twilio had accepted and the carrier then did not deliver."""
    enrollment: int = 0
    topics: frozenset[str] = frozenset()
    """What it forbids, or permits again."""
    quiet: QuietDays = NO_QUIET_DAYS
    """Days on which the patient wishes no text."""
    told_in_person: frozenset[str] = frozenset()
    """Topics that a person told the patient."""

    def __str__(self) -> str:
        return f"{self.patient}'s {self.step}"


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """Something that a patient wrote, from when it was there until a person closed it."""

    at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the count looks at, up to the instant `until`: all numbers, or all there is of some of them."""

    ledger: Sequence[Arrival]
    """In the order in which they were created."""
    outbox: Sequence[Intent]
    stops: Mapping[str, datetime]
    """Phone and when its owner wrote STOP."""
    until: datetime
    window: SendWindow = field(default_factory=SendWindow)
    max_texts_per_day: int = 2
    messages: Mapping[str, Sequence[OpenMessage]] = field(default_factory=lambda: MappingProxyType({}))
    """Phone and what its owner wrote."""
    since: datetime | None = None
    """What left before then was told, and is not judged."""

    def pairs(self) -> list[tuple[Arrival, Intent]]:
        """Each text in the ledger that the outbox knows, with its row."""
        rows = {sid: row for row in self.outbox for sid in (row.sid, *row.bounced) if sid}
        return [(text, rows[text.sid]) for text in self.judged() if text.sid in rows]

    def judged(self) -> list[Arrival]:
        """The texts that are judged."""
        return [text for text in self.ledger if self.since is None or text.at >= self.since]


@dataclass(frozen=True, slots=True)
class PromiseKept:
    """One promise and what the count found; `broken` has a sentence for each breach."""

    promise: str
    found: str
    broken: tuple[str, ...] = ()
