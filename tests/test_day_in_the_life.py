"""A clinic's days, as the README tells them: real database, real HTTP to a loopback Twilio, time as an argument."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import reading, writing
from notifier.db.outbox import next_due
from notifier.db.tables import Message
from notifier.db.threads import DatabaseThreads
from notifier.domain.planning.plan import PlanningRules
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.enroll import enroll
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import EnrollRequest
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER, Sandbox
from notifier.sending.claim import SendingRules
from notifier.sending.dispatch import Dispatch
from notifier.sending.outcomes.resolve import call_dead_attempts_unknown, resolve
from notifier.sending.outcomes.save import save_outcomes
from notifier.sending.poll import poll_inbound
from notifier.sending.rate import Pace
from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import Outcome, OutgoingText, ProviderMessage
from notifier.sms.twilio_gateway import TwilioGateway
from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from schedules.wording import Voice

NEW_YORK = ZoneInfo("America/New_York")
MARIA = "+12125550101"
RULES = PlanningRules(Voice("Lakeside Skin", "(978) 555-0142"), NEW_YORK.key, must_be_approved=False, first_text=True)

TODAY = (
    "Lakeside Skin: no makeup until Sun Mar 8 4:30 PM. No retinol creams until Wed Mar 11. "
    "No sun until Sat Mar 14 4:30 PM: stay in the shade, wear a hat. (978) 555-0142. STOP to opt out."
)
STILL_NO_MAKEUP = "Lakeside Skin: still no makeup until Sun Mar 8 4:30 PM. Questions? (978) 555-0142. STOP to opt out."
MAKEUP_AGAIN = "Lakeside Skin: you may wear makeup again. Questions? (978) 555-0142. STOP to opt out."
RETINOIDS_AGAIN = (
    "Lakeside Skin: you may use retinol creams again. If yours is prescribed, do as your prescriber says. "
    "(978) 555-0142. STOP to opt out."
)
SUN_OVER = (
    "Lakeside Skin: your days out of the sun are over. Keep using sunscreen each day. Questions? (978) 555-0142. "
    "STOP to opt out."
)
REACH_US = (
    "To reach a person: (978) 555-0142. Not watched at night; emergency: 911. HELP for help, STOP to end. "
    "Msg & data rates may apply."
)
FIRST = f"Lakeside Skin: your aftercare comes by text from this number: 5 to come, until Sat Mar 14. {REACH_US}"
FIRST_OF_A_BOOKED = f"Lakeside Skin: we text you about your visit and your aftercare from this number. {REACH_US}"
NO_LASER = (
    "Lakeside Skin: no laser, waxing or electrolysis in the 7 days before your visit on Wed Mar 18. Questions? "
    "(978) 555-0142. STOP to opt out."
)


async def test_maria_hears_the_right_thing_at_the_right_hour(clinic: Clinic) -> None:
    """The night between is an hour short, and still nothing is early: 24 hours after 3:30 PM is 4:30 PM."""
    clinic.enroll("2026-03-07T15:40", treated_at=at("2026-03-07T15:30"))
    await clinic.live_through("2026-03-07T15:40", "2026-03-15T00:00")
    assert [
        ("Sat 07 15:40", FIRST),
        ("Sat 07 16:30", TODAY),
        ("Sun 08 09:00", STILL_NO_MAKEUP),
        ("Sun 08 16:30", MAKEUP_AGAIN),
        ("Wed 11 09:00", RETINOIDS_AGAIN),
        ("Sat 14 16:30", SUN_OVER),
    ] == clinic.heard(MARIA)


async def test_nothing_follows_a_stop(clinic: Clinic) -> None:
    """Any reasonable wording counts, and it is read before the next text leaves."""
    clinic.enroll("2026-03-07T15:40", treated_at=at("2026-03-07T15:30"))
    await clinic.live_through("2026-03-07T15:40", "2026-03-08T12:00")
    clinic.clock.shows = at("2026-03-08T12:00")
    await clinic.twilio.receive(MARIA, "please no more texts")
    await clinic.live_through("2026-03-08T12:01", "2026-03-15T00:00")
    heard = [("Sat 07 15:40", FIRST), ("Sat 07 16:30", TODAY), ("Sun 08 09:00", STILL_NO_MAKEUP)]
    assert heard == clinic.heard(MARIA)
    assert [] == clinic.twilio.own_replies


async def test_a_moved_visit_takes_its_texts_along(clinic: Clinic) -> None:
    """What prepares her for the 17th is said eight days before the 18th."""
    enrollment = clinic.enroll(
        "2026-03-05T09:00",
        protocol="microneedling-kit",
        appointment_at=at("2026-03-17T10:00"),
        answers={"kit": "yes", "cold-sores": "no", "goal": "correct"},
    )
    await clinic.live_through("2026-03-05T09:00", "2026-03-06T09:00")
    with writing(clinic.engine) as session:
        moved = ChangeRequest(appointment_at=at("2026-03-18T14:00"))
        apply(session, enrollment, Change(moved), rules=RULES, now=at("2026-03-06T09:00"), by="front desk")
    await clinic.live_through("2026-03-06T09:00", "2026-03-11T00:00")
    assert [("Thu 05 09:00", FIRST_OF_A_BOOKED), ("Tue 10 09:00", NO_LASER)] == clinic.heard(MARIA)


async def test_a_crash_between_twilios_yes_and_our_record_sends_nothing_twice(clinic: Clinic) -> None:
    """The next worker looks it up at Twilio instead of guessing."""
    clinic.enroll("2026-03-07T15:40", treated_at=at("2026-03-07T15:30"))
    await clinic.live_through("2026-03-07T15:40", "2026-03-08T16:00")
    clinic.clock.shows = at("2026-03-08T16:30")
    await clinic.die_after_sending()
    await clinic.start_again()
    assert ("accepted", clinic.twilio.ledger[-1].sid) == clinic.record_of("makeup-again")
    await clinic.live_through("2026-03-08T16:31", "2026-03-15T00:00")
    plan = [TODAY, STILL_NO_MAKEUP, MAKEUP_AGAIN, RETINOIDS_AGAIN, SUN_OVER]
    assert [FIRST, *plan] == [text for _, text in clinic.heard(MARIA)]


class Clock:
    """Shows what it is told to show."""

    def __init__(self) -> None:
        self.shows = at("2026-03-05T08:00")

    def now(self) -> datetime:
        return self.shows.astimezone(UTC)

    def monotonic(self) -> float:
        return self.shows.timestamp()

    def machine_now(self) -> datetime:
        return self.now()

    def machine_time(self, at: datetime) -> datetime:
        return at


class DiesAfterSending(TwilioGateway):
    """A worker's gateway whose process ends when Twilio has the text and nobody has been told."""

    def __init__(self, account: TwilioAccount) -> None:
        super().__init__(account)
        self.has_sent = asyncio.Event()

    async def send(self, text: OutgoingText) -> Outcome:
        await super().send(text)
        self.has_sent.set()
        return await asyncio.Future()


