"""The patients as a list: looked for by words or narrowed, a page at a time; whoever wrote something unread first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.outbox import in_state
from notifier.db.rows import table_of
from notifier.db.search_words import find_by_words
from notifier.db.tables import Enrollment, Message, Reply, ReplyPhone
from notifier.domain.refused import Refused
from notifier.domain.search_words import FoundBy, SearchTerms, read_search, words_of
from notifier.domain.states import EnrollmentState, MessageState

PAGE: Final = 50
"""Patients on one page."""
MOST_LISTED: Final = 10_000
"""Patients whom words may find, or a file has: more is no search, and no file to look through."""
_MOST_PROVIDERS: Final = 300


@dataclass(frozen=True, slots=True)
class PatientQuery:
    """Whom somebody looks for; what is not said narrows nothing."""

    words: str = ""
    """Names, a part of the number or a former one, the clinic's own id, the provider; all of it must fit."""
    state: EnrollmentState | None = None
    protocol: str | None = None
    provider: str | None = None
    """Whole, in any case."""
    office: str | None = None
    unread: bool = False
    """Only who wrote something that nobody has closed."""

    def to_json(self) -> dict[str, Any]:
        """As it is kept between two pages."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> PatientQuery:
        """What `to_json` gave."""
        return cls(**{**kept, "state": EnrollmentState(kept["state"]) if kept.get("state") else None})


@dataclass(frozen=True, slots=True)
class TextSummary:
    """The text that left last, or leaves next."""

    step: str
    state: MessageState
    at: datetime


@dataclass(frozen=True, slots=True)
class PatientLine:
    """One enrollment of the list."""

    enrollment: Enrollment
    unread: bool
    found_by: FoundBy | None
    """None where nobody was looked for by words."""
    last: TextSummary | None
    next: TextSummary | None


@dataclass(frozen=True, slots=True)
class PatientPage:
    """A page of the list, and how many there are in all."""

    lines: tuple[PatientLine, ...]
    many: int
    number: int
    """Of the page; the first is 1."""
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.many // self.size))


def patient_page(session: Session, query: PatientQuery, number: int = 1, size: int = PAGE) -> PatientPage:
    """The page of this number. Raises Refused for words that find too many, and for what cannot be looked for."""
    which, start = _which(query), (max(number, 1) - 1) * size
    if query.words:
        many, rows = _by_words(session, query.words, which, start, size)
    else:
        many, rows = _by_need(session, which, start, size, only_unread=query.unread)
    ids = [one.id or 0 for one, _ in rows]
    texts, unread = _texts(session, ids), _unread_on(session, {one.phone for one, _ in rows})
    lines = [PatientLine(one, one.phone in unread, by, *texts.get(one.id or 0, (None, None))) for one, by in rows]
    return PatientPage(tuple(lines), many, max(number, 1), size)


def providers(session: Session) -> list[str]:
    """Who treats patients here, by name; the first hundreds. Each is one step through their index."""
    found: list[str] = []
    name = col(Enrollment.provider)
    while len(found) < _MOST_PROVIDERS:
        following = session.scalar(select(func.min(name)).where(name.is_not(None), name > (found[-1] if found else "")))
        if following is None:
            break
        found.append(following)
    return found


def _which(query: PatientQuery) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = []
    if query.state:
        which.append(col(Enrollment.state) == query.state)
    which += [getattr(Enrollment, name) == value for name in ("protocol", "office") if (value := getattr(query, name))]
    if query.provider:
        which.append(func.lower(col(Enrollment.provider)) == func.lower(query.provider))
    if query.unread:
        which.append(col(Enrollment.phone).in_(_phones_with_open()))
    return which


Row = tuple[Enrollment, FoundBy | None]


def _by_words(
    session: Session, words: str, which: Sequence[ColumnElement[bool]], start: int, size: int
) -> tuple[int, list[Row]]:
    """Whom names, numbers and own ids find, the surest first, then the latest; where that is nobody, the patients of
    the provider who is meant."""
    terms = read_search(words)
    found = find_by_words(session, terms, MOST_LISTED)
    if found is None:
        raise Refused(f"more than {MOST_LISTED:,} fit; write more of the name, or more digits", "words")
    here = select(col(Enrollment.id)).where(in_array(col(Enrollment.id), "ids"), *which)
    ids = [one or 0 for one in session.scalars(here, {"ids": list(found)})] if found else []
    if not ids:
        return _by_provider(session, terms, which, start, size)
    ids.sort(key=lambda one: (found[one] is FoundBy.FORMER_NUMBER, -one))
    listed = ids[start : start + size]
    rows = {one.id or 0: one for one in session.scalars(select(Enrollment).where(col(Enrollment.id).in_(listed)))}
    return len(ids), [(rows[one], found[one]) for one in listed]


def _by_provider(
    session: Session, terms: SearchTerms, which: Sequence[ColumnElement[bool]], start: int, size: int
) -> tuple[int, list[Row]]:
    """Words that a provider's name has mean the provider, the others the patient: "Ruiz, Dr. Kim"."""
    kept = {name: words_of(name) for name in providers(session)}
    meant, patient = set(kept), []
    for term in terms.words:
        if fitting := {name for name, words in kept.items() if any(word.startswith(term) for word in words)}:
            meant &= fitting
        else:
            patient.append(term)
    if len(patient) == len(terms.words) or not meant:
        return 0, []
    which = [*which, col(Enrollment.provider).in_(sorted(meant))]
    if patient:
        found = find_by_words(session, SearchTerms(tuple(patient), terms.exact), MOST_LISTED) or {}
        which.append(col(Enrollment.id).in_(sorted(found)))
    many = session.scalar(select(func.count()).select_from(Enrollment).where(*which)) or 0
    return many, [(one, FoundBy.PROVIDER) for one, _ in _latest(session, which, start, size)]


