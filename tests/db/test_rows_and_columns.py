"""What goes into the database comes out the same, on both of them."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from notifier.db import enrollments, outbox
from notifier.db.engine import reading, writing
from notifier.db.rows import insert_if_new, insert_rows_for_ids
from notifier.db.tables import Event, OptOut
from notifier.domain.states import MessageState


def test_an_instant_comes_back_in_utc_to_the_microsecond(engine: Engine, rows: Any) -> None:
    """11:00:00.000007 at +02:00 is 09:00:00.000007 in UTC."""
    given = datetime(2026, 7, 1, 11, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    with writing(engine) as session:
        rows.enrollment(session, treated_at=given)
    with reading(engine) as session:
        found = enrollments.sharing_phone(session, "+12125550101")[0].treated_at
    assert (datetime(2026, 7, 1, 9, 0, 0, 7, tzinfo=UTC), UTC) == (found, found and found.tzinfo)


def test_a_naive_datetime_is_refused(engine: Engine, rows: Any) -> None:
    naive = datetime(2026, 7, 1, 11, 0)  # noqa: DTZ001  # the very thing that must not get in
    with pytest.raises((StatementError, ValueError), match="naive"), writing(engine) as session:
        rows.enrollment(session, treated_at=naive)


def test_a_naive_datetime_is_refused_in_a_condition(engine: Engine) -> None:
    naive = datetime(2026, 7, 1, 11, 0)  # noqa: DTZ001  # the very thing that must not get in
    with pytest.raises((StatementError, ValueError), match="naive"), reading(engine) as session:
        outbox.due(session, naive, 10)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
        (datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(999, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_sqlites_text_sorts_as_time_does(sqlite_engine: Engine, rows: Any, earlier: datetime, later: datetime) -> None:
    with writing(sqlite_engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, due_at=later, step="later")
        rows.message(session, enrollment, due_at=earlier, step="earlier")
        stored = session.execute(text("SELECT step FROM messages ORDER BY due_at")).scalars().all()
    assert ["earlier", "later"] == stored


def test_a_state_is_stored_as_its_readable_value_and_comes_back_as_the_enum(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, state=MessageState.NEEDS_REVIEW)
        stored = session.execute(text("SELECT state FROM messages")).scalar()
        (message,) = outbox.messages_of(session, enrollment)
    assert ("needs_review", MessageState.NEEDS_REVIEW) == (stored, message.state)
    assert isinstance(message.state, MessageState)


def test_a_state_that_does_not_exist_is_refused(engine: Engine, rows: Any) -> None:
    with pytest.raises((StatementError, LookupError), match="lost"), writing(engine) as session:
        rows.enrollment(session, state="lost")


def test_documents_come_back_as_they_were(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session, answers={"shaves": "yes"})
        rows.message(session, enrollment, topics=["makeup", "sun"], notes=None)
    with reading(engine) as session:
        found = enrollments.by_id(session, enrollment)
        (message,) = outbox.messages_of(session, enrollment)
        empty = session.execute(text("SELECT count(*) FROM messages WHERE notes IS NULL")).scalar()
    assert found is not None
    assert ({"shaves": "yes"}, ["makeup", "sun"]) == (found.answers, message.topics)
    assert 1 == empty


def test_what_a_row_leaves_out_gets_the_models_default(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment)
        (message,) = outbox.messages_of(session, enrollment)
        found = enrollments.by_id(session, enrollment)
    assert found is not None
    assert (0, False, None) == (found.ordinal, found.rebook_consent, found.external_id)
    assert (0, 0, None) == (message.attempts, message.retries, message.sid)


def test_ids_come_back_in_the_order_of_the_rows(engine: Engine, now: datetime) -> None:
    """3000 rows are several statements on either database."""
    events = [{"at": now, "by": "t", "what": f"event {n}"} for n in range(3000)]
    with writing(engine) as session:
        ids = insert_rows_for_ids(session, Event, events)
        found = {event.id: event.what for event in session.scalars(select(Event))}
    assert [event["what"] for event in events] == [found[id_] for id_ in ids]


def test_a_missing_value_that_has_no_default_is_refused(engine: Engine, rows: Any) -> None:
    with pytest.raises(IntegrityError, match="expires_at"), writing(engine) as session:
        rows.message(session, rows.enrollment(session), expires_at=None)


def test_a_row_that_is_there_already_is_not_inserted_again(engine: Engine, now: datetime) -> None:
    row = {"phone": "+12125550101", "source": "keyword", "at": now, "by": "t"}
    with writing(engine) as session:
        news = [insert_if_new(session, OptOut, row) for _ in range(2)]
        other = insert_if_new(session, OptOut, {**row, "phone": "+12125550102"})
    assert ([True, False], True) == (news, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"external_id": "A1"}, {"external_id": "A1", "phone": "+12125550102"}),
        ({}, {}),
        ({"ordinal": 1}, {"ordinal": 1}),
    ],
)
def test_the_database_refuses_the_same_enrollment_twice(
    engine: Engine, rows: Any, first: dict[str, Any], second: dict[str, Any]
) -> None:
    with writing(engine) as session:
        rows.enrollment(session, **first)
    with pytest.raises(IntegrityError), writing(engine) as session:
        rows.enrollment(session, **second)


@pytest.mark.parametrize(
    "second",
    [{"ordinal": 1}, {"folded_name": "bearuiz"}, {"protocol": "other"}, {"phone": "+1212555"}],
)
def test_what_differs_in_any_part_of_the_key_is_another_enrollment(
    engine: Engine, rows: Any, second: dict[str, Any]
) -> None:
    with writing(engine) as session:
        assert rows.enrollment(session) != rows.enrollment(session, **second)


def test_the_database_refuses_the_same_step_of_an_enrollment_twice(engine: Engine, rows: Any) -> None:
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        rows.message(session, enrollment, step="today")
    with pytest.raises(IntegrityError), writing(engine) as session:
        rows.message(session, enrollment, step="today")


def test_a_text_belongs_to_an_enrollment_that_exists(engine: Engine, rows: Any) -> None:
    with pytest.raises(IntegrityError), writing(engine) as session:
        rows.message(session, 4711)


@pytest.mark.parametrize("wrong", [{}, {"consent_at": None, "ordinal": 1}])
def test_an_error_of_the_database_never_repeats_the_values(engine: Engine, rows: Any, wrong: dict[str, Any]) -> None:
    """PostgreSQL would quote the key or the whole row that it refuses, and an error ends in a log."""
    with writing(engine) as session:
        rows.enrollment(session)
    with pytest.raises(IntegrityError) as caught, writing(engine) as session:
        rows.enrollment(session, **wrong)
    said = "".join(traceback.format_exception(caught.value))
    assert [] == [value for value in ("+12125550101", "Ana Ruiz", "anaruiz") if value in said]
