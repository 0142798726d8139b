"""The table in an HTML page, which many a booking system calls an .xls file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import as_text

_LARGEST_CELL: Final = 20_000
_BREAKS: Final = {"br", "p", "div"}
_HIDDEN: Final = {"script", "style", "head", "title"}
_SPACE: Final = re.compile(r"[ \t\xa0]*\n\s*|[ \t\xa0]+")


def read_html(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows of every table, numbered through; what a page's scripts would do is not done. Raises Refused."""
    page = _Page()
    page.feed(as_text(data))
    page.close()
    if not page.rows:
        raise Refused("the file is an HTML page without a table; export a table, or save it as CSV (UTF-8)")
    return enumerate(page.rows, 1)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "tr":
            self._end_cell()
            self.rows.append([])
        elif tag in {"td", "th"}:
            self._end_cell()
            if not self.rows:
                self.rows.append([])
            self._cell = []
        elif tag in _BREAKS and self._cell:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in {"td", "th", "tr", "table"}:
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._hidden:
            self._cell.append(data)

    def close(self) -> None:
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._cell is not None:
            said = _SPACE.sub(lambda found: "\n" if "\n" in found[0] else " ", "".join(self._cell)).strip()
            if len(said) > _LARGEST_CELL:
                raise Refused(f"row {len(self.rows)} has a cell of over {_LARGEST_CELL:,} characters")
            self.rows[-1].append(said)
            self._cell = None
