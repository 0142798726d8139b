"""A database that will never take an outcome: who ends does not wait for it once the journal holds that outcome."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from notifier.sending.dispatch import Dispatch
from notifier.sending.outcomes.journal import Journal
from notifier.sending.rate import Pace
from tests.setups.sending import Sending


async def test_who_ends_without_a_database_leaves_what_is_unsaved_to_the_journal(
    sqlite_house: Sending, tmp_path: Path
) -> None:
    lost: list[str] = []
    loop = asyncio.get_running_loop()

    def record(*_: Any) -> None:
        lost.append("the file was replaced")
        loop.call_soon_threadsafe(dispatch.stop)
        raise OperationalError("INSERT", {}, Exception("replaced"))

    dispatch = Dispatch(
        sqlite_house.threads, sqlite_house.gateway, sqlite_house.clock, sqlite_house.rules, record=record,
        worker_id="me", in_flight=10, pace=Pace(0.0), journal=Journal(tmp_path / "unsaved", "me"),
        why_lost=lambda: lost[-1] if lost else None,
    )  # fmt: skip
    dispatch.caught_up = True
    sqlite_house.open_gate()
    sqlite_house.plan()
    await asyncio.wait_for(dispatch.turn(), 10)
    assert 1 == len(sqlite_house.gateway.ledger)
    (kept,) = (tmp_path / "unsaved-me").read_text().splitlines()
    assert sqlite_house.gateway.ledger[0].sid in kept
