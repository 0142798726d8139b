"""A mapping out of columns that somebody has pointed at: the same TOML that a person would write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.cells import fold
from notifier.enrollments.importing.mappings.dates import clean
from notifier.enrollments.importing.mappings.roles import Says, has_time
from notifier.enrollments.importing.mappings.table import made_columns

_NUMBERS: Final = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})(?!\d)")
_ORDERS: Final = ("month/day/year", "day/month/year")
_TOTAL: Final = re.compile(r"(grand |sub ?)?totals?\b", re.IGNORECASE)
_MOST_IN_TOTAL: Final = 3
"""Cells of a line of totals."""


@dataclass(frozen=True, slots=True)
class PointedColumns:
    """What was said of a file's columns."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    """Some of them, to see how they are written."""
    roles: Mapping[int, Says]
    order: str = ""
    """Of day and month, where the file does not show it."""
    how: str = ""
    """What is written down where the consent column says yes."""
    timezone: str = ""
    complete: bool = False
    split: Mapping[str, str] = field(default_factory=dict)
    """Columns that say two things; those that are made of them stand at the end of the header and of each row."""

    @property
    def asks_order(self) -> bool:
        """Whether the dates could be read in two ways."""
        return self._orders() == set(_ORDERS)

    def toml(self) -> str:
        """The mapping file. Raises Refused for a column that is missing or pointed at twice."""
        columns = {"name": self._name(), "phone": _said(self._one(Says.PHONE)), "day": self._day()}
        columns |= self._start_and_end()
        columns["service"] = _said(self._one(Says.SERVICE))
        for key, role in _PLAIN.items():
            if role in self.roles.values():
                columns[key] = _said(self._one(role))
        if Says.CONSENT in self.roles.values():
            how = self.how or "said at the booking"
            columns["consent"] = f"{{ column = {_said(self._one(Says.CONSENT))}, how = {_said(how)} }}"
        columns["id"] = self._id()
        lines = [
            f"title  = {_said(self.title)}",
            'source = "Pointed at on the page."',
            f"header = {_said(self._header())}",
        ]
        lines += [f"timezone = {_said(self.timezone)}"] if self.timezone else []
        lines += ["complete = true"] if self.complete else []
        lines += ["", "[columns]", *(f"{key} = {value}" for key, value in columns.items())]
        if self.split:
            lines += ["", "[split]", *(f"{_said(column)} = {_said(pattern)}" for column, pattern in self.split.items())]
        if totals := self._totals():
            lines += ["", "[no_patients]", *(f"{_said(column)} = {_said(begins)}" for column, begins in totals.items())]
        return "\n".join((*lines, ""))

    def _name(self) -> str:
        names = [*self._all(Says.FIRST), *self._all(Says.NAME), *self._all(Says.LAST)]
        if not names:
            raise Refused("no column is the patient's name; point at it", "columns")
        places = [place for place, role in self.roles.items() if role is Says.NAME]
        cells = [cell for place in places for cell in self._cells(place)]
        turned = len(names) == 1 and sum(cell.count(",") == 1 for cell in cells) * 2 > len(cells) > 0
        order = ', order = "last, first"' if turned else ""
        return f"{{ columns = {_said(names)}{order} }}"

    def _day(self) -> str:
        column, orders = self._one(Says.DATE), self._orders()
        if not orders:
            raise Refused(f'some dates of "{column}" have the day first and others the month; export it anew', "order")
        if len(orders) == 2 and self.order not in _ORDERS:
            raise Refused(f'say whether the day or the month comes first in "{column}"', "order")
        order = self.order if len(orders) == 2 else next(iter(orders))
        said = f", order = {_said(order)}" if order else ""
        return f"{{ column = {_said(column)}{said} }}"

    def _orders(self) -> set[str]:
        """In which orders every date can be read; an empty one where none is written in numbers."""
        place = next((place for place, role in self.roles.items() if role is Says.DATE), None)
        cells = [] if place is None else self._cells(place)
        found = [
            one
            for cell in cells
            if (one := _NUMBERS.search(clean(cell))) and not re.search(r"\d{4}[-/.]", clean(cell)[:5])
        ]
        if not found:
            return {""}
        months = [{number for number in (1, 2) if int(one[number]) <= 12} for one in found]
        return {_ORDERS[number - 1] for number in set.intersection({1, 2}, *months)}

    def _start_and_end(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if Says.TIME in self.roles.values():
            found["start"] = _said(self._one(Says.TIME))
        elif not has_time(self._cells(next(place for place, role in self.roles.items() if role is Says.DATE))):
            raise Refused("the column of the date has no time, and no other column is the time; point at it", "columns")
        if Says.END in self.roles.values():
            found["end"] = f"{{ column = {_said(self._one(Says.END))} }}"
        elif Says.MINUTES in self.roles.values():
            found["end"] = f"{{ minutes_in = {_said(self._one(Says.MINUTES))} }}"
        return found

    def _id(self) -> str:
        """Without a number of the visit or the client the name and the phone say who it is."""
        if Says.VISIT in self.roles.values():
            return f"{{ visit = {_said(self._one(Says.VISIT))} }}"
        who = self._all(Says.CLIENT) or [
            *self._all(Says.FIRST),
            *self._all(Says.NAME),
            *self._all(Says.LAST),
        ]
        who = who if Says.CLIENT in self.roles.values() else [*who, self._one(Says.PHONE)]
        return f"{{ client = {_said(who)} }}"

    def _totals(self) -> dict[str, list[str]]:
        found = {
            self.header[place]: [word[0]]
            for row in self.rows
            for place, cell in enumerate(row[: len(self.header)])
            if self.header[place]
            and (word := _TOTAL.match(clean(cell)))
            and sum(map(bool, row)) * 2 <= len(self.header)
        }
        return dict(list(found.items())[:1])

    def _header(self) -> list[str]:
        made = made_columns(self.split)
        there = [self.header[place] for place in sorted(self.roles) if self.header[place] not in made]
        return list(dict.fromkeys((*there, *self.split)))

    def _all(self, role: Says) -> list[str]:
        return [self._named(place) for place, found in sorted(self.roles.items()) if found is role]

    def _one(self, role: Says) -> str:
        found = self._all(role)
        if not found:
            raise Refused(f"no column is the {role.value}; point at it", "columns")
        if len(found) > 1:
            raise Refused(f'"{found[0]}" and "{found[1]}" are both the {role.value}; pass one by', "columns")
        return found[0]

    def _named(self, place: int) -> str:
        name = self.header[place]
        if [fold(one) for one in self.header].count(fold(name)) > 1:
            raise Refused(f'two columns are called "{name}"; rename one of them in the file', "columns")
        return name

    def _cells(self, place: int) -> list[str]:
        return [row[place] for row in self.rows if place < len(row) and row[place]]


_PLAIN: Final = {
    "provider": Says.PROVIDER, "office": Says.OFFICE, "status": Says.STATUS, "timezone": Says.TIMEZONE,
}  # fmt: skip


def _said(value: str | Sequence[str]) -> str:
    """A string or a list as TOML writes it, which for these is JSON."""
    return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False).replace("\x7f", "")