def _by_need(
    session: Session, which: Sequence[ColumnElement[bool]], start: int, size: int, *, only_unread: bool
) -> tuple[int, list[Row]]:
    """Those with something unread, then the others; of each the latest first."""
    is_unread = col(Enrollment.phone).in_(_phones_with_open())
    first, ids = _counted(session, [*which, is_unread], start, size)
    rows = _in_order(session, ids)
    if only_unread:
        return first, rows
    many = session.scalar(select(func.count()).select_from(Enrollment).where(*which)) or 0
    if len(rows) < size:
        rows += _latest(session, [*which, ~is_unread], max(0, start - first), size - len(rows))
    return many, rows


def _counted(
    session: Session, which: Sequence[ColumnElement[bool]], start: int, size: int
) -> tuple[int, Sequence[int | None]]:
    """How many there are, and the latest of them. Counted along, so that PostgreSQL looks for no shorter way to the
    first few, which may be the longest."""
    found = select(col(Enrollment.id), func.count().over()).where(*which).order_by(col(Enrollment.id).desc())
    rows = session.execute(found.limit(size).offset(start)).all()
    if not rows and start:
        return session.scalar(select(func.count()).select_from(Enrollment).where(*which)) or 0, []
    return (rows[0][1] if rows else 0), [one for one, _ in rows]


def _in_order(session: Session, ids: Sequence[int | None]) -> list[Row]:
    if not ids:
        return []
    found = select(Enrollment).where(col(Enrollment.id).in_(ids)).order_by(col(Enrollment.id).desc())
    return [(one, None) for one in session.scalars(found)]


def _latest(session: Session, which: Sequence[ColumnElement[bool]], start: int, size: int) -> list[Row]:
    found = select(Enrollment).where(*which).order_by(col(Enrollment.id).desc()).limit(size).offset(start)
    return [(one, None) for one in session.scalars(found)]


# Tables, not classes: a patient of ours has something unread, whichever office's number it was written to.
_reply, _on = table_of(Reply).alias(), table_of(ReplyPhone).alias()


def _phones_with_open() -> Select[Any]:
    return select(_on.c.phone).join(_reply, _reply.c.id == _on.c.reply_id).where(_reply.c.closed_at.is_(None))


def _unread_on(session: Session, phones: set[str]) -> set[str]:
    return set(session.scalars(_phones_with_open().where(_on.c.phone.in_(sorted(phones)))))


def _texts(session: Session, ids: Sequence[int]) -> dict[int, tuple[TextSummary | None, TextSummary | None]]:
    """By enrollment, the text that left last and the one that leaves next."""
    columns = (
        col(Message.enrollment_id),
        col(Message.step),
        col(Message.state),
        col(Message.left_at),
        col(Message.due_at),
    )
    found = select(*columns).where(
        col(Message.enrollment_id).in_(ids), or_(col(Message.left_at).is_not(None), in_state(MessageState.PLANNED))
    )
    texts: dict[int, tuple[TextSummary | None, TextSummary | None]] = {}
    for whose, step, state, left_at, due_at in session.execute(found):
        last, following = texts.get(whose or 0, (None, None))
        if state is MessageState.PLANNED:
            if due_at and (following is None or due_at < following.at):
                following = TextSummary(step, state, due_at)
        elif left_at and (last is None or left_at > last.at):
            last = TextSummary(step, state, left_at)
        texts[whose or 0] = (last, following)
    return texts
