"""Wrong passwords are counted in the database: by every web process, across a restart, for a quarter of an hour."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Engine, select

from notifier.db.engine import reading
from notifier.db.tables import WrongPassword
from tests.web.pages.conftest import PASSWORD, open_pages


def test_two_web_processes_count_together(sqlite_engine: Engine, now: datetime) -> None:
    with open_pages(sqlite_engine, now) as one, open_pages(sqlite_engine, now) as other:
        one.account()
        tries = [pages.sign_in(password="not it at all").status_code for _ in range(5) for pages in (one, other)]
        assert [401] * 10 == tries
        assert [429, 429] == [pages.sign_in().status_code for pages in (one, other)]
        for pages in (one, other):
            pages.clock.pass_(minutes=15)
        assert [303, 303] == [pages.sign_in().status_code for pages in (one, other)]


def test_whoever_knows_the_password_starts_anew(sqlite_engine: Engine, now: datetime) -> None:
    with open_pages(sqlite_engine, now) as pages:
        pages.account()
        for password, status in (*(("no", 401),) * 9, (PASSWORD, 303)) * 2:
            assert status == pages.sign_in(password=password).status_code


@pytest.mark.parametrize("typed", ["a password typed into the wrong field", "Dana"])
def test_what_was_typed_for_a_name_is_not_kept(sqlite_engine: Engine, now: datetime, typed: str) -> None:
    with open_pages(sqlite_engine, now) as pages:
        pages.account()
        pages.sign_in(typed, "not it")
        with reading(pages.engine) as session:
            (kept,) = session.scalars(select(WrongPassword)).all()
        assert (8, 8) == (len(kept.who), len(kept.address))
        assert typed not in repr(kept)
