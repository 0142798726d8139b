"""The port to an SMS provider: what the rest of the house may ask, and the only answers there are.

A provider can only ever tell us one of three things about a send: it has the text (`Accepted`), it certainly
does not (`NotCreated`), or nobody knows (`Unknown`). An adapter never raises for what happens on the wire.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notifier.sms.code_classes import NotCreatedClass


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One text, ready to leave."""

    to: str
    """E.164."""
    body: str
    token: str
    """The attempt's opaque token; comes back in the receipt's URL, never in the text."""
    validity_seconds: int
    """How long the provider and carrier may still deliver it (1 to 36000)."""
    sender: str | None = None
    """A messaging service's SID or a number in E.164; None: the account's own."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the text under this SID."""

    sid: str
    status: str


@dataclass(frozen=True, slots=True)
class NotCreated:
    """The provider certainly does not have the text."""

    why: NotCreatedClass
    code: int | None
    """Twilio's error code, or None where the network refused."""
    detail: str
    """A sentence without patient data."""
    retry_after: float | None = None
    """Seconds the provider asked us to wait."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may have been read; nobody knows whether the text exists."""

    detail: str


Outcome = Accepted | NotCreated | Unknown


@dataclass(frozen=True, slots=True)
class ProviderMessage:
    """A message as the provider lists it; `direction` is `inbound` or `outbound-api`."""

    sid: str
    direction: str
    from_: str
    to: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime
    media_count: int = 0
    service: str | None = None
    """The SID of the messaging service that it went through, where it is known."""


class GatewayUnavailable(Exception):
    """The provider could not be asked; nothing may be concluded from its silence."""


class GatewayRefused(GatewayUnavailable):
    """The provider answers, and refuses our account or its credentials; its words are for staff."""


class Gateway(Protocol):
    """An SMS provider."""

    async def send(self, text: OutgoingText) -> Outcome:
        """Hand over one text, within the overall deadline; never raises for what the wire does."""
        ...

    def list_sent(
        self, to: str | None, since: datetime, *, sender: str | None = None
    ) -> AsyncIterator[ProviderMessage]:
        """Our texts to this number created at or after `since`; raises GatewayUnavailable.

        `sender`: the number that they left from; None, or a messaging service: any of ours. `to` None: to any number,
        as far as they have gone on to a carrier; one that is still queued may be missing.
        """
        ...

    def list_inbound(self, since: datetime, *, also_to: Collection[str] = ()) -> AsyncIterator[ProviderMessage]:
        """Texts from patients created at or after `since`; raises GatewayUnavailable.

        `also_to`: numbers and messaging services that texts once left through, beside the present ones.
        """
        ...

    async def fetch(self, sid: str) -> ProviderMessage | None:
        """One message, or None where the provider has no such SID; raises GatewayUnavailable."""
        ...

    async def delete(self, sid: str) -> None:
        """Have the provider forget one message and its media; nothing where it has none. Raises GatewayUnavailable."""
        ...

    async def time(self) -> datetime | None:
        """What the provider's clock shows, to the second; None where it does not tell; raises GatewayUnavailable."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...
