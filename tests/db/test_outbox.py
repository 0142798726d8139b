"""A text changes its state by the table of moves, once, and leaves an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine

from notifier.db import events, outbox
from notifier.db.engine import reading, writing
from notifier.domain.states import LEGAL_MOVES, IllegalMove, MessageState

PLANNED, ATTEMPTING, CANCELLED = MessageState.PLANNED, MessageState.ATTEMPTING, MessageState.CANCELLED
EVERY_PAIR = [(seen, to) for seen in MessageState for to in MessageState]


def test_the_table_of_moves_is_obeyed(
    subtests: pytest.Subtests, sqlite_engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(sqlite_engine) as session:
        enrollment = rows.enrollment(session)
        for seen, to in EVERY_PAIR:
            with subtests.test(seen=seen, to=to):
                message = rows.message(session, enrollment, state=seen)
                if to in LEGAL_MOVES[seen]:
                    assert outbox.move(session, message, seen=seen, to=to, at=now, by="t", why=None)
                else:
                    with pytest.raises(IllegalMove, match=f"{seen} cannot become {to}"):
                        outbox.move(session, message, seen=seen, to=to, at=now, by="t", why=None)


def test_a_move_sets_state_reason_and_further_columns_and_leaves_an_event(
    engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        message = rows.message(session, enrollment)
        outbox.move(session, message, seen=PLANNED, to=ATTEMPTING, at=now, by="worker", why="its moment", left_at=now)
    with reading(engine) as session:
        found = outbox.by_id(session, message)
        (event,) = events.of_message(session, message)
    assert found is not None
    assert (ATTEMPTING, "its moment", now) == (found.state, found.reason, found.left_at)
    assert ("state", "planned", "attempting", "worker", "its moment", now) == (
        *(event.what, event.from_state, event.to_state, event.by, event.why, event.at),
    )
    assert enrollment == event.enrollment_id


def test_a_move_from_a_state_that_is_no_longer_so_changes_nothing(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        message = rows.message(session, rows.enrollment(session))
        moves = [
            outbox.move(session, message, seen=PLANNED, to=to, at=now, by="t", why=None)
            for to in (ATTEMPTING, CANCELLED)
        ]
        found = outbox.by_id(session, message)
        recorded = events.of_message(session, message)
    assert found is not None
    assert ([True, False], ATTEMPTING, 1) == (moves, found.state, len(recorded))


def test_of_two_who_move_a_text_at_once_one_is_told_that_somebody_was_faster(
    engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(engine) as session:
        message = rows.message(session, rows.enrollment(session))
    start, won = Barrier(2), []

    def race(to: MessageState) -> None:
        start.wait()
        with writing(engine) as session:
            won.append(outbox.move(session, message, seen=PLANNED, to=to, at=now, by="t", why=None))

    racers = [Thread(target=race, args=(to,)) for to in (ATTEMPTING, CANCELLED)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    with reading(engine) as session:
        recorded = len(events.of_message(session, message))
    assert ([False, True], 1) == (sorted(won), recorded)


def test_move_many_moves_those_still_in_the_state_seen(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        planned = [rows.message(session, enrollment) for _ in range(3)]
        sent = rows.message(session, enrollment, state=MessageState.SENT)
        moved = outbox.move_many(
            session, [*reversed(planned), sent, 4711], seen=PLANNED, to=CANCELLED, at=now, by="t", why="no-show"
        )
        recorded = [event.message_id for event in events.of_enrollment(session, enrollment)]
    assert (planned, planned) == (moved, sorted(filter(None, recorded)))


def test_nothing_to_move_is_no_error(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        assert [] == outbox.move_many(session, [], seen=PLANNED, to=CANCELLED, at=now, by="t", why=None)


def test_a_row_that_the_session_already_holds_follows_the_move(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        message = rows.message(session, rows.enrollment(session))
        held = outbox.by_id(session, message)
        outbox.move(session, message, seen=PLANNED, to=CANCELLED, at=now, by="t", why="gone")
        assert held is not None
        assert (CANCELLED, "gone") == (held.state, held.reason)


def test_a_reason_too_long_for_its_column_is_cut_and_the_move_succeeds(
    engine: Engine, rows: Any, now: datetime
) -> None:
    with writing(engine) as session:
        message = rows.message(session, rows.enrollment(session))
        outbox.move(session, message, seen=PLANNED, to=CANCELLED, at=now, by="t", why="x" * 1000)
        (event,) = events.of_message(session, message)
    assert "x" * 399 + "…" == event.why


def test_a_planned_text_may_be_rewritten_and_one_that_left_may_not(engine: Engine, rows: Any, now: datetime) -> None:
    later = now + timedelta(days=1)
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        planned, left = rows.message(session, enrollment), rows.message(session, enrollment, state=MessageState.SENT)
        changed = [
            outbox.rewrite(session, message, at=now, by="t", why="new number", due_at=later)
            for message in (planned, left)
        ]
        found = outbox.by_id(session, planned)
        (event,) = events.of_enrollment(session, enrollment)
    assert found is not None
    assert ([True, False], later, PLANNED) == (changed, found.due_at, found.state)
    assert ("changed", "new number", planned) == (event.what, event.why, event.message_id)


def test_next_due_is_the_earliest_planned_text(engine: Engine, rows: Any, now: datetime) -> None:
    hour = timedelta(hours=1)
    with writing(engine) as session:
        assert outbox.next_due(session) is None
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, due_at=now, state=MessageState.SENT)
        rows.message(session, enrollment, due_at=None, state=MessageState.EXPIRED)
        for hours in (3, 1, 2):
            rows.message(session, enrollment, due_at=now + hours * hour)
    with reading(engine) as session:
        assert now + hour == outbox.next_due(session)
        assert now + 2 * hour == outbox.next_due(session, after=now + hour)


def test_due_texts_come_oldest_first_and_no_more_than_asked_for(engine: Engine, rows: Any, now: datetime) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, due_at=now + timedelta(microseconds=1))
        at_once = [rows.message(session, enrollment, due_at=now) for _ in range(2)]
        first = rows.message(session, enrollment, due_at=now - timedelta(days=1))
        found = [message.id for message in outbox.due(session, now, 10)]
        one = [message.id for message in outbox.due(session, now, 1)]
    assert ([first, *at_once], [first]) == (found, one)


def test_the_texts_of_an_enrollment_come_in_the_order_of_their_moments(
    engine: Engine, rows: Any, now: datetime
) -> None:
    """One that found no place stands where it would have been."""
    hour = timedelta(hours=1)
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, step="third", due_at=now + 3 * hour)
        rows.message(
            session, enrollment, step="second", due_at=None, nominal_at=now + 2 * hour, state=MessageState.EXPIRED
        )
        rows.message(session, enrollment, step="first", due_at=now + hour)
        assert ["first", "second", "third"] == [message.step for message in outbox.messages_of(session, enrollment)]
