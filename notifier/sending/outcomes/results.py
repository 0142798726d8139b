"""What became of one call to the provider, as it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.sms.code_classes import NotCreatedClass


class Result(StrEnum):
    """What is known after a call."""

    ACCEPTED = "accepted"
    NOT_CREATED = "not_created"
    UNKNOWN = "unknown"
    RELEASED = "released"
    """The call was never made: the text goes back as it was."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One attempt and its result."""

    message_id: int
    attempt_id: str
    phone: str
    result: Result
    at: datetime
    sid: str | None = None
    why: NotCreatedClass | None = None
    code: int | None = None
    detail: str | None = None
    """A sentence without patient data."""
    back_off: float = 0.0
    """Seconds until a text that was not created may leave again."""
    sender: str | None = None
    """The office's own that it left through; None: the clinic's."""
    retry_after: float | None = None
    """Seconds that the provider asked us to wait."""
    stops_sender: bool = False
    """The same refusal has come for several numbers in a row: it is the sender's trouble."""
