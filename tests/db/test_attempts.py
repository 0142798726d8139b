"""The calls of a batch are opened and closed as a set, on both databases alike."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from notifier.db.attempts import ClosedAttempt, all_are_open, close_attempts, new_attempt_ids, open_attempts
from notifier.db.columns import instant_text
from notifier.db.engine import reading, writing
from notifier.db.tables import Attempt

ODD = 'it\'s "ñ" 😀 \\ {} [null]'


def test_calls_of_a_batch_are_written_down_as_they_were_said(engine: Engine, rows: Any, now: datetime) -> None:
    accepted, refused, still_open = ids = new_attempt_ids(now, 3)
    at = (now + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=-5)))
    closed = [
        ClosedAttempt(accepted, str(instant_text(at)), "accepted", None, None, "SM1"),
        ClosedAttempt(refused, str(instant_text(now)), "not_created", 21610, ODD, None),
    ]
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        texts = [rows.message(session, enrollment, step=f"step-{n}") for n in range(3)]
        open_attempts(
            session, dict(zip(ids, texts, strict=True)), worker_id="w", started_at=now, lease_until=at, sender=None
        )
        assert (True, False) == (all_are_open(session, ids), all_are_open(session, [*ids, "unknown"]))
        close_attempts(session, closed)
        assert (True, False) == (all_are_open(session, [still_open]), all_are_open(session, ids))
    with reading(engine) as session:
        found = [session.get_one(Attempt, one) for one in ids]
        assert [
            (texts[0], at, "accepted", None, None, "SM1"),
            (texts[1], now, "not_created", 21610, ODD, None),
            (texts[2], None, None, None, None, None),
        ] == [(one.message_id, one.finished_at, one.outcome, one.code, one.detail, one.sid) for one in found]
        assert {("w", now, at, 0, None)} == {
            (one.worker_id, one.started_at, one.lease_until, one.empty_lists, one.sender) for one in found
        }


def test_ids_of_attempts_are_uuids_in_the_order_of_time(now: datetime) -> None:
    ids = [*new_attempt_ids(now, 100), *new_attempt_ids(now + timedelta(milliseconds=1), 100)]
    assert 200 == len(set(ids))
    assert (sorted(ids[:100]), sorted(ids[100:])) == (sorted(ids)[:100], sorted(ids)[100:])
    assert {(7, "specified in RFC 4122")} == {(one.version, one.variant) for one in map(UUID, ids)}
    assert ids == [str(UUID(one)) for one in ids]
