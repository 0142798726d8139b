"""What the sandbox knows of a message, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit


@dataclass(slots=True)
class SandboxMessage:
    """A message at the sandbox; it changes as it travels."""

    sid: str
    account_sid: str
    direction: str
    """`inbound`, `outbound-api`, or `outbound-reply` for Twilio's own confirmations."""
    from_: str | None
    """None until a messaging service has picked a sender."""
    to: str
    body: str
    status: str
    created_at: datetime
    sent_at: datetime | None = None
    error_code: int | None = None
    media: int = 0
    service_sid: str | None = None
    callback: str | None = None
    deleted_media: set[str] = field(default_factory=set)

    @property
    def segments(self) -> int:
        """How many segments Twilio would say: 0 while a messaging service has not decided, else a close guess."""
        if self.service_sid and self.sent_at is None:
            return 0
        single, joined = (160, 153) if self.body.isascii() else (70, 67)
        return 1 if len(self.body) <= single else -(-len(self.body) // joined)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A text that came into being, written down at that moment; of one that is deleted the words and the number go."""

    created_at: datetime
    sid: str
    to: str
    body: str
    token: str | None
    """The attempt's token, from the callback's URL; None where no callback was asked for."""
    validity: int | None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class SandboxFate:
    """How a text ends: the statuses it passes through, and the error code of the last."""

    statuses: tuple[str, ...]
    code: int | None = None


DELIVERED: Final = SandboxFate(("sent", "delivered"))
NO_RECEIPT: Final = SandboxFate(("sent",))
"""Sent, and the carrier says no more."""


def undelivered(code: int) -> SandboxFate:
    """The carrier gave it back."""
    return SandboxFate(("sent", "undelivered"), code)


def failed(code: int) -> SandboxFate:
    """Twilio could not even send it."""
    return SandboxFate(("failed",), code)


def token_of(callback: str | None) -> str | None:
    """The attempt's token in a status callback's address."""
    return parse_qs(urlsplit(callback or "").query).get("a", [None])[0]


def media_sids(message: SandboxMessage) -> list[str]:
    """The SIDs of a message's media, in the order in which they were sent."""
    sids = [f"ME{at:02x}{message.sid[4:]}" for at in range(message.media)]
    return [one for one in sids if one not in message.deleted_media]
