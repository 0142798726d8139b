"""What a turn reads does not grow with what is planned or was sent: each query goes by its index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from notifier.sending.outcomes.resolve import call_dead_attempts_unknown
from tests.setups.sending import Sending


@contextmanager
def written_down(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every SELECT from the outbox while the block runs."""
    said: list[tuple[str, Any]] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if statement.startswith("SELECT") and "messages" in statement and not many:
            said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", listen)
    yield said
    event.remove(engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("story", ["turn", "receipts", "look_up", "takeover"])
async def test_no_story_of_the_worker_walks_through_the_outbox(sqlite_house: Sending, story: str) -> None:
    sending = sqlite_house
    sending.plan()
    with written_down(sending.engine) as said:
        if story == "takeover":
            await call_dead_attempts_unknown(
                sending.threads, now=sending.clock.now(), worker_id="x", held=(), others_are_dead=True
            )
        else:
            await getattr(sending, story)()
    assert said
    with sending.engine.connect() as connection:
        for statement, parameters in said:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for *_, step in plan:
                assert "SCAN messages" not in step or "ix_messages_due" in step, (step, statement)
