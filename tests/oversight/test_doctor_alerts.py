"""What the doctor says of who is told, and of patients while nobody is there, for a clinic and for its offices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifier.db.tables import Alert, AlertChannel
from notifier.domain.offices import OfficeProfile
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.alerts.on_call import OfficeOnCall, OnCall
from notifier.oversight.doctor.alerts import (
    check_answer,
    check_channels,
    check_contacts,
    check_hours,
    check_undelivered,
)
from notifier.oversight.doctor.diagnosis import Diagnosis
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.oversight.test_alerts import FakeChannel

NOW = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
OPS, NURSE, DOCTOR = ((FakeChannel(name),) for name in ("ops", "nurse", "doctor"))
OWN = OfficeProfile("", Voice("Glow", "555"), "America/New_York", SendWindow())
SET = replace(OWN, staffed=StaffedHours.parse("Mon 09:00-17:00"), after_hours_phone="556")


def said(found: object) -> list[str]:
    return [f"{one.level}: {one.found}" for one in found if isinstance(one, Diagnosis)]  # type: ignore[attr-defined]  # an iterator of them


def test_who_would_be_told(subtests: pytest.Subtests) -> None:
    north = replace(OWN, id="north", alerts=(("mailto:x@example.org",),))
    south = replace(OWN, id="south", covered_by="north")
    new = replace(OWN, id="new")
    told = OfficeOnCall("North", ZoneInfo("UTC"), (NURSE, DOCTOR))
    ok = "ok: whoever runs the machine is told; to try: notifier alerts --test"
    cases: list[tuple[OnCall, list[OfficeProfile], list[str]]] = [
        (OnCall(OPS, (NURSE, DOCTOR)), [], [ok]),
        (OnCall(), [], ["warn: nobody would be told of anything: urgent words"]),
        (OnCall(OPS), [], [ok, "warn: of patients only whoever runs the machine is told"]),
        (OnCall((), (NURSE, DOCTOR)), [], ["warn: of what is wrong with the machine only those are told who see to"]),
        (OnCall(OPS, (NURSE,)), [], [ok, "warn: one person alone is told of patients"]),
        (OnCall(OPS, (), {"north": told}), [north, south], [ok]),
        (
            OnCall(OPS, (), {"north": told}),
            [north, new],
            [ok, "warn: of patients of new only whoever"],
        ),
        (OnCall(OPS, (NURSE, DOCTOR)), [new], [ok]),
    ]
    for on_call, offices, expected in cases:
        with subtests.test(expected=expected):
            found = said(check_contacts(on_call, {one.id: one for one in offices}))
            assert expected == [one[: len(begins)] for one, begins in zip(found, expected, strict=True)]


def test_a_channel_that_never_told_anybody_or_failed_since_is_named(subtests: pytest.Subtests) -> None:
    hour = timedelta(hours=1)
    never = "warn: the ops to the machine has never told anybody anything"
    cases: list[tuple[AlertChannel | None, list[str]]] = [
        (None, [never]),
        (AlertChannel(id="ops", failed_at=NOW, why="it answered 500"), [f"{never}; when last tried, it answered 500"]),
        (AlertChannel(id="ops", told_at=NOW), []),
        (AlertChannel(id="ops", told_at=NOW, failed_at=NOW - hour, why="x"), []),
        (AlertChannel(id="ops", told_at=NOW - hour, failed_at=NOW, why="it answered 500"),
         ["warn: the ops to the machine failed when last used: it answered 500"]),
    ]  # fmt: skip
    for row, expected in cases:
        with subtests.test(row=row):
            assert expected == said(check_channels(OnCall(OPS), {row.id: row} if row else {}))


def test_alerts_that_reached_nobody_are_counted_and_soon_a_failure() -> None:
    def opened(minutes: int, told_at: datetime | None = None) -> Alert:
        return Alert(cause="x", why="x", opened_at=NOW - timedelta(minutes=minutes), told_at=told_at)

    assert [] == said(check_undelivered([opened(60, NOW)], NOW))
    assert ["warn: 1 open alert reached nobody, the oldest since 2026-03-06 19:05 UTC"] == said(
        check_undelivered([opened(5), opened(60, NOW)], NOW)
    )
    assert ["fail: 2 open alerts reached nobody, the oldest since 2026-03-06 19:04 UTC"] == said(
        check_undelivered([opened(5), opened(6)], NOW)
    )


def test_where_hours_or_the_phone_are_not_set_it_says_so_by_office_and_what_patients_meet() -> None:
    assert [] == said(check_hours(SET, {}))
    both = said(check_hours(OWN, {}))
    assert ["warn: no staffed hours set: nobody count", "warn: no phone for after hours set: at n"] == [
        one[:40] for one in both
    ]
    offices = {"a": replace(SET, id="a"), "b": replace(OWN, id="b"), "c": replace(OWN, id="c")}
    assert ["no staffed hours at b, c:", "no phone for after hours at b, c:"] == [
        one.removeprefix("warn: ").partition(":")[0] + ":" for one in said(check_hours(SET, offices))
    ]


def test_words_that_wait_for_approval_are_named() -> None:
    assert [] == said(check_answer([], []))
    assert ["warn: its new words in en wait for approval", "warn: nobody has approved it in es"] == [
        one.partition(";")[0] for one in said(check_answer(["en"], ["es"]))
    ]
