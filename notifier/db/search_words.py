"""The words by which enrollments are found, kept in the transaction that changes what they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import Row, insert_if_new, insert_rows, table_of
from notifier.db.tables import Enrollment, SearchWord
from notifier.domain.search_words import FoundBy, SearchTerms, words_of_enrollment, words_of_number

_words = table_of(SearchWord)
_LAST: Final = "\U0010ffff"
"""Sorts behind every letter."""
_FROM: Final = ("name", "phone", "external_id", "provider")
"""The columns that words come from."""


def write_words(session: Session, ids: Iterable[int], rows: Iterable[Row]) -> None:
    """Keep the words of new enrollments, given as rows."""
    words = [
        word
        for id_, row in zip(ids, rows, strict=True)
        for word in _rows(id_, row["name"], row["phone"], row.get("external_id"), row.get("provider"))
    ]
    insert_rows(session, SearchWord, words)


def refresh_words(session: Session, enrollment_ids: Collection[int]) -> None:
    """Keep the words as the enrollments are now; their former numbers stay."""
    ids = sorted(enrollment_ids)
    former = FoundBy.FORMER_NUMBER
    session.execute(delete(_words).where(_words.c.enrollment_id.in_(ids), _words.c.kind != former))
    columns = (getattr(Enrollment, name) for name in _FROM)
    found = session.execute(select(col(Enrollment.id), *columns).where(col(Enrollment.id).in_(ids))).all()
    insert_rows(session, SearchWord, [word for id_, *said in found for word in _rows(id_ or 0, *said)])


def keep_former_number(session: Session, enrollment_ids: Iterable[int], phone: str) -> None:
    """Find these also by the number that they had until now."""
    for id_ in enrollment_ids:
        for word in words_of_number(phone):
            insert_if_new(session, SearchWord, {"enrollment_id": id_, "word": word, "kind": FoundBy.FORMER_NUMBER})


def matching(terms: SearchTerms) -> Select[Any]:
    """Enrollments that all of the terms find, as `enrollment_id` and `found_by`: why the longest of them finds it."""
    first, *others = terms.words
    every = [_words.c.enrollment_id.in_(select(_words.c.enrollment_id).where(_begins(term))) for term in others]
    by_words = select(_words.c.enrollment_id, _words.c.kind).where(_begins(first), *every)
    exactly = select(_words.c.enrollment_id, _words.c.kind).where(_words.c.word == terms.exact)
    found = union_all(by_words, exactly).subquery()
    return select(found.c.enrollment_id, func.min(found.c.kind).label("found_by")).group_by(found.c.enrollment_id)


def _begins(spellings: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(*(and_(_words.c.word >= one, _words.c.word < one + _LAST) for one in spellings))


def _rows(enrollment_id: int, name: str, phone: str, external_id: str | None, provider: str | None) -> list[Row]:
    kept = words_of_enrollment(name, phone, external_id, provider)
    return [{"enrollment_id": enrollment_id, "word": word, "kind": kind} for kind, word in sorted(kept)]
