"""What a column of a file may say, and which one probably says what: a proposal that a person sees and corrects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Final

from notifier.enrollments.importing.mappings.cells import fold
from notifier.enrollments.importing.mappings.dates import clean
from schedules.languages.registry import languages


class Says(StrEnum):
    """What a column says."""

    NAME = "name"
    FIRST = "first name"
    LAST = "last name"
    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    END = "end"
    MINUTES = "minutes"
    SERVICE = "service"
    STATUS = "status"
    CONSENT = "consent"
    PROVIDER = "provider"
    OFFICE = "office"
    VISIT = "visit"
    CLIENT = "client"
    TIMEZONE = "timezone"


_ONCE: Final = frozenset(Says) - {Says.CLIENT}
_FIRST_FIT: Final = (
    Says.FIRST, Says.LAST, Says.CLIENT, Says.VISIT, Says.CONSENT, Says.PHONE, Says.TIMEZONE, Says.MINUTES, Says.END,
    Says.STATUS, Says.SERVICE, Says.PROVIDER, Says.OFFICE, Says.DATE, Says.TIME, Says.NAME,
)  # fmt: skip
"""A name that could be of two roles is of the first of them."""
_WHEN: Final = {Says.DATE, Says.TIME, Says.END}
_PHONE: Final = re.compile(r"\D*(?:\d\D{0,3}){10,13}")
_DAY: Final = re.compile(
    r"(?:\w+,? )?(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{2,4}|\d\d?[- ][^\W\d]{3,}\.?[- ]\d{2,4}"
    r"|[^\W\d]{3,}\.? \d\d?, \d{4})\b.*"
)
_CLOCK: Final = re.compile(r"\d{1,2}[:.h]\d{2}|\d{1,2}\s*[ap]\.?m", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TITLE_LINES: Final = 30


def header_row(rows: Sequence[tuple[int, list[str]]]) -> int:
    """Where the names of the columns probably stand: the position in `rows` of the line that reads most like them."""
    scores = [(len(guess_roles(cells, ())), sum(map(bool, cells)), -place) for place, (_, cells) in _top(rows)]
    return -max(scores, default=(0, 0, 0))[2]


def guess_roles(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, Says]:
    """By position; a role is given once. A name decides; where no name says a phone or a date, the cells do."""
    found: dict[int, Says] = {}
    names = {place: _plain(cell) for place, cell in enumerate(header) if cell}
    words, never = _words()
    for role in _FIRST_FIT:
        for place, name in names.items():
            free = place not in found and not (role in _ONCE and role in found.values())
            if free and len(name) <= _LONGEST and not never.fullmatch(name) and words[role].fullmatch(name):
                found[place] = role
    return _with_cells(found, [*names], rows)


def _with_cells(found: dict[int, Says], places: Sequence[int], rows: Sequence[Sequence[str]]) -> dict[int, Says]:
    """What no name says, but the cells do; and of two ways to say the name only one."""
    if Says.DATE not in found.values():
        days = (place for place in places if place not in found and _mostly(_DAY, place, rows))
        found |= dict.fromkeys([*days][:1], Says.DATE)
    if Says.DATE not in found.values():
        found |= {place: Says.DATE for place, role in found.items() if role is Says.TIME}
    if Says.FIRST in found.values() and Says.LAST not in found.values():
        found |= {place: Says.NAME for place, role in found.items() if role is Says.FIRST}
    if {Says.FIRST, Says.LAST, Says.NAME} <= set(found.values()):
        found = {place: role for place, role in found.items() if role is not Says.NAME}
    if Says.PHONE not in found.values():
        phones = [place for place in places if found.get(place) not in _WHEN and _mostly(_PHONE, place, rows)]
        found |= dict.fromkeys(sorted(phones, key=lambda place: place in found)[:1], Says.PHONE)
    if Says.DATE in found.values() and Says.TIME not in found.values():
        on = next(place for place, role in found.items() if role is Says.DATE)
        times = [place for place in places if place not in found and has_time(_cells(place, rows))]
        if not has_time(_cells(on, rows)):
            found |= dict.fromkeys(times[:1], Says.TIME)
    return found


_LONGEST: Final = 60


@cache
def _words() -> tuple[dict[Says, re.Pattern[str]], re.Pattern[str]]:
    """What each role is called in all of our languages, and what is none."""
    said = [one.about.columns for one in languages()]
    roles = {role: re.compile("|".join(getattr(one, role.value.replace(" ", "_")) for one in said)) for role in Says}
    return roles, re.compile("|".join(one.never for one in said))


def has_time(cells: Sequence[str]) -> bool:
    """Whether most of these have a time of day."""
    return sum(bool(_CLOCK.search(clean(cell))) for cell in cells) * 2 > len(cells)


def _plain(cell: str) -> str:
    apart = _CAMEL.sub(" ", clean(cell))  # clientName
    return "".join(one for one in unicodedata.normalize("NFKD", fold(apart)) if not unicodedata.combining(one))


def _cells(place: int, rows: Sequence[Sequence[str]]) -> list[str]:
    return [clean(row[place]) for row in rows if place < len(row) and row[place]]


def _mostly(pattern: re.Pattern[str], place: int, rows: Sequence[Sequence[str]]) -> bool:
    cells = _cells(place, rows)
    return bool(cells) and sum(bool(pattern.fullmatch(cell)) for cell in cells) * 2 > len(cells)


def _top(rows: Sequence[tuple[int, list[str]]]) -> list[tuple[int, tuple[int, list[str]]]]:
    return list(enumerate(rows))[:_TITLE_LINES]
