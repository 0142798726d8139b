"""Two workers on one PostgreSQL: their clocks differ, and they poll at the same moment."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from notifier.db.engine import database_time, reading, writing
from notifier.db.tables import Message, Receipt
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.sending.gates.polls import completed, gate_is_open
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.poll import poll_receipts
from notifier.sms.gateway import ProviderMessage
from tests.conftest import Rows
from tests.setups.fakes import FakeClock, FakeGateway

pytestmark = pytest.mark.postgres
S = MessageState


def test_workers_whose_clocks_differ_do_not_close_each_others_gate(postgresql_engine: Engine, now: datetime) -> None:
    for ahead in (timedelta(minutes=5), -timedelta(minutes=5)):
        with writing(postgresql_engine) as session:
            completed(session, at=database_time(session, now + ahead), read_up_to=now + ahead)
        with reading(postgresql_engine) as session:
            assert gate_is_open(session, now)
            assert gate_is_open(session, now + ahead)


async def test_two_that_poll_the_same_receipts_at_once_do_not_wait_for_each_other(
    postgresql_engine: Engine, rows: Rows
) -> None:
    with writing(postgresql_engine) as session:
        whose = rows.enrollment(session)
        left = rows.now - timedelta(minutes=1)
        for number in range(30):
            rows.message(session, whose, step=f"s{number}", state=S.SENT, sid=f"SM{number:032x}", left_at=left)
    both = [DatabaseThreads(postgresql_engine), DatabaseThreads(postgresql_engine)]
    for _ in range(15):
        with writing(postgresql_engine) as session:
            session.execute(delete(Receipt))
            session.execute(update(Message).values(state=S.SENT))
        polls = [
            poll_receipts(
                threads, Delivered(FakeClock(rows.now)), now=rows.now, apply=_apply,
                left_between=(timedelta(0), timedelta(hours=1)),
            )
            for threads in both
        ]  # fmt: skip
        assert [30, 30] == await asyncio.gather(*polls)
    for threads in both:
        threads.close()


class Delivered(FakeGateway):
    """Everything has arrived."""

    async def fetch(self, sid: str) -> ProviderMessage:
        at = self.clock.now()
        return ProviderMessage(sid, "outbound-api", "", "", "", "delivered", None, at)


def _apply(session: Session, found: ProviderMessage, now: datetime) -> None:
    apply_receipt(session, sid=found.sid, status=found.status, error_code=None, token=None, at=now, source="poll")
