"""From the bytes of a file to rows of cells: what spreadsheets really write, or one sentence why it is not a CSV."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from notifier.domain.refused import RefusalCode, Refused

LARGEST_FILE = 200_000_000
LARGEST_CELL = 20_000
_LONGEST_ROW = 200_000
"""Characters. Each comma may make a cell, and each cell takes many times the memory of its comma."""
_TITLE_LINES = 30
_SEPARATES = 4
"""So many separators make a header of a first line; the titles of reports have fewer."""
_SAVE_AS = "open it in the program that made it and save it as CSV (UTF-8)"
_NOT_CSV = {
    b"PK\x03\x04": "an Excel workbook or another zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}


_MAC_LETTER = re.compile(rb"[A-Za-z][\x80-\x91\x93-\x9f]")
_WINDOWS_LETTER = re.compile(rb"[\xc0-\xff]")


def read_csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows and their numbers as a spreadsheet shows them (the header is row 1, empty rows count but do not come).

    Understands UTF-8 and UTF-16 with or without a mark, Windows-1252, MacRoman, commas, semicolons and tabs, every
    kind of line end, and newlines in quotes. Raises Refused.
    """
    text = as_text(data)
    first, _, rest = text.partition("\n")
    if mark := re.fullmatch(r"sep=([,;\t])\r?", first, re.IGNORECASE):
        return _rows(rest, mark[1], first_row=2)
    return _rows(text, _delimiter(text), first_row=1)


def _rows(text: str, delimiter: str, first_row: int) -> Iterator[tuple[int, list[str]]]:
    lines = _BoundedLines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, empty = first_row - 1, True
    while True:
        number += 1
        lines.left = _LONGEST_ROW
        try:
            cells = [cell.strip() for cell in next(reader)]
        except _RowTooLong:
            raise Refused(f"row {number} has over {_LONGEST_ROW:,} characters: {_QUOTE}") from None
        except StopIteration:
            if empty:
                raise _empty() from None
            return
        except csv.Error as why:
            raise Refused(f"row {number} (line {reader.line_num}) cannot be read: {_say(str(why))}") from None
        if not any(cells):
            continue
        if any(len(cell) > LARGEST_CELL for cell in cells):
            raise Refused(
                f"row {number} (line {reader.line_num}) has a cell of over {LARGEST_CELL:,} characters: {_QUOTE}"
            )
        empty = False
        yield number, cells


class _RowTooLong(Exception):
    """A row that nobody has typed."""


class _BoundedLines:
    """The lines of a text, as long as those of one row have no more than `left` characters together."""

    def __init__(self, text: str) -> None:
        self._lines = _lines(text)
        self.left = 0

    def __iter__(self) -> _BoundedLines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.left -= len(line)
        if self.left < 0:
            raise _RowTooLong
        return line


def _empty() -> Refused:
    return Refused("the file is empty", code=RefusalCode.FILE_EMPTY)


_QUOTE = 'a quote (") is probably not closed'


def _say(why: str) -> str:
    if "field larger" in why:
        return f"it has a cell of over {LARGEST_CELL:,} characters; {_QUOTE}"
    if "unexpected end" in why:
        return f"the file ends inside a cell; {_QUOTE}"
    if "expected after" in why:
        return 'a quote (") stands inside a cell; write it twice ("") or leave it out'
    return why


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, for each way to end one."""
    return iter(io.StringIO(text, newline=""))


def _delimiter(text: str) -> str:
    """What separates the cells of the header; a comma where nothing does.

    A first line with little to separate may be a title above the table: then the line with the most separators says it.
    """
    lines = (line[:_LONGEST_ROW] for line in islice(_lines(text), _TITLE_LINES) if line.strip())
    outside = [re.sub(r'"[^"]*"', "", line) for line in lines] or [""]
    counts = [{mark: line.count(mark) for mark in ",;\t"} for line in outside]
    found = counts[0] if max(counts[0].values()) >= _SEPARATES else max(counts, key=lambda one: max(one.values()))
    return max(found, key=lambda mark: found[mark])


def as_text(data: bytes) -> str:
    """The characters of a file, in whichever encoding it is. Raises Refused."""
    if not data.strip():
        raise _empty()
    if len(data) > LARGEST_FILE:
        raise Refused(f"the file has over {LARGEST_FILE:,} bytes; split it into files of at most {LARGEST_FILE:,}")
    for magic, what in _NOT_CSV.items():
        if data.startswith(magic):
            raise Refused(f"the file is not a CSV but {what}; {_SAVE_AS}")
    text = _text(data)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise Refused(f"line {line} has a NUL character, so the file is not a CSV; {_SAVE_AS}")
    return text


def _text(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strictly(data, "utf-16")
    head = data[:400]
    if head[1::2].count(0) > len(head) // 3:
        return _strictly(data, "utf-16-le")
    if head[0::2].count(0) > len(head) // 3:
        return _strictly(data, "utf-16-be")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # In MacRoman the accented letters of names stand where Windows has marks: "JosŽ" is its José.
        from_a_mac = len(_MAC_LETTER.findall(data)) > len(_WINDOWS_LETTER.findall(data))
        return _strictly(data, "mac_roman" if from_a_mac else "cp1252")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise Refused(f"line {line} has bytes that are no text; {_SAVE_AS}") from None
