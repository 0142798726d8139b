"""A database moved to PostgreSQL in the middle of a programme: all of it or nothing, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlmodel import SQLModel, col

from notifier.db.engine import file_of, open_engine, reading, writing
from notifier.db.schema import NoDatabase, prepare
from notifier.db.tables import Enrollment, Message
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.maintenance import move as moving
from notifier.maintenance.move import move
from tests.conftest import Rows

pytestmark = pytest.mark.postgres


@pytest.fixture
def target(empty_postgresql_url: str) -> Iterator[Engine]:
    engine = open_engine(empty_postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def source(sqlite_engine: Engine, rows: Rows) -> Engine:
    """A text in every state, words that are not ASCII, a plain dictionary, an empty column."""
    with writing(sqlite_engine) as session:
        ana = rows.enrollment(session, name="Åsa 🙂 O'Neil\t\\N", answers={"b": [1], "a": "é"}, external_id=None)
        for state in MessageState:
            rows.message(session, ana, state=state)
    return sqlite_engine


def _all(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in SQLModel.metadata.sorted_tables
        }


def test_every_row_is_the_same_the_numbers_go_on_and_the_old_file_is_out_of_the_way(
    source: Engine, target: Engine, rows: Rows
) -> None:
    before, file = _all(source), file_of(source)
    said: list[str] = []
    moved = move(source, target, say=said.append)
    assert before == _all(target)
    assert (len(before), len(before), True) == (len(said), len(moved.tables), moved.kept.is_file())
    assert (file.with_name("notifier.db.moved"), False) == (moved.kept, file.exists())  # type: ignore[union-attr]  # SQLite has one
    with pytest.raises(NoDatabase, match="was moved from here to PostgreSQL"):
        prepare(source, rows.now)
    with writing(target) as session:
        assert 2 == rows.enrollment(session, ordinal=2)


def test_a_move_that_dies_has_moved_nothing_and_the_next_one_begins_anew(
    source: Engine, target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _all(source)

    class Killed(BaseException):
        pass

    def dies_in_the_middle(line: str) -> None:
        if line.startswith("messages"):
            raise Killed

    with pytest.raises(Killed):
        move(source, target, say=dies_in_the_middle)
    assert ({0}, before) == ({len(rows) for rows in _all(target).values()}, _all(source))

    def dies_at_the_end(_: Path) -> Path:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(moving, "_put_aside", dies_at_the_end)
        with pytest.raises(Killed):
            move(source, target, say=len)
    move(source, target, say=len)
    assert before == _all(target)


def test_where_somebody_has_the_file_open_or_the_target_is_in_use_nothing_is_moved(
    source: Engine, target: Engine, rows: Rows
) -> None:
    another = open_engine(source.url.render_as_string(hide_password=False))
    with reading(another) as session:
        session.scalar(select(func.count()).select_from(Message))
        with pytest.raises(Refused, match=r"something has .* open"):
            move(source, target, say=len)
    another.dispose()
    with writing(target) as session:
        rows.enrollment(session, name="Somebody else's")
    with pytest.raises(Refused, match="holds other rows already"):
        move(source, target, say=len)
    with reading(target) as session:
        assert ["Somebody else's"] == list(session.scalars(select(col(Enrollment.name))))
    assert file_of(source).is_file()  # type: ignore[union-attr]  # SQLite has one
