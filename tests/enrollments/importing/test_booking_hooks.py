"""Booking webhooks in: doubled, reordered, missed, the end is the same; what fails is told and tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.db.engine import reading
from notifier.db.tables import HookEvent, HookSource
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.importing.booking_hooks.events import (
    KEPT,
    failed_events,
    forget_events,
    latest_events,
    retry_events,
    store_event,
)
from notifier.enrollments.importing.booking_hooks.payload import read_payload
from notifier.enrollments.importing.booking_hooks.signatures import SignedPost
from notifier.enrollments.importing.booking_hooks.sources import HookKind, add_source
from notifier.enrollments.importing.booking_hooks.take_events import take_events
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.mappings.apply import UnknownWord
from notifier.enrollments.importing.mappings.stored import remember
from notifier.oversight.alerts.alert_rules import AlertRules, find_causes
from notifier.oversight.alerts.stored_alerts import gather
from notifier.oversight.forecast import enrollments
from tests.setups.clinic import ClinicSetup

DAYS = ("2026-03-20T10:00:00-04:00", "2026-03-24T15:00:00-04:00", "2026-03-27T09:30:00-04:00")

ENDS = tuple(f"{one[:11]}16:00:00-04:00" for one in DAYS)


@dataclass
class Booking:
    """A booking system that posts to the clinic."""

    clinic: ClinicSetup
    source: HookSource

    def post(self, event_id: str, body: Any) -> None:
        now = self.clinic.now
        self.clinic.act(store_event, self.source.id, SignedPost(event_id, now), json.dumps(body).encode(), now=now)

    def read(self) -> int:
        clinic = self.clinic
        return take_events(clinic.engine, protocols=clinic.protocols, rules=clinic.rules, now=clinic.now)

    def file(self, row: dict[str, Any], said_at: datetime | None = None) -> None:
        """Of one row, as the system exported it at `said_at`, or now."""
        clinic, data = self.clinic, "\n".join([",".join(row), ",".join(row.values())]).encode()
        import_rows(
            clinic.engine, data, protocols=clinic.protocols, rules=clinic.rules, now=clinic.now, by="import",
            said_at=said_at,
        )  # fmt: skip

    def states(self) -> list[tuple[str, str | None]]:
        with reading(self.clinic.engine) as session:
            found: list[HookEvent] = latest_events(session, self.source.id or 0, limit=100)
        return [(one.state, one.why) for one in found]

    def running(self, phone: str) -> list[str]:
        """When the patient on that number is expected."""
        with reading(self.clinic.engine) as session:
            found = [one for one in enrollments(session) if one.phone == phone and one.state in RUNNING]
        return [one.appointment_at.isoformat() for one in found if one.appointment_at]


def source(clinic: ClinicSetup, **values: Any) -> Booking:
    made = clinic.act(add_source, "booking", own_mappings={}, now=clinic.now, by="desk", **values)
    return Booking(clinic, made)


def ours(number: int, day: str, status: str = "") -> dict[str, Any]:
    return {
        "external_id": f"B-{number}", "name": "Ana Ruiz", "phone": f"+1212555{100 + number:04}", "protocol": "plain",
        "appointment_at": day, "consent": "asked at booking", "status": status,
    }  # fmt: skip


def standard(number: int, *, ends: bool) -> list[Any]:
    """Made, moved twice, and perhaps cancelled."""
    said = [ours(number, day) for day in DAYS] + ([ours(number, DAYS[2], "cancelled")] if ends else [])
    return [{"timestamp": f"2026-03-06T{hour:02}:00:00Z", "data": one} for hour, one in enumerate(said, 1)]


def cal_com(number: int, *, ends: bool) -> list[Any]:
    """Of Cal.com's documentation: a booking that is moved is made anew, and names the one before."""
    what = ["BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_RESCHEDULED", *(["BOOKING_CANCELLED"] if ends else [])]
    return [
        {
            "triggerEvent": trigger,
            "createdAt": f"2026-03-06T{hour:02}:00:00.538Z",
            "payload": {
                "type": "60min", "title": "60min between Pro Example and Ana Ruiz", "eventTitle": "Plain",
                "startTime": DAYS[min(hour, 3) - 1], "endTime": ENDS[min(hour, 3) - 1],
                "organizer": {"name": "Pro Example"},
                "responses": {"attendeePhoneNumber": {"label": "phone", "value": f"+1212555{100 + number:04}"}},
                "attendees": [{"name": "Ana Ruiz", "timeZone": "America/New_York"}],
                "uid": f"u{number}-{min(hour, 3)}", "bookingId": number, "status": "ACCEPTED",
                **({"rescheduleUid": f"u{number}-{hour - 1}"} if trigger == "BOOKING_RESCHEDULED" else {}),
            },
        }
        for hour, trigger in enumerate(what, 1)
    ]  # fmt: skip


def tries() -> Iterator[tuple[int, bool, Random]]:
    for number in range(6):
        yield number, number % 3 == 2, Random(number)


