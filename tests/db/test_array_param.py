"""Many values as one parameter, on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.engine import reading, writing
from notifier.db.rows import insert_rows
from notifier.db.tables import Event

ODD = ["a", "A", "it's", 'a "quote"', "back\\slash", "comma, brace}", "ñ 😀", "", "NULL", "%"]
_WHAT = select(col(Event.what)).where(in_array(col(Event.what), "these")).order_by(col(Event.id))
_NUMBERED = select(col(Event.message_id)).where(in_array(col(Event.message_id), "these")).order_by(col(Event.id))


@pytest.mark.parametrize(
    ("these", "expected"),
    [(set(ODD), ODD), (["a"], ["a"]), (("a", "a", "b"), ["a"]), ([], []), (dict.fromkeys(["A", ""]), ["A", ""])],
)
def test_it_finds_exactly_what_was_asked_for(
    engine: Engine, now: datetime, these: Iterable[str], expected: list[str]
) -> None:
    _write(engine, [{"what": what, "at": now} for what in [*ODD, "another"]])
    with reading(engine) as session:
        assert expected == list(session.scalars(_WHAT, {"these": these}))


def test_numbers_are_found_as_numbers(engine: Engine, now: datetime) -> None:
    _write(engine, [{"what": "sent", "at": now, "message_id": number} for number in (1, 2, 30, None)])
    with reading(engine) as session:
        assert [2, 30] == list(session.scalars(_NUMBERED, {"these": [30, 2, 3]}))


def test_the_statement_is_the_same_for_one_and_for_hundreds(engine: Engine) -> None:
    told: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *heard: told.append(heard[2]))
    with reading(engine) as session:
        for count in (1, 500):
            session.scalars(_WHAT, {"these": [str(number) for number in range(count)]}).all()
    assert 1 == len({statement for statement in told if statement.startswith("SELECT")})


def _write(engine: Engine, events: list[dict[str, Any]]) -> None:
    with writing(engine) as session:
        insert_rows(session, Event, [{"by": "t", **one} for one in events])
