"""Rows of an import that mean a person who must never be texted, or somebody of that very name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from notifier.domain.kinds import NEVER_TEXT
from notifier.enrollments.importing.meanings import RowMeaning, person_of
from notifier.enrollments.importing.rows import ImportRow
from notifier.numbers.never_text import NAMESAKE, find_never_texted


def about_never_texted(session: Session, found: Sequence[tuple[ImportRow, RowMeaning]]) -> list[str]:
    """What staff are told of rows of persons who must never be texted, and asked about those with such a name alone."""
    never = [row for row, meaning in found if meaning is RowMeaning.NEVER_TEXTED]
    said = [f"row {row.number}: {NEVER_TEXT}: nobody is enrolled" for row in never]
    new = [row for row, meaning in found if meaning is RowMeaning.NEW]
    namesakes = find_never_texted(session, [person_of(row) for row in new])
    return said + [f"row {new[position].number}: {NAMESAKE}" for position in namesakes]
