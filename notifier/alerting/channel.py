"""The port: what is told, and to whom it is handed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class NotDelivered(Exception):
    """A channel did not take it; one sentence, without address or password."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert."""

    cause: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """What is told at once. Without phone numbers, names of patients or texts."""

    clinic: str
    host: str
    lines: tuple[AlertLine, ...]

    @property
    def subject(self) -> str:
        """In one line."""
        first = self.lines[0].why
        more = f" (and {len(self.lines) - 1} more)" if len(self.lines) > 1 else ""
        return f"{self.clinic}, texts: {first}{more}"

    @property
    def body(self) -> str:
        """For a person, with what to do next."""
        said = [f"- {line.why}\n  since {line.since:%Y-%m-%d %H:%M} UTC" for line in self.lines[:_MOST]]
        if len(self.lines) > _MOST:
            said.append(f"- and {len(self.lines) - _MOST} more")
        return "\n".join([*said, "", f"All of them, on {self.host}: the staff page, or `notifier alerts`.", ""])


class Channel(Protocol):
    """One channel."""

    @property
    def name(self) -> str:
        """As staff call it."""
        ...

    async def send(self, notice: AlertNotice) -> None:
        """Hand it over; raises NotDelivered."""
        ...


_MOST = 20
