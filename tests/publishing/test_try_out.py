"""A protocol on one's own phone: to a proved number alone, a few times an hour, and apart from all patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.manage_accounts import add_staff
from notifier.db.engine import reading, writing
from notifier.db.tables import Message, Reply, Staff, StaffPhone, TryoutReply
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import is_opted_out
from notifier.numbers.staff_phones import MOST_AN_HOUR, ask_code, prove
from notifier.oversight.delivery import day_edges, outcomes
from notifier.oversight.worklists import count_left
from notifier.publishing.try_out import try_out
from notifier.tasks.counts import count_tasks
from schedules.protocol import CareProtocol
from tests.setups.sending import Sending

OWN, OTHER = "+12125550171", "+12125550172"


@dataclass
class Desk:
    """Dana has an account, and a worker that sends."""

    sending: Sending
    rules: PlanningRules
    plan: CareProtocol

    def ask(self, phone: str = OWN) -> None:
        with writing(self.sending.engine) as session:
            now = self.sending.clock.now()
            ask_code(session, self.account(session), phone, self.rules, now=now, by="staff:Dana")

    def type(self, code: str | None = None) -> bool:
        with writing(self.sending.engine) as session:
            code = code or session.scalars(select(col(StaffPhone.code))).one() or ""
            return prove(session, self.account(session), code, now=self.sending.clock.now())

    def try_it(self, phone: str = OWN) -> int:
        with writing(self.sending.engine) as session:
            return try_out(session, self.plan, phone, rules=self.rules, now=self.sending.clock.now(), by="desk")

    async def prove(self) -> None:
        self.ask()
        await self.work()
        assert self.type()

    async def work(self, minutes: int = 3) -> list[str]:
        """What leaves in these minutes, a turn each twenty seconds."""
        before = len(self.sending.gateway.ledger)
        for _ in range(3 * minutes):
            await self.sending.turn()
            self.sending.clock.pass_(seconds=20)
        return [one.body for one in self.sending.gateway.ledger[before:]]

    @staticmethod
    def account(session: Session) -> Staff:
        return session.scalars(select(Staff)).one()


@pytest.fixture
def desk(sqlite_house: Sending, rules: PlanningRules, protocols: Mapping[str, CareProtocol]) -> Desk:
    return opened(sqlite_house, rules, protocols)


@pytest.fixture
def either_desk(sending: Sending, rules: PlanningRules, protocols: Mapping[str, CareProtocol]) -> Desk:
    """On both databases."""
    return opened(sending, rules, protocols)


def opened(sending: Sending, rules: PlanningRules, protocols: Mapping[str, CareProtocol]) -> Desk:
    with writing(sending.engine) as session:
        add_staff(session, "Dana", "four words of mine", now=sending.clock.now(), by="test")
    return Desk(sending, rules, protocols["plain"])


async def test_the_texts_come_in_order_within_minutes_each_marked_and_count_nowhere(either_desk: Desk) -> None:
    desk = either_desk
    await desk.prove()
    many = desk.try_it()
    left = await desk.work()
    assert [f"TEST {number}/{many}: Clinic: " for number in range(1, many + 1)] == [one[:18] for one in left]
    sending, now = desk.sending, desk.sending.clock.now()
    with reading(sending.engine) as session:
        assert {} == count_left(session, now - timedelta(hours=1), now)
        assert [] == list(outcomes(session, day_edges(now, ZoneInfo("America/New_York"), 1)))
        kept = list(session.scalars(select(Message).where(col(Message.kind) == "test")))
    assert {(None, MessageState.ACCEPTED)} == {(one.enrollment_id, one.state) for one in kept}


async def test_only_a_number_that_was_proved_by_its_code_is_texted(desk: Desk) -> None:
    with pytest.raises(Refused, match="no staff member has proved this number"):
        desk.try_it()
    desk.ask()
    (words,) = await desk.work(1)
    assert "is the code that proves this phone as yours at Clinic" in words
    assert not desk.type("wrong")
    with pytest.raises(Refused, match="no staff member has proved this number"):
        desk.try_it()
    assert desk.type(words.removeprefix("TEST: ")[:6])
    assert 0 < desk.try_it()
    with pytest.raises(Refused, match="no staff member has proved this number"):
        desk.try_it(OTHER)


async def test_a_code_ends_after_ten_minutes_and_after_five_wrong_ones(desk: Desk) -> None:
    desk.ask()
    assert [False] * 5 == [desk.type("wrong") for _ in range(5)]
    with pytest.raises(Refused, match="ask for another one"):
        desk.type()
    await desk.work(1)
    desk.ask()
    await desk.work(11)
    with pytest.raises(Refused, match="ask for another one"):
        desk.type()


async def test_a_few_times_an_hour_and_one_after_the_other(desk: Desk) -> None:
    await desk.prove()
    for _ in range(MOST_AN_HOUR - 1):
        desk.try_it()
        with pytest.raises(Refused, match="still leaving"):
            desk.try_it()
        await desk.work(2)
    with pytest.raises(Refused, match="within the hour"):
        desk.try_it()
    desk.sending.clock.pass_(hours=1)
    desk.try_it()


async def test_nothing_leaves_outside_the_send_window_nor_to_a_patient(desk: Desk) -> None:
    await desk.prove()
    desk.sending.enroll(phone=OTHER)
    with pytest.raises(Refused, match="a patient's texts run on this number"):
        desk.ask(OTHER)
    desk.sending.clock.pass_(hours=5, minutes=34)  # thirteen minutes before eight in the evening
    with pytest.raises(Refused, match="inside the send window alone"):
        desk.try_it()
    desk.sending.clock.pass_(hours=-1)
    desk.try_it()
    desk.sending.clock.pass_(hours=1)  # no worker ran meanwhile
    assert [] == await desk.work(1)


async def test_what_comes_back_is_nobodys_work_and_a_stop_holds(either_desk: Desk) -> None:
    desk = either_desk
    await desk.prove()
    sending = desk.sending
    sending.gateway.reply(OWN, "I am bleeding, is this normal?")
    await sending.inbound()
    desk.try_it()
    sending.gateway.reply(OWN, "STOP")
    await sending.inbound()
    assert [] == await desk.work(2)
    with pytest.raises(Refused, match="this number has said STOP"):
        desk.try_it()
    with reading(sending.engine) as session:
        assert ([], 2) == (list(session.scalars(select(Reply))), len(list(session.scalars(select(TryoutReply)))))
        assert 0 == count_tasks(session, sending.clock.now()).pieces
    sending.clock.pass_(minutes=1)
    sending.gateway.reply(OWN, "START")
    await sending.inbound()
    with reading(sending.engine) as session:
        assert is_opted_out(session, OWN) is None


async def test_words_from_a_patients_number_stay_a_patients(desk: Desk) -> None:
    await desk.prove()
    desk.sending.enroll(phone=OWN)
    desk.sending.gateway.reply(OWN, "is this normal?")
    await desk.sending.inbound()
    with reading(desk.sending.engine) as session:
        assert ["is this normal?"] == [one.text for one in session.scalars(select(Reply))]
