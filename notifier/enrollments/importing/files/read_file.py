"""From the bytes of a booking system's file to rows of cells, by what the bytes are and not by the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import LARGEST_CELL, read_csv
from notifier.enrollments.importing.files.calendar_file import read_calendar
from notifier.enrollments.importing.files.html_table import read_html
from notifier.enrollments.importing.files.workbook import WORKBOOKS, read_workbook

MOST_COLUMNS: Final = 300
"""Of a table; a booking system's widest report has some sixty."""
MOST_ROWS: Final = 100_000
"""Of a booking system's file: a clinic's visits of many years."""
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|\?xml|html|table|meta|head|style)", re.IGNORECASE)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_file(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows and their numbers: of a CSV or TSV, an Excel workbook's first sheet, an HTML table, or a calendar.

    Many a file that is called .xls is text or HTML. Raises Refused.
    """
    for number, cells in _reader(data):
        if number > MOST_ROWS:
            raise Refused(f"the file has over {MOST_ROWS:,} rows; export fewer days at once")
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise Refused(f"row {number} has {len(cells):,} cells; a table has at most {MOST_COLUMNS} columns")
        if any(len(cell) > LARGEST_CELL for cell in cells):
            raise Refused(f"row {number} has a cell of over {LARGEST_CELL:,} characters; a list of visits has none")
        if cells:
            yield number, cells


def _reader(data: bytes) -> Iterator[tuple[int, list[str]]]:
    if data.startswith(WORKBOOKS):
        return read_workbook(data)
    head = data[:2000]
    if head.startswith(_MARKS):
        head = re.sub(rb"\x00", b"", head.lstrip(b"\xef\xbb\xbf\xff\xfe"))
    if _MARKUP.match(head):
        return read_html(data)
    if b"BEGIN:VCALENDAR" in head.upper():
        return read_calendar(data)
    return read_csv(data)