class Clinic:
    """The use cases, wired as the worker wires them; a worker here is a `Dispatch`."""

    def __init__(self, engine: Engine, twilio: Sandbox, clock: Clock) -> None:
        self.engine, self.twilio, self.clock = engine, twilio, clock
        self.threads = DatabaseThreads(engine)
        self.account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, from_number=SENDER, api_url=twilio.url)
        self.gateway = TwilioGateway(self.account)
        self.protocols: Mapping[str, CareProtocol] = shipped()
        self.rules, self.window = RULES, RULES.window
        self.start_worker()

    def start_worker(self) -> None:
        """A worker with the settings of now."""
        self.worker = self._worker(self.gateway)

    def enroll(self, wall: str, **wishes: Any) -> int:
        """Maria, at the front desk."""
        asked = {"protocol": "microneedling", "timezone": NEW_YORK.key, **wishes}
        request = EnrollRequest(name="Maria Lopez", phone=MARIA, consent="signed form", **asked)
        with writing(self.engine) as session:
            return enroll(
                session, request, protocols=self.protocols, rules=self.rules, now=at(wall), by="desk"
            ).enrollment

    async def live_through(self, start: str, end: str) -> None:
        """From one due moment to the next."""
        self.clock.shows = at(start)
        while self.clock.shows < at(end):
            await self.turn(self.worker)
            with reading(self.engine) as session:
                due = next_due(session, after=self.clock.now())
            self.clock.shows = due or at(end)

    async def turn(self, worker: Dispatch) -> None:
        """Read what patients wrote, then send what is due."""
        assert await poll_inbound(self.threads, self.gateway, now=self.clock.now(), receive=_receive_listed)
        worker.caught_up = True
        await worker.turn()

    async def die_after_sending(self) -> None:
        """The worker is killed in the one moment that matters."""
        gateway = DiesAfterSending(self.account)
        dying = self._worker(gateway)
        turn = asyncio.create_task(self.turn(dying))
        await gateway.has_sent.wait()
        for part in (turn, *dying._calls._callers):
            part.cancel()
        await asyncio.gather(turn, *dying._calls._callers, return_exceptions=True)
        await gateway.close()

    async def start_again(self) -> None:
        """A new worker looks up what the dead one left."""
        self.worker = self._worker(self.gateway)
        now = self.clock.now()
        dead = call_dead_attempts_unknown(self.threads, now=now, worker_id="the new one", held=(), others_are_dead=True)
        assert 1 == await dead
        assert 1 == await resolve(self.threads, self.gateway, now=now, on_unknown="resend_once")

    def record_of(self, step: str) -> tuple[str, str | None]:
        """What our tables know of a text: its state and its SID."""
        with reading(self.engine) as session:
            row = session.scalars(select(Message).where(col(Message.step) == step)).one()
            return row.state.value, row.sid

    def heard(self, phone: str) -> list[tuple[str, str]]:
        """What Twilio's ledger has for a phone, with the time in New York."""
        ours = [entry for entry in self.twilio.ledger if entry.to == phone]
        return [(f"{entry.created_at.astimezone(NEW_YORK):%a %d %H:%M}", entry.body) for entry in ours]

    async def close(self) -> None:
        await self.gateway.close()
        self.threads.close()

    def _worker(self, gateway: TwilioGateway) -> Dispatch:
        rules = SendingRules(self.window, self.rules.max_texts_per_day)
        return Dispatch(
            self.threads, gateway, self.clock, rules, record=save_outcomes,
            worker_id=str(uuid4()), in_flight=10, pace=Pace(0),
        )  # fmt: skip


def _receive_listed(session: Session, listed: ProviderMessage, now: datetime) -> object:
    return receive(session, InboundText(listed.sid, listed.from_, listed.body, listed.created_at), now)


@pytest.fixture
async def clinic(sqlite_engine: Engine) -> AsyncIterator[Clinic]:
    clock = Clock()
    async with Sandbox(now=clock.now, settle_at_once=True) as twilio:
        clinic = Clinic(sqlite_engine, twilio, clock)
        yield clinic
        await clinic.close()


def at(wall: str) -> datetime:
    """A wall time in New York."""
    return datetime.fromisoformat(wall).replace(tzinfo=NEW_YORK)
