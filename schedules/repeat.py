"""Repeats: one step that is said at several hours of several days, each occurrence a text of its own.

An occurrence is useful until the next one at most. Those after the first day remind: they rank behind what ends a
restriction, and one that finds no place asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Annotated, Final, NamedTuple, Self

from pydantic import Field, model_validator

from schedules.offsets import Moment, Strict, TimeOfDay

LONGEST_REPEATED_KEY: Final = 29
"""Characters of the key of a step that repeats: `.d366-0900` follows."""
_OCCURRENCE: Final = re.compile(r"\.d(-?\d+)-(\d\d)(\d\d)$")


class Occurrence(NamedTuple):
    """One text of a repeat."""

    suffix: str
    """What its key has behind that of its step: `.d1-0900`."""
    at: Moment
    following: Moment | None
    """When the next one wants to be said."""
    reminds: bool
    """Whether it is after the first day."""


class Repeat(Strict):
    """`{ days = [0, 1, 2], at = ["09:00", "19:00"] }`: local dates after the anchor's own, and hours of each."""

    days: Annotated[tuple[Annotated[int, Field(ge=-60, le=366)], ...], Field(min_length=1, max_length=60, strict=False)]
    at: Annotated[tuple[TimeOfDay, ...], Field(min_length=1, max_length=4, strict=False)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(later <= sooner for sooner, later in pairwise(self.days)):
            raise ValueError("`days` are each said once, the earliest first; write days = [0, 1, 2]")
        minutes = [at.hour * 60 + at.minute for at in self.at]
        if any(later - sooner < 60 for sooner, later in pairwise(minutes)):
            raise ValueError('hours of `at` are an hour apart, the earliest first; write at = ["09:00", "19:00"]')
        if len(self.days) * len(self.at) < 2:
            raise ValueError('this says one hour of one day; write at = { day = 1, time = "09:00" } in its place')
        return self

    def occurrences(self) -> Iterator[Occurrence]:
        """Each text, the earliest first."""
        moments = [(day, at, Moment(day=day, time=at)) for day, at in product(self.days, self.at)]
        following = [moment for _, _, moment in moments[1:]]
        for (day, at, moment), after in zip(moments, [*following, None], strict=True):
            yield Occurrence(f".d{day}-{at:%H%M}", moment, after, day > self.days[0])


def repeated_key(key: str) -> str:
    """The key of the step that an occurrence belongs to; any other key as it is."""
    return _OCCURRENCE.sub("", key)


def occurrence_in_words(key: str) -> tuple[str, str] | None:
    """The step's key and `day 1, 9:00 AM`; None of a key that is no occurrence's."""
    found = _OCCURRENCE.search(key)
    if found is None:
        return None
    day, hour, minute = int(found[1]), int(found[2]), found[3]
    clock = f"{hour % 12 or 12}:{minute} {'AM' if hour < 12 else 'PM'}"
    return key[: found.start()], f"day {day}, {clock}"


def wrong_days(at: Moment | None, repeat: Repeat | None, key: str, kind: str) -> str | None:
    """What is wrong with when a step of this kind is said, and what to write instead; None where nothing is."""
    days = repeat.days if repeat else () if at is None or at.day is None else (at.day,)
    if repeat and at:
        return "`repeat` says when: leave out `at`"
    if repeat and kind in {"lift", "ask", "rebook"}:
        return f"a step of kind {kind} is said once: leave out `repeat`"
    if repeat and len(key) > LONGEST_REPEATED_KEY:
        return f"the key of a step with `repeat` has at most {LONGEST_REPEATED_KEY} characters"
    if kind == "prepare" and not days:
        return 'a prepare step counts dates before the visit: `at = { day = -2, time = "09:00" }`'
    if kind == "prepare" and max(days) > 0:
        return "a prepare step is before the visit: its day is 0 or negative"
    if kind != "prepare" and days and min(days) < 0:
        return "only a prepare step has a negative day"
    return None
