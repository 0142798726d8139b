"""Offsets: how long after an anchor something is, read on the patient's own clock.

Calendar first, then the wall clock, then UTC. A wall time that a clock change skips moves forward by the
gap (02:30 becomes 03:30). One that a clock change repeats has two readings: a restriction ends at the
*later* one and a text leaves at the *first* one, so neither can make a "you may" early.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, ClassVar, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

NOT_YET: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""The end of what has none yet: a gate that staff have not opened. Later than any other, so that nothing gets early."""


class Strict(BaseModel):
    """A piece of a protocol file: frozen, no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OneUnit(Strict):
    """A table that says one unit, such as ``{ hours = 24 }``; two units, or none, are refused."""

    UNITS: ClassVar[tuple[str, ...]]

    @model_validator(mode="after")
    def _exactly_one_unit(self) -> OneUnit:
        given = self.units_given
        if len(given) != 1 and not (self.may_say_none and not given):
            said = f"{len(given)} are given ({', '.join(given)})" if given else "none is given"
            raise ValueError(f"say exactly one of {', '.join(self.UNITS)}; {said}")
        return self

    @property
    def units_given(self) -> list[str]:
        """Those of its units that are said; exactly one, once it is checked, unless it may say none."""
        return [unit for unit in self.UNITS if getattr(self, unit) is not None]

    @property
    def may_say_none(self) -> bool:
        """Whether it is complete without any."""
        return False


class Length(NamedTuple):
    """How long something lasts, in one unit, as a text may say it: 7 days."""

    number: int
    unit: str
    """One of `hours`, `days`, `weeks`, `months`."""

    @classmethod
    def until(cls, end: datetime, since: datetime) -> Length:
        """The whole days that cover all the time from `since` to `end`; never less."""
        return cls(-((since - end) // timedelta(days=1)), "days")


class Duration(OneUnit):
    """How long a restriction lasts, counted from the end of the treatment (T0)."""

    UNITS: ClassVar[tuple[str, ...]] = ("hours", "days", "until_day", "weeks", "months")

    hours: Annotated[int, Field(ge=1, le=2400)] | None = None
    """Elapsed hours from T0."""
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    """The later of the same wall time that many dates on, and that many times 24 hours."""
    until_day: Annotated[int, Field(ge=1, le=366)] | None = None
    """Until the start of that local day; the treatment's own date is day 0."""
    weeks: Annotated[int, Field(ge=1, le=52)] | None = None
    months: Annotated[int, Field(ge=1, le=24)] | None = None
    """Calendar months: 31 August + 6 months is the last of February."""

    @cached_property
    def length(self) -> Length | None:
        """As a text may say it; None where it is no length but a day."""
        said = ((unit, getattr(self, unit)) for unit in self.UNITS if unit != "until_day")
        return next((Length(number, unit) for unit, number in said if number is not None), None)

    def end(self, treated_at: datetime, zone: ZoneInfo) -> datetime:
        """The instant (UTC) from which the restriction no longer holds; a week is seven days."""
        if treated_at.tzinfo is not UTC:  # in any other zone, adding hours would move the hands, not the time
            treated_at = treated_at.astimezone(UTC)
        if self.hours is not None:
            return treated_at + timedelta(hours=self.hours)
        local = treated_at.astimezone(zone)
        if self.until_day is not None:
            return wall_last(local.date() + timedelta(days=self.until_day), time.min, zone)
        if self.months is not None:
            return wall_last(add_months(local.date(), self.months), local.time(), zone)
        days = timedelta(days=self.days or 7 * (self.weeks or 0))
        return max(wall_last(local.date() + days, local.time(), zone), treated_at + days)


def _read_time(value: object) -> object:
    """Accept ``"09:00"`` beside TOML's own ``09:00:00``."""
    if isinstance(value, str):
        try:
            hour, minute = value.split(":")
            if len(hour) == len(minute) == 2:
                return time(int(hour), int(minute))
        except ValueError:
            pass
        raise ValueError(f'"{value}" is not a time of day; write it like "09:00" (24-hour clock)')
    return value


TimeOfDay = Annotated[
    time, BeforeValidator(_read_time), PlainSerializer(lambda t: t.strftime("%H:%M"), return_type=str)
]


class Moment(OneUnit):
    """When a step wants to be said, counted from the anchor (T0, or the appointment for ``prepare``)."""

    UNITS: ClassVar[tuple[str, ...]] = ("minutes", "hours", "day", "weeks", "months")

    minutes: Annotated[int, Field(ge=0, le=600)] | None = None
    hours: Annotated[int, Field(ge=0, le=2400)] | None = None
    """Elapsed from T0."""
    day: Annotated[int, Field(ge=-60, le=366)] | None = None
    """Local dates after the anchor's own date, which is day 0; negative days are before the visit."""
    weeks: Annotated[int, Field(ge=1, le=52)] | None = None
    months: Annotated[int, Field(ge=1, le=24)] | None = None
    time: TimeOfDay | None = None
    """The hour on the patient's clock; goes with day, weeks and months."""

    @model_validator(mode="after")
    def _time_goes_with_a_date(self) -> Moment:
        elapsed = self.minutes is not None or self.hours is not None
        if elapsed and self.time is not None:
            raise ValueError("minutes and hours are elapsed time: leave out `time`")
        if not elapsed and self.time is None:
            raise ValueError('a step on a date needs an hour: add `time = "09:00"`')
        return self

    def after(self, anchor: datetime, zone: ZoneInfo) -> datetime:
        """The nominal instant (UTC): the first reading of its wall time."""
        if self.time is None:
            return anchor.astimezone(UTC) + self._elapsed
        today = anchor.astimezone(zone).date()
        on = add_months(today, self.months) if self.months is not None else today + self._dates
        return wall_first(on, self.time, zone)

    @cached_property
    def _elapsed(self) -> timedelta:
        return timedelta(minutes=self.minutes or 0, hours=self.hours or 0)

    @cached_property
    def _dates(self) -> timedelta:
        return timedelta(days=self.day if self.day is not None else 7 * (self.weeks or 0))


class Span(OneUnit):
    """An elapsed length of time, such as how long a text stays useful; a day is 24 hours."""

    UNITS: ClassVar[tuple[str, ...]] = ("minutes", "hours", "days")

    minutes: Annotated[int, Field(ge=15, le=1440)] | None = None
    hours: Annotated[int, Field(ge=1, le=2400)] | None = None
    days: Annotated[int, Field(ge=1, le=60)] | None = None

    def __str__(self) -> str:
        unit = next(unit for unit in self.UNITS if getattr(self, unit) is not None)
        number = getattr(self, unit)
        return f"{number} {unit.removesuffix('s') if number == 1 else unit}"

    @cached_property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes or 0, hours=self.hours or 0, days=self.days or 0)


@lru_cache(maxsize=8192)
def wall_first(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) that shows this wall time; a skipped one moves forward by the gap."""
    return datetime.combine(on, at.replace(fold=0), zone).astimezone(UTC)


@lru_cache(maxsize=8192)
def wall_last(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The last instant (UTC) that shows this wall time; a skipped one moves forward by the gap."""
    # In a gap fold=0 is the later reading, in a repeated hour fold=1 is: the later of both is right for both.
    late = datetime.combine(on, at.replace(fold=1), zone).astimezone(UTC)
    return max(wall_first(on, at, zone), late)


def add_months(on: date, months: int) -> date:
    """The same day that many calendar months on, clamped to the month's last day."""
    years, month0 = divmod(on.month - 1 + months, 12)
    year, month = on.year + years, month0 + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))
