"""Wrong passwords and wrong keys, counted in the database: each by itself, and for a quarter of an hour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from notifier.access.rate_limit import (
    COUNTED_FOR,
    forget_wrong_passwords,
    may_try,
    note_wrong_key,
    note_wrong_password,
)

DESK, ELSEWHERE = "10.0.0.1", "10.0.0.2"


def test_keys_and_passwords_of_one_address_do_not_count_together(engine: Engine, now: datetime) -> None:
    assert [True] * 20 + [False] * 2 == [note_wrong_key(engine, DESK, now) for _ in range(22)]
    assert note_wrong_key(engine, ELSEWHERE, now)
    assert may_try(engine, DESK, "Dana", now)
    tried = []
    for _ in range(11):
        tried.append(may_try(engine, DESK, "Dana", now))
        note_wrong_password(engine, DESK, "dana ", now)
    assert [True] * 10 + [False] == tried
    assert (True, True) == (may_try(engine, ELSEWHERE, "Dana", now), may_try(engine, DESK, "Eve", now))


def test_a_quarter_of_an_hour_later_or_once_the_password_is_known_it_is_forgotten(
    engine: Engine, now: datetime
) -> None:
    for _ in range(20):
        note_wrong_key(engine, DESK, now)
        note_wrong_password(engine, DESK, "Dana", now)
        note_wrong_password(engine, DESK, "Eve", now)
    forget_wrong_passwords(engine, DESK, "Dana")
    assert (True, False) == (may_try(engine, DESK, "Dana", now), may_try(engine, DESK, "Eve", now))
    later = now + COUNTED_FOR
    assert (True, True) == (may_try(engine, DESK, "Eve", later), note_wrong_key(engine, DESK, later))
