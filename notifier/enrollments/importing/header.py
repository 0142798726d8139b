"""The first row of a file of ours: which column says what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.importing.rows import OPTIONAL, REQUIRED, WRONG, fold
from schedules.protocol import CareProtocol

_HEADER: Final = ("external_id", "name", "phone", "protocol", "treated_at", "consent")
_DIGITS: Final = 7
"""A phone or a date has as many; no name of a column has."""
_FEW: Final = 3
"""Fewer of our names than this a booking system's export has by chance: a phone, a time zone."""
_OTHER_FORMATS: Final = ("<", "BEGIN:")
"""How a page and a calendar begin, where they are read as lines with commas."""


def read_header(cells: Sequence[str], protocols: Mapping[str, CareProtocol]) -> list[str]:
    """The column names in order, "" for an empty one at the end. Raises Refused, naming the nearest for each stranger.

    A column that is not known is refused rather than passed by: it could be an answer that decides what is sent.
    """
    questions = [question for protocol in protocols.values() for question in protocol.questions]
    known = {fold(name): name for name in (*questions, *OPTIONAL, *REQUIRED, WRONG)}
    if _is_of_another_shape(cells, known):
        first = ", ".join(cell for cell in cells if cell)
        raise Refused(
            f'the first row is "{first[:60]}", and has not the columns of the sample file; where a booking system '
            "wrote it, say which",
            "header",
            code=RefusalCode.FILE_OF_ANOTHER_SHAPE,
        )
    if _is_data(cells, known):
        raise Refused(
            "the first row is a patient's, not the names of the columns; put this line on top, with the names in the "
            f"order of your own cells: {','.join(_HEADER)}",
            "header",
        )
    found: list[str] = []
    for position, cell in enumerate(cells, 1):
        name = known.get(fold(cell), "") if cell else ""
        if cell and not name:
            near = get_close_matches(fold(cell), known, n=1, cutoff=0.5)
            instead = f"did you mean {known[near[0]]}?" if near else "leave it out"
            raise Refused(f'column {position} is "{cell[:60]}", which is not known here; {instead}', "header")
        if name and name in found:
            raise Refused(f"the column {name} is there twice; leave one out", "header")
        found.append(name)
    if missing := [name for name in REQUIRED if name not in found]:
        raise Refused(
            f"the first row names no column {', '.join(missing)}; the sample file has them all",
            "header",
            code=RefusalCode.COLUMNS_MISSING,
        )
    if "treated_at" not in found and "appointment_at" not in found:
        raise Refused("the first row names neither treated_at nor appointment_at; one of them is needed", "header")
    return found


def _is_of_another_shape(cells: Sequence[str], known: Mapping[str, str]) -> bool:
    """Whether it is hardly ours, and no patient's: a title, or the columns of a booking system's export."""
    filled = [cell for cell in cells if cell]
    if filled and filled[0].startswith(_OTHER_FORMATS):
        return True
    named = sum(fold(cell) in known for cell in filled)
    return named < min(_FEW, len(filled)) and not _is_data(cells, known)


def _is_data(cells: Sequence[str], known: Mapping[str, str]) -> bool:
    """Whether a first row names no column and has a cell such as a number or a date: its header was forgotten."""
    filled = [cell for cell in cells if cell]
    named = sum(fold(cell) in known for cell in filled)
    return named <= 1 < len(filled) and any(sum(map(str.isdigit, cell)) >= _DIGITS for cell in filled)
