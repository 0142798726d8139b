"""Two workers on one PostgreSQL: their clocks differ, and they poll at the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import database_time, reading, writing
from notifier.db.tables import Message, OptOut, Poll, Receipt, Reply
from notifier.db.threads import DatabaseThreads
from notifier.domain.states import MessageState
from notifier.sending.gates.polls import completed, gate_is_open
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.poll import poll_inbound, poll_receipts
from notifier.sms.gateway import ProviderMessage
from tests.conftest import Rows
from tests.setups.fakes import FakeClock, FakeGateway

pytestmark = pytest.mark.postgres
S = MessageState
_HOW_MANY = select(func.count())


def test_workers_whose_clocks_differ_do_not_close_each_others_gate(postgresql_engine: Engine, now: datetime) -> None:
    for ahead in (timedelta(minutes=5), -timedelta(minutes=5)):
        with writing(postgresql_engine) as session:
            completed(session, at=database_time(session, now + ahead), read_up_to=now + ahead)
        with reading(postgresql_engine) as session:
            assert gate_is_open(session, now)
            assert gate_is_open(session, now + ahead)


async def test_two_that_poll_receipts_and_replies_at_once_do_not_wait_for_each_other(
    postgresql_engine: Engine, rows: Rows
) -> None:
    with writing(postgresql_engine) as session:
        whose = rows.enrollment(session)
        left = rows.now - timedelta(minutes=1)
        for number in range(15):
            rows.message(session, whose, step=f"s{number}", state=S.SENT, sid=f"SM{number:032x}", left_at=left)
    both = [DatabaseThreads(postgresql_engine), DatabaseThreads(postgresql_engine)]
    for turn in range(3):
        with writing(postgresql_engine) as session:
            session.execute(delete(Receipt))
            session.execute(delete(Poll))
            session.execute(update(Message).where(col(Message.sid).is_not(None)).values(state=S.SENT))
            for number in range(4):
                phone = f"+1212555{200 + 4 * turn + number:04}"
                rows.message(session, rows.enrollment(session, phone=phone), phone=phone)
        gateway = Delivered(FakeClock(rows.now))
        for number in range(4):
            gateway.reply(f"+1212555{200 + 4 * turn + number:04}", "STOP" if number % 2 else "is it over?")
        gateway.inbound = [replace(one, sid=f"SM{turn:030x}{one.sid[-2:]}") for one in gateway.inbound]
        receipts = [
            poll_receipts(
                threads, gateway, now=rows.now, apply=_apply, left_between=(timedelta(0), timedelta(hours=1)),
            )
            for threads in both
        ]  # fmt: skip
        replies = [poll_inbound(threads, gateway, now=rows.now, receive=_receive) for threads in both]
        assert [15, 15, True, True] == await asyncio.gather(*receipts, *replies)
    with reading(postgresql_engine) as session:
        assert (12, 6) == (session.scalar(_HOW_MANY.select_from(Reply)), session.scalar(_HOW_MANY.select_from(OptOut)))
    for threads in both:
        threads.close()


class Delivered(FakeGateway):
    """Everything has arrived."""

    async def fetch(self, sid: str) -> ProviderMessage:
        at = self.clock.now()
        return ProviderMessage(sid, "outbound-api", "", "", "", "delivered", None, at)


def _receive(session: Session, found: ProviderMessage, now: datetime) -> None:
    receive(session, InboundText(found.sid, found.from_, found.body, found.created_at), now)


def _apply(session: Session, found: ProviderMessage, now: datetime) -> None:
    apply_receipt(session, sid=found.sid, status=found.status, error_code=None, token=None, at=now, source="poll")
