"""Pieces of a protocol in plain words."""

from __future__ import annotations

from schedules.asking import AGAIN, first_asking
from schedules.conditions import AllOf, Condition
from schedules.offsets import Duration, Span
from schedules.protocol import Step
from schedules.repeat import occurrence_in_words
from schedules.restriction import Restriction
from schedules.saying import say_hour


def length_in_words(length: Duration | Span) -> str:
    """`7 days`, `until day 4`, `24 to 72 hours, usually 48 hours`, `7 days, then until cleared`."""
    if isinstance(length, Restriction):
        return _restriction_in_words(length)
    until_day = getattr(length, "until_day", None)
    if until_day is not None:
        return f"until day {until_day}"
    unit, count = next((unit, getattr(length, unit)) for unit in length.UNITS if getattr(length, unit) is not None)
    return _counted(count, unit)


def _restriction_in_words(one: Restriction) -> str:
    said = length_in_words(one.shortest) if one.shortest else ""
    if one.up_to is not None:
        said += f" to {length_in_words(one.up_to)}"
        said += f", usually {length_in_words(one.usual)}" if one.usual else ""
    if one.is_gate:
        said += ", then until cleared" if said else "until cleared"
    return said


def moment_in_words(step: Step) -> str:
    """`1 hour after`, `day 3, 9:00 AM`, `when makeup, sun end`."""
    at = step.at
    if step.repeat is not None:
        hours = " and ".join(map(say_hour, step.repeat.at))
        return f"day{'s' if len(step.repeat.days) > 1 else ''} {', '.join(map(str, step.repeat.days))}, {hours}"
    if at is None:
        return f"when {', '.join(step.lifts)} end{'s' if len(step.lifts) == 1 else ''}"
    if at.day is not None:
        said = f"day {at.day}"
    else:
        unit, count = next((unit, getattr(at, unit)) for unit in at.UNITS if getattr(at, unit) is not None)
        said = f"{_counted(count, unit)} after"
    return f"{said}, {say_hour(at.time)}" if at.time else said


def condition_in_words(only_if: Condition) -> str:
    """` (only if shaves is yes)`, or nothing."""
    return f" ({only_if_in_words(only_if)})" if only_if else ""


def only_if_in_words(only_if: Condition) -> str:
    """`only if shaves is yes`; of several, `only if shaves is yes, or session is first`."""
    return f"only if {', or '.join(map(_all_of, only_if))}"


def _all_of(one: AllOf) -> str:
    return " and ".join(f"{question} is {' or '.join(options)}" for question, options in one.items())


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit.removesuffix('s')}" if count == 1 else f"{count} {unit}"


def city_of(zone: str) -> str:
    """A time zone as people say it: `America/New_York` is `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


def key_in_words(key: str) -> str:
    """A key in words: `mineral-sunscreen` is `mineral sunscreen`, `check-in.again` is `check in, asked again`."""
    if key.endswith(AGAIN):
        return f"{key_in_words(first_asking(key))}, asked again"
    if occurrence := occurrence_in_words(key):
        return f"{key_in_words(occurrence[0])}, {occurrence[1]}"
    return key.replace("-", " ").replace("_", " ")
