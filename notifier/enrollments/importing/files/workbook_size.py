"""How far the cells of an .xlsx reach: a sheet is laid out whole, so two cells at its corners would take any memory."""

from __future__ import annotations

import re
import zipfile
from typing import Final
from xml.parsers import expat

from notifier.domain.refused import Refused

_AT_ONCE: Final = 1 << 20
_PLACE: Final = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_XML: Final = ".xml"


def refuse_far_cells(packed: zipfile.ZipFile, most_cells: int) -> None:
    """Raise Refused where a sheet reaches over so many cells, or is not written as XML."""
    for part in packed.namelist():
        if not part.endswith((_XML, ".rels")):
            continue
        corner = _Corner(most_cells)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = corner.started
        with packed.open(part) as opened:
            while read := opened.read(_AT_ONCE):
                parser.Parse(read, False)
            parser.Parse(b"", True)


class _Corner:
    """The lowest and rightmost cell with something in it."""

    def __init__(self, most_cells: int) -> None:
        self._most_cells = most_cells
        self._row, self._column = 0, 0
        self._last_row, self._last_column = 0, 0

    def started(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(" ")[2]:
            case "row":
                said = attributes.get("r", "")
                self._row = int(said[:9]) if said.isdecimal() else self._row + 1
                self._column = 0
            case "c":
                self._at(attributes.get("r", ""))
            case "v" | "is" | "f":
                self._reach()
            case "Relationship" if attributes.get("Type", "").endswith("/worksheet"):
                if not attributes.get("Target", "").endswith(_XML):
                    raise Refused("the workbook's sheets are not written as XML; save it as .xlsx or CSV (UTF-8)")

    def _at(self, place: str) -> None:
        if (found := _PLACE.fullmatch(place)) is None:
            self._column += 1
            return
        self._row, self._column = int(found[2]), 0
        for letter in found[1].upper():
            self._column = self._column * 26 + ord(letter) - 64

    def _reach(self) -> None:
        self._last_row, self._last_column = max(self._last_row, self._row), max(self._last_column, self._column)
        if self._last_row * self._last_column > self._most_cells:
            raise Refused(
                f"a sheet of the workbook reaches over more than {self._most_cells:,} cells, down to row "
                f"{self._last_row:,}; delete what stands far outside the list, or save the list as CSV (UTF-8)"
            )
