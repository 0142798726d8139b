"""Somebody is told: once for each cause until it is gone, again where it did not get through, never about a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.alerting.channel import AlertNotice, NotDelivered
from notifier.db.engine import reading, writing
from notifier.db.tables import Alert
from notifier.domain.states import EnrollmentState, MessageState
from notifier.oversight.alerts.alert_rules import AlertRules
from notifier.oversight.alerts.on_call import OnCall
from notifier.oversight.alerts.stored_alerts import open_alerts
from notifier.oversight.alerts.watch import Alerting, watch
from notifier.sending.gates.circuits import close_circuits, open_circuit
from notifier.sending.gates.heartbeats import arrive, still_here
from tests.setups.sending import Sending
from tests.setups.tasks import see_to

ANA = "+12125550101"
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(eq=False)
class FakeChannel:
    """Remembers what it was told, or refuses to be told."""

    name: str = "mail"
    heard: list[AlertNotice] = field(default_factory=list)
    broken: str | None = None

    @property
    def id(self) -> str:
        return self.name

    async def send(self, notice: AlertNotice) -> None:
        if self.broken == "bug":
            raise KeyError(ANA)
        if self.broken:
            raise NotDelivered(self.broken)
        self.heard.append(notice)

    @property
    def causes(self) -> list[str]:
        return [line.cause for notice in self.heard for line in notice.lines]


@dataclass
class Watched:
    sending: Sending
    channel: FakeChannel = field(default_factory=FakeChannel)
    others: tuple[FakeChannel, ...] = ()
    nobody: bool = False

    async def look(self) -> list[str]:
        """A minute passes, and the worker looks around."""
        self.sending.clock.pass_(minutes=1)
        self.sending.open_gate()
        with writing(self.sending.engine) as session:
            still_here(session, self.sending.worker_id, now=self.sending.clock.now())
        on_call = OnCall(() if self.nobody else (self.channel, *self.others))
        alerting = Alerting("Glow", "desk-1", AlertRules(NEW_YORK), on_call)
        return await watch(self.sending.threads, alerting, now=self.sending.clock.now())

    def break_circuit(self) -> None:
        with writing(self.sending.engine) as session:
            open_circuit(session, reason="the account is closed", code=20003, at=self.sending.clock.now(), by="t")

    def mend_circuit(self) -> None:
        with writing(self.sending.engine) as session:
            close_circuits(session, at=self.sending.clock.now(), by="t")

    @property
    def stored(self) -> list[Alert]:
        with reading(self.sending.engine) as session:
            return list(session.scalars(select(Alert).order_by(col(Alert.id))))


@pytest.fixture
def watched(sending: Sending) -> Watched:
    with writing(sending.engine) as session:
        arrive(session, sending.worker_id, host="desk-1", pid=1, now=sending.clock.now())
    return Watched(sending)


async def test_a_cause_is_told_once_until_it_is_gone_and_then_again(watched: Watched) -> None:
    watched.break_circuit()
    assert [["circuit"], [], []] == [await watched.look() for _ in range(3)]
    watched.mend_circuit()
    assert [] == await watched.look()
    watched.break_circuit()
    assert ["circuit"] == await watched.look()
    assert ["circuit", "circuit"] == watched.channel.causes
    assert [True, False] == [alert.cleared_at is not None for alert in watched.stored]


async def test_where_all_is_well_nothing_is_written(watched: Watched) -> None:
    assert ([], []) == (await watched.look(), watched.stored)


async def test_what_did_not_get_through_is_told_again_less_and_less_often(watched: Watched) -> None:
    watched.break_circuit()
    watched.channel.broken = "the mail server answered 421"
    for _ in range(8):
        assert [] == await watched.look()
    (alert,) = watched.stored
    assert (None, 4) == (alert.told_at, alert.tries)  # in the 1st, 2nd, 4th and 8th minute
    watched.channel.broken = None
    watched.nobody = False
    told = [await watched.look() for _ in range(9)]
    assert 1 == len([causes for causes in told if causes])
    assert ["circuit"] == watched.channel.causes


async def test_one_channel_that_works_is_enough(watched: Watched) -> None:
    watched.others = (FakeChannel("webhook", broken="bug"),)
    watched.break_circuit()
    assert [["circuit"], []] == [await watched.look(), await watched.look()]


async def test_an_alert_is_told_only_when_a_channel_took_it(watched: Watched) -> None:
    """Without any channel it stands in the log alone, is tried again, and counts as not told."""
    watched.break_circuit()
    watched.nobody = True
    assert [[], []] == [await watched.look() for _ in range(2)]
    (alert,) = watched.stored
    assert (None, 2) == (alert.told_at, alert.tries)
    watched.nobody = False
    told = [await watched.look() for _ in range(3)]
    assert [["circuit"]] == [causes for causes in told if causes], "the first channel that there is gets it"


async def test_two_workers_tell_it_once(watched: Watched) -> None:
    watched.break_circuit()
    await watched.look()
    watched.sending.clock.pass_(seconds=1)
    alerting = Alerting("Glow", "desk-2", AlertRules(NEW_YORK), OnCall((watched.channel,)))
    assert [] == await watch(watched.sending.threads, alerting, now=watched.sending.clock.now())


async def test_a_visit_that_nobody_marked_and_texts_that_did_not_arrive_are_told_together(watched: Watched) -> None:
    sending, now = watched.sending, watched.sending.clock.now()
    sending.enroll(
        state=EnrollmentState.BOOKED, treated_at=None, appointment_at=now - timedelta(hours=3), phone="+12125550102"
    )
    patient = sending.enroll()
    bounced = sending.plan(patient, state=MessageState.UNDELIVERED, reason="The phone is switched off.")
    expired = sending.plan(patient, state=MessageState.EXPIRED)
    sending.plan(patient, state=MessageState.EXPIRED, due_at=None)
    await watched.look()
    assert ["unmarked-1", f"bounced-{bounced}", f"expired-{expired}"] == watched.channel.causes
    assert 1 == len(watched.channel.heard)
    with writing(sending.engine) as session:
        see_to(session, bounced, now=now, by="dana")
    await watched.look()
    with reading(sending.engine) as session:
        assert [f"expired-{expired}", "unmarked-1"] == sorted(one.cause for one in open_alerts(session))


async def test_no_alert_names_a_patient(watched: Watched) -> None:
    sending = watched.sending
    sending.gateway.reply(ANA, "I am bleeding")
    await sending.inbound()
    sending.plan(state=MessageState.UNDELIVERED, text="Ana, no sun.", reason="The phone is switched off.")
    watched.break_circuit()
    await watched.look()
    (notice,) = watched.channel.heard
    assert 3 == len(notice.lines)
    said = notice.subject + notice.body
    assert [] == [word for word in ("Ana", "Ruiz", ANA, "5550101", "bleeding", "no sun") if word in said]
