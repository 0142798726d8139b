"""A webhook that cannot be written down is not confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, event

from notifier.db.tables import OptOut, Receipt, Reply
from notifier.domain.states import MessageState
from tests.web.conftest import Web, open_web

S = MessageState


@contextmanager
def disk_full(engine: Engine) -> Iterator[None]:
    """The file may not grow, whoever writes to it."""
    pages = 1

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "begin", limit)
    yield
    pages = 2**30


@pytest.fixture
def web(sqlite_engine: Engine, now: datetime) -> Iterator[Web]:
    with open_web(sqlite_engine, now) as web:
        yield web


def test_what_cannot_be_written_is_not_confirmed_and_may_come_again(web: Web) -> None:
    text, planned = web.text(), web.text(S.PLANNED, sid=None, left_at=None, patient="bea")
    long_stop = "STOP " + " " * 40_000
    with disk_full(web.engine):
        stopped = web.reply(long_stop)
        told = [web.receipt("sent", f"SM{number:032}") for number in range(200)]
        assert (503, True) == (stopped.status_code, "retry-after" in stopped.headers)
        assert 503 in {answer.status_code for answer in told}
        assert (0, 0, S.PLANNED) == (web.count(Reply), web.count(OptOut), web.message(planned).state)
        assert sum(answer.status_code == 200 for answer in told) == web.count(Receipt)
    assert [200, 200] == [web.reply(long_stop).status_code, web.receipt().status_code]
    assert (1, S.SUPPRESSED) == (web.count(OptOut), web.message(planned).state)
    assert S.DELIVERED == web.message(text).state
