"""How the page says things: days and hours on a clock, numbers, states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from notifier.domain.counted import counted
from notifier.domain.instants import zone_called
from notifier.domain.kinds import step_in_words
from notifier.domain.pseudonyms import is_pseudonym
from notifier.domain.states import EnrollmentState, MessageState
from notifier.web.widgets.desk_words import happened, in_desk_words
from schedules.conditions import Condition
from schedules.languages.registry import NoSuchLanguage
from schedules.languages.registry import language as find_language
from schedules.offsets import NOT_YET
from schedules.plain import city_of, only_if_in_words
from schedules.saying import say_day, say_hour, say_moment

_M, _E = MessageState, EnrollmentState

STATES: Final[Mapping[str, tuple[str, str]]] = {
    _M.PLANNED: ("planned", "wait"),
    _M.ATTEMPTING: ("leaving now", "wait"),
    _M.UNKNOWN: ("being looked up", "alert"),
    _M.NEEDS_REVIEW: ("needs a look", "alert"),
    _M.ACCEPTED: ("handed over", "good"),
    _M.SENT: ("sent", "good"),
    _M.DELIVERED: ("delivered", "good"),
    _M.UNDELIVERED: ("not delivered", "alert"),
    _M.FAILED: ("failed", "alert"),
    _M.EXPIRED: ("not sent", "alert"),
    _M.CANCELLED: ("withdrawn", "off"),
    _M.SUPPRESSED: ("stopped", "off"),
    _E.BOOKED: ("booked", "wait"),
    _E.ACTIVE: ("active", "good"),
    _E.HELD: ("on hold", "alert"),
    _E.NO_SHOW: ("no-show", "off"),
}
"""A state in words, and its tone."""


def day(at: datetime | date, zone: ZoneInfo | str | None = None) -> str:
    """`Sat Mar 7`, in this zone."""
    return say_day(_local(at, zone) if isinstance(at, datetime) else at)


def hour(at: datetime, zone: ZoneInfo | str) -> str:
    """`3:30 PM`, in this zone."""
    return say_hour(_local(at, zone))


def moment(at: datetime, zone: ZoneInfo | str, home: ZoneInfo | None = None) -> str:
    """`Sat Mar 7, 3:30 PM`; with the zone's short name where the clock of `home` shows another hour."""
    return say_moment(at, zone_called(zone) if isinstance(zone, str) else zone, home=home)


def until(at: datetime, zone: ZoneInfo | str) -> str:
    """`Sat Mar 7, 3:30 PM`; without the hour where that is midnight; `cleared` of what has no end yet."""
    if at >= NOT_YET:
        return "cleared"
    local = _local(at, zone)
    return day(at, zone) if (local.hour, local.minute) == (0, 0) else moment(at, zone)


def typed(at: datetime | None, zone: ZoneInfo | str) -> str:
    """As a date-and-time field has it (`2026-03-07T15:30`), in this zone."""
    return f"{_local(at, zone):%Y-%m-%dT%H:%M}" if at else ""


def iso(at: datetime) -> str:
    """ISO 8601 with its offset, for a `datetime` attribute."""
    return at.isoformat()


def number(phone: str) -> str:
    """`+1 415 555 0123`; of a patient who was erased there is none any more."""
    if is_pseudonym(phone):
        return "number erased"
    if len(phone) == 12 and phone.startswith("+1"):
        return f"+1 {phone[2:5]} {phone[5:8]} {phone[8:]}"
    return phone


def plain(word: str) -> str:
    """A key, or the step of a text, as words: `mineral-sunscreen` is `mineral sunscreen`, `reply-4` is `reply`."""
    return step_in_words(word)


def state(value: str) -> str:
    """A state in words."""
    return STATES.get(value, (plain(value), "off"))[0]


def tone(value: str) -> str:
    """What color a state has: wait, good, alert or off."""
    return STATES.get(value, ("", "off"))[1]


def sentence(said: str) -> str:
    """A reason as a sentence of its own."""
    said = in_desk_words(said.strip())
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '!', '?')) else '.'}" if said else ""


def person(by: str) -> str:
    """Who did something, as people call them."""
    return by.removeprefix("staff:").removeprefix("cli:")


def city(zone: str) -> str:
    """`New York`."""
    return city_of(zone)


def language(code: str) -> str:
    """`English`."""
    try:
        return find_language(code).about.name
    except NoSuchLanguage:
        return code


def _local(at: datetime, zone: ZoneInfo | str | None) -> datetime:
    if zone is None:
        raise ValueError("an instant is shown on somebody's clock; say whose")
    return at.astimezone(zone_called(zone) if isinstance(zone, str) else zone)


def only_if(condition: Condition) -> str:
    """`only if the condition is deep, or session is first`: when something applies, keys in words."""
    return only_if_in_words(
        tuple({plain(key): tuple(map(plain, options)) for key, options in one.items()} for one in condition)
    )


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    one.__name__: one
    for one in (
        day,
        hour,
        moment,
        until,
        typed,
        iso,
        number,
        plain,
        state,
        tone,
        sentence,
        happened,
        person,
        city,
        counted,
        language,
        only_if,
    )
}
