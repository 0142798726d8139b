"""A column that says two things, such as a calendar's "Microneedling - Ana Diaz": how it is probably written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from notifier.enrollments.importing.mappings.dates import clean
from notifier.enrollments.importing.mappings.roles import Says

_BETWEEN: Final = (" - ", " | ", " / ", ": ", " with ", " for ", " w/ ", " con ", ", ")
_NAMES: Final = {Says.NAME, Says.FIRST, Says.LAST}
_FEW: Final = 2


def guess_split(header: Sequence[str], rows: Sequence[Sequence[str]], roles: Mapping[int, Says]) -> dict[str, str]:
    """The column that has what no other says, and its pattern; {} where none has it. A person sees and corrects it."""
    known = set(roles.values())
    if _NAMES & known and Says.SERVICE in known:
        return {}
    for place, name in enumerate(header):
        whole = roles.get(place)
        if not name or whole not in (None, Says.SERVICE, *_NAMES):
            continue
        cells = [clean(row[place]) for row in rows if place < len(row) and row[place]]
        for mark in _BETWEEN:
            parts = [cell.split(mark) for cell in cells if cell.count(mark) == 1 and "://" not in cell]
            if cells and len(parts) * 4 >= len(cells) * 3:
                return {name: _pattern(mark, parts)}
    return {}


def _pattern(mark: str, parts: Sequence[Sequence[str]]) -> str:
    """A day has fewer services than patients; names have few words and no digits."""
    one, two = ([part[at].strip() for part in parts] for at in (0, 1))
    score = len(set(one)) - len(set(two)) + _like_names(one) - _like_names(two)
    return f"{{Client}}{mark}{{Service}}" if score > 0 else f"{{Service}}{mark}{{Client}}"


def _like_names(cells: Sequence[str]) -> int:
    return sum(_FEW <= len(cell.split()) <= _FEW + 1 and not any(map(str.isdigit, cell)) for cell in cells)
