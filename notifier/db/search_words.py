"""The words by which enrollments are found, kept in the transaction that changes what they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.rows import Row, insert_columns, insert_if_new, table_of
from notifier.db.tables import Enrollment, SearchWord
from notifier.domain.search_words import FoundBy, SearchTerms, words_of_enrollment, words_of_number

_words = table_of(SearchWord)
_LAST: Final = "\U0010ffff"
"""Sorts behind every letter."""
_RARE: Final = 2000
"""So few are looked up one by one; of more, all that the other words find is read."""


def write_words(session: Session, ids: Iterable[int], rows: Iterable[Row]) -> None:
    """Keep the words of new enrollments, given as rows."""
    whose = ((id_, row["name"], row["phone"], row.get("external_id")) for id_, row in zip(ids, rows, strict=True))
    _write(session, whose)


def refresh_words(session: Session, enrollment_ids: Collection[int]) -> None:
    """Keep the words as the enrollments are now; their former numbers stay."""
    ids = sorted(enrollment_ids)
    former = FoundBy.FORMER_NUMBER
    session.execute(delete(_words).where(_words.c.enrollment_id.in_(ids), _words.c.kind != former))
    columns = (col(Enrollment.id), col(Enrollment.name), col(Enrollment.phone), col(Enrollment.external_id))
    _write(session, session.execute(select(*columns).where(col(Enrollment.id).in_(ids))))


def keep_former_number(session: Session, enrollment_ids: Iterable[int], phone: str) -> None:
    """Find these also by the number that they had until now."""
    for id_ in enrollment_ids:
        for word in words_of_number(phone):
            insert_if_new(session, SearchWord, {"enrollment_id": id_, "word": word, "kind": FoundBy.FORMER_NUMBER})


def find_by_words(session: Session, terms: SearchTerms, limit: int) -> dict[int, FoundBy] | None:
    """Enrollments that all of the terms find, and why the rarest of them does; None where more than `limit` fit."""
    columns = (_words.c.enrollment_id, _words.c.kind)
    rows = list(session.execute(select(*columns).where(_words.c.word == terms.exact)))
    if terms.words:
        many = [
            session.scalar(select(func.count()).select_from(_ids(term).limit(_RARE).subquery())) or 0
            for term in terms.words
        ]
        rarest = many.index(min(many))
        others = [term for number, term in enumerate(terms.words) if number != rarest]
        begins = select(*columns).where(_begins(terms.words[rarest]))
        fitting = list(session.execute(begins if others else begins.limit(limit + 1)))
        for term in others:  # one after the other: how many rows begin so, PostgreSQL's planner guesses badly
            keep = _keep(session, term, {id_ for id_, _ in fitting})
            fitting = [row for row in fitting if row[0] in keep]
        rows += fitting
    if len(rows) > limit:
        return None
    found: dict[int, FoundBy] = {}
    for id_, kind in rows:
        found[id_] = min(FoundBy(kind), found.get(id_, FoundBy.PROVIDER))
    return found


def _ids(term: tuple[str, ...]) -> Select[Any]:
    return select(_words.c.enrollment_id).where(_begins(term))


def _keep(session: Session, term: tuple[str, ...], ids: set[int]) -> set[int]:
    """Those of these enrollments with a word beginning so; few are looked up, for many all such words are read."""
    if len(ids) < _RARE:
        among = select(_words.c.enrollment_id).where(in_array(_words.c.enrollment_id, "ids"), _begins(term))
        return set(session.scalars(among, {"ids": ids}))
    return set(session.scalars(_ids(term)))


def _begins(spellings: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(*(and_(_words.c.word >= one, _words.c.word < one + _LAST) for one in spellings))


def _write(session: Session, enrollments: Iterable[Any]) -> None:
    """The words of these, each with its id, name, number and own id; some thousands, so as columns."""
    ids: list[int] = []
    words: list[str] = []
    kinds: list[int] = []
    for id_, name, phone, external_id in enrollments:
        kept = words_of_enrollment(name, phone, external_id)
        ids += [id_] * len(kept)
        words += [word for _, word in kept]
        kinds += [kind for kind, _ in kept]
    if ids:  # of one enrollment there are several words
        insert_columns(session, SearchWord, {"enrollment_id": ids, "word": words, "kind": kinds})
