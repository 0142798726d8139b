"""The words that enrollments are found by follow them, in the same transaction, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.search_words import find_by_words, keep_former_number, refresh_words
from notifier.db.tables import Enrollment, SearchWord
from notifier.domain.search_words import FoundBy, read_search


def found(session: Session, typed: str) -> dict[int, FoundBy]:
    many = find_by_words(session, read_search(typed), 100)
    assert many is not None
    return many


def test_all_that_is_typed_must_fit_one_enrollment(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        ana = rows.enrollment(session, external_id="A-1")
        kim = rows.enrollment(session, name="Ana Kim", folded_name="anakim", phone="+12125550102")
        asked = ("ana ruiz", "Kim, Ana", "0102", "a1", "555 010", "ruiz 0102", "ANA Ź", "ana \U0001f642")
        expected: list[Any] = [
            {ana: FoundBy.NAME}, {kim: FoundBy.NAME}, {kim: FoundBy.NUMBER},
            {ana: FoundBy.EXTERNAL_ID}, {ana: FoundBy.NUMBER, kim: FoundBy.NUMBER}, {}, {},
            {ana: FoundBy.NAME, kim: FoundBy.NAME},
        ]  # fmt: skip
        assert expected == [found(session, typed) for typed in asked]
        assert {kim: FoundBy.NAME} == found(session, "kim")


def test_words_follow_a_change_and_die_with_the_enrollment(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        id_ = rows.enrollment(session)
        stored = session.get_one(Enrollment, id_)
        stored.name, stored.phone = "Beatriz Ruiz", "+12125550177"
        session.flush()
        refresh_words(session, [id_])
        keep_former_number(session, [id_], "+12125550101")
        assert [{}, {id_: FoundBy.NAME}] == [found(session, typed) for typed in ("ana", "beatriz")]
        assert [FoundBy.NUMBER, FoundBy.FORMER_NUMBER] == [found(session, one)[id_] for one in ("0177", "0101")]
    with writing(engine) as session:
        session.execute(delete(Enrollment))
    with reading(engine) as session:
        assert [] == list(session.scalars(select(col(SearchWord.word))))
