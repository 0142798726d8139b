"""The port to people at the clinic: an alert notice, and the channel that sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol


class NotDelivered(Exception):
    """A channel did not take it; one sentence, without address or password."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in a notice: its cause, a sentence, and since when (UTC)."""

    cause: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """Alerts that are sent together. Without phone numbers, names of patients or texts."""

    clinic: str
    host: str
    lines: tuple[AlertLine, ...]

    @property
    def subject(self) -> str:
        """The first alert and the number of the others, in one line."""
        first = self.lines[0].why
        more = f" (and {len(self.lines) - 1} more)" if len(self.lines) > 1 else ""
        return f"{self.clinic}, texts: {first}{more}"

    @property
    def body(self) -> str:
        """Every alert (at most 20) on lines of its own, and where to read them all."""
        said = [f"- {line.why}\n  since {line.since:%Y-%m-%d %H:%M} UTC" for line in self.lines[:_MOST]]
        if len(self.lines) > _MOST:
            said.append(f"- and {len(self.lines) - _MOST} more")
        return "\n".join([*said, "", f"All of them, on {self.host}: the staff page, or `notifier alerts`.", ""])


class Channel(Protocol):
    """Sends notices by mail, webhook or Apprise."""

    @property
    def name(self) -> str:
        """The channel's name in sentences, such as "mail"."""
        ...

    @property
    def id(self) -> str:
        """The channel and its address, which it does not betray: by it is remembered whether it ever told anybody."""
        ...

    async def send(self, notice: AlertNotice) -> None:
        """Send the notice; raises NotDelivered."""
        ...


def channel_id(name: str, address: str) -> str:
    """The id of a channel with that address."""
    return f"{name}-{sha256(address.encode()).hexdigest()[:12]}"


_MOST = 20
