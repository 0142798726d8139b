"""Who is told of replies and when: urgent ones until they are seen to, all that is unread once an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from notifier.conversations.claims import claim_reply
from notifier.conversations.close import close_reply
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.domain.open_replies import TextsDecision
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.alerts.alert_rules import AlertRules
from notifier.oversight.alerts.on_call import OfficeOnCall, OnCall
from notifier.oversight.alerts.watch import Alerting, watch, watch_replies
from notifier.sending.gates.heartbeats import arrive, still_here
from tests.oversight.test_alerts import FakeChannel
from tests.setups.sending import Sending

ANA, EVA = "+12125550101", "+12125550102"
NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)
"""10:00 in New York."""
HOURS = StaffedHours.parse("Mon-Fri 09:00-17:00")


@dataclass
class Told:
    """Two people of the clinic, whoever runs the machine, and a minute after the other."""

    sending: Sending
    nurse: FakeChannel = field(default_factory=lambda: FakeChannel("nurse"))
    doctor: FakeChannel = field(default_factory=lambda: FakeChannel("doctor"))
    ops: FakeChannel = field(default_factory=lambda: FakeChannel("ops"))
    number: int = 0

    def __post_init__(self) -> None:
        rules = AlertRules(NEW_YORK, HOURS)
        self.alerting = Alerting("Glow", "desk-1", rules, OnCall((self.ops,), ((self.nurse,), (self.doctor,))))

    @property
    def now(self) -> datetime:
        return self.sending.clock.now()

    def writes(self, text: str, phone: str = ANA) -> int:
        self.number += 1
        with writing(self.sending.engine) as session:
            receive(session, InboundText(f"SM{self.number}", phone, text, self.now), self.now)
        return self.number

    async def minutes(self, many: int) -> dict[str, list[int]]:
        """Who is told in which of these minutes: the first is now."""
        found: dict[str, list[int]] = {"nurse": [], "doctor": [], "ops": []}
        for minute in range(many):
            heard = {one.name: len(one.heard) for one in (self.nurse, self.doctor, self.ops)}
            self.sending.open_gate()
            with writing(self.sending.engine) as session:
                still_here(session, self.sending.worker_id, now=self.now)
            await watch(self.sending.threads, self.alerting, now=self.now)
            for one in (self.nurse, self.doctor, self.ops):
                found[one.name] += [minute] * (len(one.heard) - heard[one.name])
            self.sending.clock.pass_(minutes=1)
        return found

    def does(self, act: object, reply: int) -> None:
        with writing(self.sending.engine) as session:
            act(session, reply, now=self.now, by="dana")  # type: ignore[operator]  # one of two use cases


closes = partial(close_reply, decision=TextsDecision.STAY_HELD)


@pytest.fixture
def told(sqlite_house: Sending) -> Told:
    return at_ten_on_friday(sqlite_house)


def at_ten_on_friday(sending: Sending) -> Told:
    sending.clock.pass_(seconds=(FRIDAY - sending.clock.now()).total_seconds())
    with writing(sending.engine) as session:
        arrive(session, sending.worker_id, host="desk-1", pid=1, now=sending.clock.now())
    sending.enroll()
    return Told(sending)


async def test_an_urgent_reply_is_told_every_five_minutes_and_to_the_next_person_after_fifteen(told: Told) -> None:
    told.writes("I am bleeding")
    assert {
        "nurse": [0, 5, 10, 15, 20, 25], "doctor": [15, 20, 25], "ops": [],
    } == await told.minutes(30)  # fmt: skip


async def test_taken_it_is_quiet_and_comes_back_if_it_is_not_closed_half_an_hour_later(told: Told) -> None:
    reply = told.writes("I am bleeding")
    await told.minutes(1)
    told.does(claim_reply, reply)
    found = await told.minutes(40)
    assert ([29, 30, 35], []) == (found["nurse"], found["doctor"]), "in the 29th minute with all that is unread"
    assert "it was taken and is not closed" in told.nurse.heard[-1].lines[0].why
    told.does(closes, reply)
    assert {"nurse": [], "doctor": [], "ops": []} == await told.minutes(40)


async def test_what_was_taken_comes_back_as_the_shift_ends_of_whoever_took_it(told: Told) -> None:
    replies = [told.writes(text, phone) for text, phone in (("I am bleeding", ANA), ("wrong number", EVA))]
    await told.minutes(2)
    ends_at = told.now + timedelta(minutes=10)
    for reply in replies:
        told.does(partial(claim_reply, ends_at=ends_at), reply)
    assert [10] == (await told.minutes(12))["nurse"]
    assert ["urgent-1", "holding-2"] == [line.cause for line in told.nurse.heard[-1].lines]
    assert "nobody has taken it" in told.nurse.heard[-1].lines[0].why


async def test_of_a_burst_the_first_is_told_at_once_and_the_rest_as_one_with_their_count(told: Told) -> None:
    at_once = []
    for number in range(10):
        told.writes("too many texts", phone=f"+1212555010{number}")
        at_once += await watch_replies(told.sending.threads, told.alerting, now=told.now)
        told.sending.clock.pass_(seconds=5)
    assert (["holding-1"], 1) == (at_once, len(told.nurse.heard))
    told.sending.clock.pass_(seconds=10)
    assert [0] == (await told.minutes(5))["nurse"]
    (line,) = told.nurse.heard[-1].lines
    said = "9 replies may be a wish to stop, or from somebody else's phone; their numbers get no text until a person"
    assert f"{said} has closed them" == line.why


async def test_where_the_first_person_cannot_be_reached_the_next_is_told_at_once(told: Told) -> None:
    told.nurse.broken = "the mail server answered 421"
    told.writes("I am bleeding")
    assert [0, 5, 10] == (await told.minutes(12))["doctor"]
    told.doctor.broken = told.nurse.broken
    assert [3, 8] == (await told.minutes(10))["ops"], "and whoever runs the machine, before nobody"


async def test_urgent_and_holding_replies_are_told_at_once_and_two_processes_tell_them_once(sending: Sending) -> None:
    told = at_ten_on_friday(sending)
    cases = {
        "I am bleeding": "urgent-1",
        "who is this, wrong number": "holding-2",
        "STOP. I am bleeding": "urgent-3",
        "too many texts": "holding-4",
        "can I wear sunscreen?": None,
    }
    for text, key in cases.items():
        told.writes(text)
        both = [await watch_replies(told.sending.threads, told.alerting, now=told.now) for _ in range(2)]
        assert [[key] if key else [], []] == both, text
        told.sending.clock.pass_(minutes=1)
    whys = {line.cause: line.why for notice in told.nurse.heard for line in notice.lines}
    assert whys["urgent-3"].endswith("no text may answer it (the patient wants no more texts): call now")


async def test_what_is_unread_is_one_digest_once_it_waited_half_an_hour_and_hourly_at_most(told: Told) -> None:
    for number in range(4):
        told.writes("can I wear sunscreen?", phone=f"+1212555010{number}")
        told.sending.clock.pass_(minutes=1)
    assert [26, 86] == (await told.minutes(120))["nurse"]
    first = told.nurse.heard[0].lines
    assert [("unread", "4 unread, oldest 30 min")] == [(line.cause, line.why) for line in first]
    for reply in range(1, 5):
        told.does(closes, reply)
    await told.minutes(1)
    told.writes("and moisturizer?")
    assert [30] == (await told.minutes(40))["nurse"], "an hour after the last one"


async def test_the_digest_never_comes_sooner_than_an_hour_after_the_last_though_all_was_closed_meanwhile(
    told: Told,
) -> None:
    reply = told.writes("can I wear sunscreen?")
    assert [30] == (await told.minutes(31))["nurse"]
    told.does(closes, reply)
    told.writes("and moisturizer?")
    assert [59] == (await told.minutes(60))["nurse"]


async def test_what_is_still_unread_is_not_told_again_after_hours(told: Told) -> None:
    told.sending.clock.pass_(hours=6, minutes=15)  # 16:15 on Friday
    told.writes("can I wear sunscreen?")
    assert [30] == (await told.minutes(100))["nurse"]


async def test_nights_and_weekends_do_not_count_and_are_not_disturbed(told: Told) -> None:
    told.sending.clock.pass_(hours=6, minutes=50)  # 16:50 on Friday
    told.writes("can I wear sunscreen?")
    found = (await told.minutes(60))["nurse"]
    told.sending.clock.pass_(hours=62)  # 08:50, after a night of 23 hours on Monday
    assert ([], [30]) == (found, (await told.minutes(60))["nurse"])
    assert "1 unread, oldest 63 h" == told.nurse.heard[0].lines[0].why


async def test_no_alert_about_a_reply_has_a_number_a_name_or_words(told: Told) -> None:
    for text in ("I am bleeding", "wrong number, I am Eva", "sunscreen?"):
        told.writes(text)
    await told.minutes(31)
    said = "".join(notice.subject + notice.body for notice in told.nurse.heard)
    assert [] == [word for word in ("Ana", "Ruiz", "5550101", "bleeding", "Eva", "sunscreen") if word in said]


def test_an_offices_people_come_first_then_who_covers_it_then_the_clinics_and_last_who_runs_the_machine(
    subtests: pytest.Subtests,
) -> None:
    north, south, head, ops = ((FakeChannel(name),) for name in ("north", "south", "head", "ops"))
    offices = {
        "north": OfficeOnCall("North", NEW_YORK, (north,), StaffedHours.parse("Mon-Fri 09:00-12:00"), "south"),
        "south": OfficeOnCall("South", NEW_YORK, (south,), HOURS),
        "new": OfficeOnCall("New", NEW_YORK),
    }
    on_call = OnCall(ops, (head,), offices)
    afternoon, night = FRIDAY + timedelta(hours=4), FRIDAY + timedelta(hours=12)
    cases = [
        ("north", FRIDAY, ["north", "south", "head", "ops"]),
        ("north", afternoon, ["south", "north", "head", "ops"]),
        ("north", night, ["north", "south", "head", "ops"]),
        ("south", FRIDAY, ["south", "head", "ops"]),
        ("new", FRIDAY, ["head", "ops"]),
        ("gone", FRIDAY, ["head", "ops"]),
        (None, FRIDAY, ["head", "ops"]),
    ]
    for office, at, expected in cases:
        with subtests.test(office=office, at=at):
            people = on_call.for_patients_of(office, at)
            assert expected == [channel.name for person in people for channel in person]
