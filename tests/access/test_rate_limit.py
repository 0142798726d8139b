"""Wrong passwords and wrong keys, counted in the database: each by itself, and for a quarter of an hour."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import Engine

from notifier.access.manage_accounts import add_staff
from notifier.access.rate_limit import (
    COUNTED_FOR,
    Tried,
    code_of,
    forget_wrong_passwords,
    note_wrong_key,
    often_tried,
    take_try,
)
from notifier.db.engine import reading, writing

DESK, ELSEWHERE = "10.0.0.1", "10.0.0.2"


def test_keys_and_passwords_of_one_address_do_not_count_together(engine: Engine, now: datetime) -> None:
    assert [True] * 20 + [False] * 2 == [note_wrong_key(engine, DESK, now) for _ in range(22)]
    assert note_wrong_key(engine, ELSEWHERE, now)
    assert [True] * 10 + [False] == [take_try(engine, DESK, name, now) for name in ("Dana", "dana ") * 5 + ("DANA",)]
    assert (True, True) == (take_try(engine, ELSEWHERE, "Dana", now), take_try(engine, DESK, "Eve", now))


def test_a_quarter_of_an_hour_later_or_once_the_password_is_known_it_is_forgotten(
    engine: Engine, now: datetime
) -> None:
    for _ in range(20):
        note_wrong_key(engine, DESK, now)
        take_try(engine, DESK, "Dana", now)
        take_try(engine, DESK, "Eve", now)
    forget_wrong_passwords(engine, DESK, "Dana")
    assert (True, False) == (take_try(engine, DESK, "Dana", now), take_try(engine, DESK, "Eve", now))
    later = now + COUNTED_FOR
    assert (True, True) == (take_try(engine, DESK, "Eve", later), note_wrong_key(engine, DESK, later))


def test_ten_wrong_ones_of_one_person_are_often_and_those_of_nobody_are_not(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        dana = add_staff(session, "Dana", "four words of mine", now=now, by="test")

    def often(at: datetime = now) -> set[Tried]:
        with reading(engine) as session:
            return set(often_tried(session, at))

    for _ in range(9):
        take_try(engine, DESK, "Dana", now)
        take_try(engine, DESK, "of nobody", now)
        take_try(engine, DESK, code_of(dana), now)
    assert set() == often()
    take_try(engine, ELSEWHERE, "of nobody", now)
    take_try(engine, ELSEWHERE, " dana", now)
    assert {Tried.PASSWORD} == often()
    take_try(engine, ELSEWHERE, code_of(dana), now)
    assert ({Tried.PASSWORD, Tried.CODE}, set()) == (often(), often(now + COUNTED_FOR))


def test_tries_that_come_at_once_are_no_more_than_tries_in_a_row(engine: Engine, now: datetime) -> None:
    with ThreadPoolExecutor(40) as pool:
        tried = list(pool.map(lambda _: take_try(engine, DESK, "Dana", now), range(40)))
    assert 10 == tried.count(True)


def test_strangers_do_not_lock_out_a_browser_that_was_here_before(engine: Engine, now: datetime) -> None:
    for stranger in range(60):
        take_try(engine, f"203.0.113.{stranger}", "Dana", now)
    for other in range(100):
        take_try(engine, DESK, f"somebody {other}", now)
    assert not take_try(engine, ELSEWHERE, "Dana", now)
    tries = [take_try(engine, DESK, "Dana", now, browser="the desk") for _ in range(11)]
    assert [True] * 10 + [False] == tries
