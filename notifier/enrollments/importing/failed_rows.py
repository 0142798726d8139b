"""The rows that an import could not take, each with what is wrong: on the page, and as a file to mend."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from notifier.enrollments.importing.rows import WRONG, RowFault, as_one, guarded

Table = Iterator[tuple[int, list[str]]]
"""The header, then the rows of a file as they stand in it."""


@dataclass(frozen=True, slots=True)
class WrongCell:
    """One fault of a row."""

    column: str
    """The column that it is about; "" for the whole row."""
    cell: str
    """What stands there."""
    sentence: str


@dataclass(frozen=True, slots=True)
class FailedRow:
    """One bad row as the page shows it."""

    number: int
    external_id: str
    name: str
    wrong: tuple[WrongCell, ...]


def failed_rows(table: Table, faults: Iterable[RowFault]) -> list[FailedRow]:
    """The bad rows in the file's order, each with every fault."""
    header, rows = _rows(table, faults)
    keys = [_key(name) for name in header]
    found = []
    for its_faults, cells in rows:
        named = dict(zip(keys, cells, strict=False))
        columns = [(fault.column or "", fault.sentence) for fault in its_faults]
        wrong = tuple(WrongCell(column, named.get(_key(column), ""), sentence) for column, sentence in columns)
        found.append(FailedRow(its_faults[0].row, named.get("external_id", ""), named.get("name", ""), wrong))
    return found


def write_failed_rows(out: TextIO, table: Table, faults: Iterable[RowFault]) -> None:
    """Write a CSV of the bad rows. It imports again as it is once they are mended: the last column is passed by.

    No cell begins as a formula does, and a phone is text to every spreadsheet.
    """
    header, rows = _rows(table, faults)
    kept = [position for position, name in enumerate(header) if _key(name) != _key(WRONG)]
    phone = next((position for position in kept if _key(header[position]) == "phone"), None)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*(guarded(header[position]) for position in kept), WRONG])
    for its_faults, cells in rows:
        full = [*cells, *[""] * (len(header) - len(cells))]
        said = [_as_text(full[one]) if one == phone else guarded(full[one]) for one in kept]
        # A cell too many has no column: it stays where it is wrong, behind the sentence.
        writer.writerow([*said, guarded(as_one(its_faults).sentence), *(guarded(cell) for cell in full[len(header) :])])


def _rows(table: Table, faults: Iterable[RowFault]) -> tuple[list[str], Iterator[tuple[list[RowFault], list[str]]]]:
    by_number: dict[int, list[RowFault]] = {}
    for fault in faults:
        by_number.setdefault(fault.row, []).append(fault)
    header = next(table)[1]
    return header, ((by_number[number], cells) for number, cells in table if number in by_number)


def _as_text(phone: str) -> str:
    """As the import reads it: a quote before a number is no part of it."""
    return f"'{phone}" if phone and not phone.startswith("'") else phone


def _key(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")
