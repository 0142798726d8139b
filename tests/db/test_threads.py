"""Work of the database while the caller computes."""

from __future__ import annotations

from threading import Event

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from notifier.db.engine import writing
from notifier.db.threads import working


@pytest.mark.postgres
def test_postgresql_works_while_the_caller_computes(postgresql_engine: Engine) -> None:
    computed = Event()
    with writing(postgresql_engine) as session, working(session, lambda: computed.wait(10) or pytest.fail("alone")):
        computed.set()


def test_what_the_database_refuses_meanwhile_is_raised_at_the_end(engine: Engine) -> None:
    asked = text("SELECT * FROM nowhere")
    with (
        pytest.raises(DBAPIError, match="nowhere"),
        writing(engine) as session,
        working(session, lambda: session.execute(asked)),
    ):
        pass
