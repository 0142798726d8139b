"""Excel workbooks, read only and bounded: the first sheet that has rows. Formulas are never computed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Final
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from notifier.domain.refused import Refused
from notifier.enrollments.importing.files.workbook_size import refuse_far_cells

WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How an .xlsx (a zip) and an old .xls begin."""
_LARGEST_UNPACKED: Final = 200_000_000
_MOST_CELLS: Final = 5_000_000
_SAVE_AS: Final = "save it as CSV (UTF-8) in the program that made it"


def read_workbook(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows and their numbers as the program shows them. Raises Refused, also for what would unpack to too much."""
    if data.startswith(b"PK"):
        _refuse_bomb(data)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                if sheet.end is None:  # its total_height is 0 for a sheet of one row too
                    continue
                if (sheet.end[0] + 1) * (sheet.end[1] + 1) > _MOST_CELLS:
                    raise Refused(f"the sheet {name[:40]} has over {_MOST_CELLS:,} cells; {_SAVE_AS}")
                for number, row in enumerate(sheet.iter_rows(), 1):
                    yield number, [_said(cell) for cell in row]
                return
    except CalamineError as why:
        raise Refused(f"the file is no workbook that can be read ({_first_line(why)}); {_SAVE_AS}") from None
    raise Refused("the workbook has no sheet with rows")


def _refuse_bomb(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _refuse_other_zips(packed)
            refuse_far_cells(packed, _MOST_CELLS)
    except Refused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, expat.ExpatError, ValueError):
        raise Refused(f"the file is cut off or damaged; {_SAVE_AS}") from None


def _refuse_other_zips(packed: zipfile.ZipFile) -> None:
    parts = packed.infolist()
    if not any(part.filename.startswith(("xl/", "[Content_Types]")) for part in parts):
        raise Refused(f"the file is a zip and no Excel workbook; {_SAVE_AS}")
    if sum(part.file_size for part in parts) > _LARGEST_UNPACKED:
        raise Refused(f"the workbook unpacks to over {_LARGEST_UNPACKED:,} bytes; {_SAVE_AS}")


def _said(cell: object) -> str:
    """A cell as text: dates and times as ISO 8601 says them, whole numbers without a point."""
    match cell:
        case datetime():
            return cell.isoformat(sep=" ", timespec="minutes") if cell.time() != time() else cell.date().isoformat()
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat(timespec="minutes")
        case bool():
            return "TRUE" if cell else "FALSE"
        case float() if cell.is_integer():
            return str(int(cell))
    return str(cell).strip()


def _first_line(why: Exception) -> str:
    return (str(why).splitlines() or ["?"])[0][:80]