@pytest.mark.parametrize("kind", [HookKind.STANDARD, HookKind.CAL_COM])
def test_doubled_reordered_or_missed_and_found_by_the_next_file_the_end_is_the_same(
    clinic: ClinicSetup, kind: HookKind
) -> None:
    booking = source(clinic, kind=kind, consent="asked at booking")
    for number, ends, random in tries():
        posts = list(enumerate((standard if kind is HookKind.STANDARD else cal_com)(number, ends=ends)))
        missed = set(random.sample(range(len(posts)), number % 2)) if kind is HookKind.STANDARD else set()
        sent = [one for one in posts * 2 if one[0] not in missed]
        random.shuffle(sent)
        for event, body in sent:
            booking.post(f"{number}-{event}", body)
            if random.random() < 0.7:
                booking.read()
        booking.read()
        if missed:
            booking.file(ours(number, DAYS[2], "cancelled" if ends else ""))
        expected = [] if ends else ["2026-03-27T13:30:00+00:00"]
        assert (number, expected) == (number, booking.running(f"+1212555{100 + number:04}")), [one for one, _ in sent]
    assert not {state for state, _ in booking.states()} & {"failed", "waiting"}, booking.states()


def test_posts_and_files_in_any_order_leave_what_the_latest_of_them_said(clinic: ClinicSetup) -> None:
    booking = source(clinic, kind=HookKind.STANDARD)
    for number in range(12):
        random, is_cancelled = Random(number), number % 4 == 3
        said = [
            ours(number, DAYS[0]),
            ours(number, DAYS[1]),
            ours(number, DAYS[2], "cancelled" if is_cancelled else ""),
        ]
        heard = [(hour, hour in random.sample((1, 2, 3), 2), row) for hour, row in enumerate(said, 1)]
        random.shuffle(heard)
        for hour, is_file, row in heard:
            if is_file:
                booking.file(row, datetime(2026, 3, 6, hour, tzinfo=UTC))
            else:
                booking.post(f"{number}-{hour}", {"timestamp": f"2026-03-06T{hour:02}:00:00Z", "data": row})
                booking.read()
        expected = [] if is_cancelled else ["2026-03-27T13:30:00+00:00"]
        assert (number, expected) == (number, booking.running(f"+1212555{100 + number:04}")), heard


def test_what_fails_is_told_and_read_once_more_when_the_word_is_explained(clinic: ClinicSetup) -> None:
    booking = source(clinic, kind=HookKind.CAL_COM, consent="asked at booking")
    (made, *_) = cal_com(1, ends=False)
    made["payload"]["eventTitle"] = "Lip filler"
    booking.post("1", made)
    booking.post("2", {"triggerEvent": "MEETING_ENDED", "createdAt": made["createdAt"], "payload": {}})
    assert 2 == booking.read()
    passed, (state, why) = booking.states()
    assert (("passed by", None), "failed") == (passed, state)
    assert why is not None
    assert 'nobody has said what the service "Lip filler" gives' in why
    with reading(clinic.engine) as session:
        assert [("booking", 1, 1)] == list(failed_events(session))
        causes = find_causes(gather(session, clinic.now), AlertRules(ZoneInfo("America/New_York")), clinic.now)
    (told,) = (one.why for one in causes if one.key == "hook:1")
    assert told.startswith("1 post of the booking system booking could not be taken; see Accounts, Webhooks")
    said = {UnknownWord("service", "Lip filler"): "plain"}
    clinic.act(remember, "cal-com", said, now=clinic.now, by="desk")
    assert 1 == clinic.act(retry_events, booking.source.id)
    assert (1, "taken") == (booking.read(), booking.states()[1][0])
    with reading(clinic.engine) as session:
        assert [] == list(failed_events(session))
    clinic.act(forget_events, clinic.now + KEPT + timedelta(seconds=1))
    assert [] == booking.states()


def test_a_body_of_another_shape_fails_in_a_sentence() -> None:
    deep: Any = {}
    for _ in range(12):
        deep = {"a": deep}
    for body, sentence in (
        ("{", "the body is no JSON"),
        ("[" * 100_000, "the body is no JSON"),
        ("7", "the body is no JSON object, and no list of 1 to 500 objects"),
        ("[]", "the body is no JSON object, and no list of 1 to 500 objects"),
        ('{"data": {}, "timestamp": "2026-03-06T09:00"}', "timestamp is no moment"),
        (json.dumps(dict.fromkeys(map(str, range(301)), 1)), "over 300 values"),
        (json.dumps(deep), "objects in objects"),
    ):
        with pytest.raises(Refused, match=sentence):
            read_payload(HookKind.STANDARD, body, is_mapped=False)
    with pytest.raises(Refused, match=r"not what Cal\.com posts"):
        read_payload(HookKind.CAL_COM, "[]", is_mapped=True)


def test_a_mapping_reads_a_post_by_its_dotted_keys(clinic: ClinicSetup) -> None:
    payload = read_payload(
        HookKind.STANDARD, '{"type": "x", "data": [{"who": {"name": "Ana"}, "ok": true}, {"no": null}]}', is_mapped=True
    )
    assert ({"type": "x", "data.who.name": "Ana", "data.ok": "yes"}, {"type": "x", "data.no": ""}) == payload.rows
    with pytest.raises(Refused, match="names no column with the visit's own id"):
        source(clinic, mapping="day-list")


def test_a_post_whose_clock_is_written_as_utc_fails_with_the_reason_for_nobody_is_treated_at_five(
    clinic: ClinicSetup,
) -> None:
    booking = source(clinic)
    booking.post("1", ours(1, "2026-03-20T09:00:00Z"))
    booking.post("2", ours(2, "2026-03-20T13:00:00Z"))
    booking.read()
    (_, why), (state, _) = sorted(booking.states())
    assert "taken" == state
    assert 'appointment_at "2026-03-20T09:00:00Z" is at night on the clinic\'s clock, which is odd' in str(why)
    assert [] == booking.running("+12125550101")
