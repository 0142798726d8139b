"""A restriction of a protocol: one topic's length, a range of lengths to choose from, or a gate that staff open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from schedules.conditions import Conditional
from schedules.field_types import Language
from schedules.offsets import NOT_YET, Duration, Length
from schedules.topic_words import RestrictionWords

CLEARED: Final = "cleared"
_HOURS: Final = {"hours": 1, "days": 24, "weeks": 168, "months": 730}
"""About how long a unit is; only to see which of two lengths is the longer."""


class Restriction(Duration, Conditional):
    """One thing the patient must not do, from T0 until it ends."""

    up_to: Duration | None = None
    """The longest that staff may choose at enrollment; the length beside it is the shortest."""
    usual: Duration | None = None
    """What holds where nobody chooses; without it the longest."""
    until: Literal["cleared"] | None = None
    """It holds until staff mark it as cleared, and never ends before its length, where it has one."""
    source: str | None = None
    """Page and lines, or None for a composite."""
    ends_in_a_lift: bool = True
    """False where the end must not be said (no "you may")."""
    words: Annotated[dict[Language, RestrictionWords], Field(default_factory=dict)]
    """How a catch-up text says it, by language."""

    @model_validator(mode="after")
    def _a_gate_is_lifted(self) -> Restriction:
        if self.is_gate and not self.ends_in_a_lift:
            raise ValueError('until = "cleared" ends in a lift, for the patient waits to be told; take one of them out')
        return self

    @model_validator(mode="after")
    def _a_range_goes_up(self) -> Restriction:
        if self.up_to is None:
            if self.usual is not None:
                raise ValueError("`usual` goes with `up_to`: write { hours = 24, up_to = { hours = 72 } }")
            return self
        if self.shortest is None:
            raise ValueError("a range says its shortest too: write { hours = 24, up_to = { hours = 72 } }")
        said = [one for one in (self.shortest, self.usual, self.up_to) if one is not None]
        if any(one.until_day is not None for one in said):
            raise ValueError("a range is of hours, days, weeks or months, for until_day is no length: write days = 4")
        longer = [_about(one) for one in said]
        if longer != sorted(longer) or longer[0] == longer[-1]:
            wrong = "usual is outside of the range" if longer[0] < longer[-1] else "up_to is not the longer one"
            raise ValueError(f"{wrong}; write {{ hours = 24, up_to = {{ hours = 72 }}, usual = {{ hours = 48 }} }}")
        return self

    @property
    def may_say_none(self) -> bool:
        return self.is_gate

    @property
    def is_gate(self) -> bool:
        """Whether it holds until staff mark it as cleared."""
        return self.until == CLEARED

    @cached_property
    def shortest(self) -> Duration | None:
        """What nobody may go below without saying who decided it; None for a gate without a length."""
        return Duration(**{unit: getattr(self, unit) for unit in self.units_given}) if self.units_given else None

    @cached_property
    def unless_said(self) -> Duration | None:
        """How long it holds where nobody says it for the patient; None for a gate without a length."""
        return self.usual or self.up_to or self.shortest

    @cached_property
    def length(self) -> Length | None:
        """As a text may say it where nobody says another; None for a day and for a gate."""
        return self.unless_said.length if self.unless_said and not self.is_gate else None

    def end(self, treated_at: datetime, zone: ZoneInfo) -> datetime:
        """The instant (UTC) from which it no longer holds unless said otherwise; of a gate `NOT_YET`."""
        return NOT_YET if self.is_gate or self.unless_said is None else self.unless_said.end(treated_at, zone)


def no_such_topic(topic: str, known: Iterable[str]) -> str:
    """That a step names what the file restricts nowhere."""
    known = list(known)
    near = get_close_matches(topic, known, n=1, cutoff=0.6)
    meant = f"did you mean {near[0]}? There" if near else "there"
    return f'"{topic}" is no restriction of this protocol; {meant} are {", ".join(known) or "none"}'


def _about(one: Duration) -> int:
    return sum((getattr(one, unit) or 0) * hours for unit, hours in _HOURS.items())
