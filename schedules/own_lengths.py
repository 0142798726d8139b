"""One patient's own lengths: what staff chose within a range, an exception from the protocol, and gates they opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from schedules.offsets import NOT_YET, Duration, Length
from schedules.restriction import Restriction

_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks", "m": "months"}
_A_LENGTH: Final = re.compile(r"([0-9]{1,4}) ?(h|hours?|d|days?|w|weeks?|m|months?)", re.IGNORECASE)


def read_length(typed: str) -> Duration:
    """`10d`, `48h`, `2w`, `6m`, also in full (`10 days`). Raises ValueError with a sentence."""
    found = _A_LENGTH.fullmatch(typed.strip())
    if found is None:
        raise ValueError(f'"{typed[:40]}" is no length; write it like 10d, 48h, 2w or 6m')
    unit = _UNITS[found[2][0].lower()]
    try:
        return Duration(**{unit: int(found[1])})
    except ValidationError as why:
        limit = why.errors()[0].get("ctx", {})
        at = f"at most {limit['le']} {unit}" if "le" in limit else f"at least 1 {unit.removesuffix('s')}"
        raise ValueError(f'"{typed[:40]}" is out of bounds; write {at}') from None


def write_length(length: Duration) -> str:
    """The same as `read_length` reads it: `10d`."""
    return next(f"{number}{mark}" for mark, unit in _UNITS.items() if (number := getattr(length, unit)) is not None)


@dataclass(frozen=True, slots=True)
class OwnLengths:
    """How long restrictions hold for one patient, where that is not what the protocol says by itself."""

    said: Mapping[str, Duration] = field(default_factory=lambda: MappingProxyType({}))
    """By topic: what staff chose, or the patient's exception."""
    may_shorten: bool = False
    """Whether somebody's name stands behind lengths that are shorter than the protocol's. Without it none is."""
    cleared: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    """By topic: the instant (UTC) at which staff marked a gate as cleared."""

    def length_over(self, topic: str, one: Restriction, treated_at: datetime, zone: ZoneInfo) -> datetime:
        """The instant (UTC) at which its length is over, be it a gate or not; of a gate without one `treated_at`."""
        said = self.said.get(topic)
        lasts = said or one.unless_said
        over = lasts.end(treated_at, zone) if lasts else treated_at
        if said is None or self.may_shorten or one.shortest is None:
            return over
        return max(over, one.shortest.end(treated_at, zone))

    def end(self, topic: str, one: Restriction, treated_at: datetime, zone: ZoneInfo) -> datetime:
        """The instant (UTC) from which it no longer holds; `NOT_YET` while a gate is closed."""
        over = self.length_over(topic, one, treated_at, zone)
        return max(over, self.cleared.get(topic, NOT_YET)) if one.is_gate else over

    def length(self, topic: str, one: Restriction) -> Length | None:
        """As a text may say it; None where it is no length but a day, and for a gate."""
        if one.is_gate or one.length is None:
            return None  # a text of the file cannot print it
        return self.said[topic].length if topic in self.said else one.length

    def is_shorter(self, topic: str, one: Restriction, treated_at: datetime, zone: ZoneInfo) -> bool:
        """Whether what is said for the patient ends before the shortest that the protocol allows."""
        least = one.shortest
        said = self.said.get(topic)
        return bool(said and least and said.end(treated_at, zone) < least.end(treated_at, zone))


AS_THE_PROTOCOL: Final = OwnLengths()
