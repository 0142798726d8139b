"""Where a booking system's table begins in its file, and the columns that a mapping makes out of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from difflib import get_close_matches
from typing import Final

from notifier.domain.refused import Refused
from notifier.enrollments.importing.files.read_file import read_file
from notifier.enrollments.importing.mappings.cells import fold
from notifier.enrollments.importing.mappings.dates import clean
from notifier.enrollments.importing.mappings.mapping import Mapping

_TITLE_LINES: Final = 30
"""So many lines may stand above a table."""
_LONGEST_SPLIT: Final = 2_000
"""Characters of a cell that is split."""
Split = Dictionary[str, str]
"""Summary = "{Service} - {Client}"."""
Rows = Iterator[tuple[int, list[str]]]


def find_table(name: str, mapping: Mapping, data: bytes) -> tuple[list[str], Rows]:
    """The header, each column named as the mapping names it, and the rows below it. Raises Refused."""
    rows = read_file(data)
    wanted, seen = {fold(one): one for one in mapping.header}, list[str]()
    for number, cells in rows:
        if wanted.keys() <= {fold(cell) for cell in cells}:
            ours = {fold(one): one for one in columns_of(mapping)}
            header = [ours.get(fold(cell), clean(cell)) for cell in cells]
            if lacking := [column for column in ours.values() if column not in header]:
                raise Refused(f'the file has no column "{lacking[0]}", which the mapping {name} reads', "header")
            return header, rows
        seen += (cell for cell in cells if len(cell) < 60)
        if number > _TITLE_LINES:
            break
    raise Refused(f'this is no file of the shape "{name}": {_what_lacks(wanted, seen)}', "header")


def with_split(split_by: Split, header: Sequence[str], rows: Rows) -> tuple[list[str], Rows]:
    """The header and the rows with the columns that are made out of others, by those."""
    patterns = [(header.index(column), *_pattern(pattern)) for column, pattern in split_by.items()]
    made = [name for _, _, names in patterns for name in names]

    def split() -> Rows:
        for number, cells in rows:
            full = [*cells, *[""] * (len(header) - len(cells))]
            found = [(pattern.search(_lines(full[place])), names) for place, pattern, names in patterns]
            more = [one[name].strip() if one else "" for one, names in found for name in range(1, len(names) + 1)]
            yield number, [*full[: len(header)], *more]

    return [*header, *made], split()


def columns_of(mapping: Mapping) -> list[str]:
    """Every column of the file that the mapping reads."""
    columns, split = mapping.columns, mapping.split
    end = (columns.end.column, columns.end.minutes_in) if columns.end else ()
    one_each = (
        columns.phone, columns.day.column, columns.start, columns.service, columns.status, columns.provider,
        columns.office, columns.timezone, columns.id.visit, columns.consent and columns.consent.column, *end,
    )  # fmt: skip
    several = (*columns.name.columns, *columns.id.client, *split, *mapping.no_patients)
    made = {*mapping.always, *made_columns(split)}
    return [column for column in dict.fromkeys((*filter(None, one_each), *several)) if column not in made]


def _what_lacks(wanted: dict[str, str], seen: list[str]) -> str:
    there = {fold(cell) for cell in seen}
    lacking = next((one for folded, one in wanted.items() if folded not in there), None)
    if lacking is None:
        return "no line has all of its columns"
    near = get_close_matches(lacking, seen, n=1, cutoff=0.75)
    return f'there is no column "{lacking}"' + (
        f'; is it called "{near[0]}" now? Then save the mapping so' if near else ""
    )


def _lines(cell: str) -> str:
    return "\n".join(clean(line) for line in cell[:_LONGEST_SPLIT].splitlines())


def made_columns(split_by: Split) -> list[str]:
    """The columns that these patterns make."""
    return [name for pattern in split_by.values() for name in _pattern(pattern)[1]]


def _pattern(written: str) -> tuple[re.Pattern[str], list[str]]:
    """ "{Service} - {Client}" as an expression, and the columns that it makes."""
    parts = re.split(r"{([^{}]+)}", written)
    body = "(.+?)".join(re.escape(fixed) for fixed in parts[::2])
    return re.compile(body if parts[-1] else f"{body}$", re.MULTILINE), parts[1::2]
