"""The first text: once for each number and course, in the window, and no rule loses its place for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from notifier.db.engine import reading
from notifier.db.tables import Message
from notifier.domain.kinds import FIRST
from notifier.domain.states import MessageState
from notifier.enrollments import lifecycle
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change, Resume, Treated
from notifier.enrollments.effect import Effect
from notifier.enrollments.enroll import texts_of
from notifier.enrollments.first_texts import first_rows
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.preview import preview
from notifier.enrollments.requests import EnrollRequest
from notifier.numbers.opt_outs import opt_out
from schedules.dates import say_date
from schedules.languages.registry import languages
from schedules.segments import count_segments
from tests.setups.clinic import ANA, BOB, ClinicSetup

PLANNED, CANCELLED, SUPPRESSED = MessageState.PLANNED, MessageState.CANCELLED, MessageState.SUPPRESSED
NEW = "+12125550177"


@pytest.fixture
def desk(clinic: ClinicSetup) -> ClinicSetup:
    """Friday 14:10, where a first text leaves."""
    return replace(clinic, rules=replace(clinic.rules, first_text=True))


def firsts(desk: ClinicSetup, *enrollments: int) -> list[Message]:
    with reading(desk.engine) as session:
        return first_rows(session, set(enrollments or range(1, 20)))


def does(desk: ClinicSetup, enrollment: int, command: Any, *, now: datetime | None = None) -> Effect:
    """Do it, and see that the preview had said the same of the first text."""
    values: dict[str, Any] = {"rules": desk.rules, "now": now or desk.now}
    with reading(desk.engine) as session:
        said = lifecycle.preview(session, enrollment, command, **values)
    done: Effect = desk.act(lifecycle.apply, enrollment, command, **values, by="desk")
    assert first_effects(said) == first_effects(done)
    return done


def first_effects(effect: Effect) -> list[tuple[str, str]]:
    return [(one.what.value, one.text) for one in effect.texts if one.kind == FIRST]


def test_it_leaves_at_enrollment_and_says_who_writes_how_much_comes_and_how_to_stop(desk: ClinicSetup) -> None:
    enrolled = desk.enroll()
    (row,) = firsts(desk)
    assert (PLANNED, desk.now, 1) == (row.state, row.due_at, row.enrollment_id)
    assert row.text.startswith("Clinic: ")
    assert "3 to come, until Fri Mar 13. To reach a person: +1 212 555 0100. Not watched at night" in row.text
    assert all(word in row.text for word in ("HELP", "STOP", "911", "rates may apply"))
    assert row.expires_at == max(one.due_at for one in enrolled.plan.timeline.messages if one.due_at)
    with reading(desk.engine) as session:
        said = enrolled.to_json(texts_of(session, enrolled.enrollment))
    assert {"first-text"} == {one["step"] for one in said["effect"]["texts"]} - {m["step"] for m in said["messages"]}
    assert (row.id, "planned", row.text) == tuple(said["first_text"][name] for name in ("message", "state", "text"))


def test_switched_off_or_with_nothing_to_come_there_is_none(clinic: ClinicSetup, desk: ClinicSetup) -> None:
    assert None is clinic.enroll().to_json([])["first_text"]
    desk.enroll(at=desk.now - timedelta(days=60), phone=BOB)
    assert [] == firsts(desk)


def test_the_preview_says_the_same_before_anybody_is_enrolled(desk: ClinicSetup) -> None:
    request = EnrollRequest("Ana Ruiz", ANA, "plain", "form", treated_at=desk.now)
    values: dict[str, Any] = {"protocols": desk.protocols, "rules": desk.rules, "now": desk.now}
    with reading(desk.engine) as session:
        found = preview(session, request, **values)
    assert found.first is not None
    assert found.first.text == desk.enroll().to_json([])["first_text"]["text"]
    with reading(desk.engine) as session:
        assert None is preview(session, replace(request, treated_at=desk.now - timedelta(days=1)), **values).first


def test_outside_the_window_it_waits_for_the_next_opening_and_says_so(desk: ClinicSetup) -> None:
    night = datetime(2026, 3, 7, 2, 20, tzinfo=UTC)  # Friday 21:20
    enrolled = desk.enroll(at=night, now=night)
    (row,) = firsts(desk)
    assert datetime(2026, 3, 7, 14, tzinfo=UTC) == row.due_at
    assert ["the send window is closed"] == list(row.notes or [])
    said = "the first text leaves only on Sat Mar 7, 9:00 AM, so nobody sees now whether the number is right"
    assert said in enrolled.warnings


def test_a_booked_patient_gets_it_at_enrollment_and_no_second_one_when_treated(desk: ClinicSetup) -> None:
    visit = desk.now + timedelta(days=5)
    desk.enroll(appointment_at=visit)
    (row,) = firsts(desk)
    assert (desk.now, visit, True) == (row.due_at, row.expires_at, "your visit" in row.text)
    desk.send(row, desk.now)
    does(desk, 1, Treated(visit), now=visit)
    assert 1 == len(firsts(desk))


def test_who_was_booked_before_there_were_first_texts_gets_one_when_treated(
    clinic: ClinicSetup, desk: ClinicSetup
) -> None:
    visit = desk.now + timedelta(days=5)
    clinic.enroll(appointment_at=visit)
    assert ["added"] == [what for what, _ in first_effects(does(desk, 1, Treated(visit), now=visit))]
    does(desk, 1, Change(ChangeRequest(timezone="America/Chicago")), now=visit)
    assert 1 == len(firsts(desk))


def test_one_for_each_number_and_course(desk: ClinicSetup) -> None:
    """A second treatment, somebody else on the phone, another protocol: none; a course a year later: another."""
    desk.enroll()
    desk.send(firsts(desk)[0], desk.now)
    later = desk.now + timedelta(days=6)
    desk.enroll(at=later, now=later)
    desk.enroll(name="Bo Diaz", at=later, now=later)
    does(desk, 1, Change(ChangeRequest(protocol=desk.protocols["makeup-only"])), now=later)
    after_the_first = desk.now + timedelta(days=8)  # its own course is over, the second treatment's is not
    desk.enroll(at=after_the_first, now=after_the_first)
    assert 1 == len(firsts(desk))
    next_year = desk.now + timedelta(days=360)
    desk.enroll(at=next_year, now=next_year)
    assert 2 == len(firsts(desk))


def test_a_number_that_it_never_reached_gets_it_with_the_next_treatment(desk: ClinicSetup) -> None:
    desk.enroll()
    desk.send(firsts(desk)[0], desk.now, to=MessageState.FAILED)
    desk.enroll(at=desk.now + timedelta(days=2), now=desk.now + timedelta(days=2))
    assert [1, 2] == [row.enrollment_id for row in firsts(desk)]


def test_a_new_number_gets_its_own_and_the_old_one_none(desk: ClinicSetup) -> None:
    desk.enroll()
    effect = does(desk, 1, Change(ChangeRequest(phone=NEW)))
    assert ["withdrawn", "added"] == [what for what, _ in first_effects(effect)]
    assert [(ANA, CANCELLED), (NEW, PLANNED)] == [(row.phone, row.state) for row in firsts(desk)]
    assert [] == first_effects(does(desk, 1, Change(ChangeRequest(language="en", timezone="America/Chicago"))))


def test_what_has_left_for_the_old_number_does_not_leave_there_again(desk: ClinicSetup) -> None:
    desk.enroll()
    desk.send(firsts(desk)[0], desk.now, to=MessageState.ACCEPTED)
    does(desk, 1, Change(ChangeRequest(phone=NEW)))
    old, new = firsts(desk)
    assert (desk.now, PLANNED) == (old.expires_at, new.state)


def test_while_it_waits_its_words_follow(desk: ClinicSetup) -> None:
    night = datetime(2026, 3, 7, 2, 20, tzinfo=UTC)
    desk.enroll(at=night, now=night, protocol="makeup-only")
    ((what, text),) = first_effects(does(desk, 1, Change(ChangeRequest(language="es")), now=night))
    assert ("reworded", True) == (what, "le enviamos sus cuidados" in text)
    assert (text, "Clinic: ") == (firsts(desk)[0].text, text[:8])


def test_it_ends_with_its_enrollment_and_comes_back_with_it(desk: ClinicSetup) -> None:
    desk.enroll()
    assert ["withdrawn"] == [what for what, _ in first_effects(does(desk, 1, Cancel()))]
    assert ["added"] == [what for what, _ in first_effects(does(desk, 1, Resume()))]
    assert [CANCELLED, PLANNED] == [row.state for row in firsts(desk)]


def test_an_opted_out_number_gets_none(desk: ClinicSetup) -> None:
    desk.act(opt_out, ANA, source="keyword", at=desk.now, by="worker")
    desk.enroll()
    assert [SUPPRESSED] == [row.state for row in firsts(desk)]


def test_an_import_writes_one_for_each_number_and_a_second_run_none(desk: ClinicSetup) -> None:
    """It says when each leaves: in the window at once, though nobody is at the desk."""
    rows = [f"Ana {'BC'[number % 2]},+1212555{number},plain,2026-03-06T13:00,form" for number in (1001, 1002, 1002)]
    head = "external_id,name,phone,protocol,treated_at,consent"
    content = "\n".join([head, *(f"{n},{row}" for n, row in enumerate(rows))]).encode()
    for _ in range(2):
        report = import_rows(desk.engine, content, protocols=desk.protocols, rules=desk.rules, now=desk.now, by="test")
        assert [] == report.faults
        assert [(f"+1212555{n}", desk.now) for n in (1001, 1002)] == [(row.phone, row.due_at) for row in firsts(desk)]


def test_no_rule_loses_its_place_and_no_hour_for_it(desk: ClinicSetup) -> None:
    """The plan with it is the plan without it, on the day of the treatment too, where two texts are the limit."""
    strict = replace(desk, rules=replace(desk.rules, max_texts_per_day=1))
    strict.enroll()
    desk.send(firsts(desk)[0], desk.now)
    with_first = {step: row.due_at for step, row in desk.texts(1).items() if row.kind != FIRST}
    does(strict, 1, Change(ChangeRequest(timezone="America/New_York")), now=desk.now + timedelta(minutes=5))
    without = replace(strict, rules=replace(strict.rules, first_text=False)).enroll(phone=BOB)
    assert with_first == {one.step: one.due_at for one in without.plan.timeline.messages}
    assert with_first == {step: row.due_at for step, row in desk.texts(1).items() if row.kind != FIRST}


def test_every_language_says_it_in_two_segments_of_plain_letters() -> None:
    """With the longest name of a clinic. A Spanish Saturday has a letter that needs more."""
    for spoken in languages():
        longest = say_date(datetime(2026, 9, 30, 18, tzinfo=UTC), ZoneInfo("UTC"), spoken.code)
        for words in (spoken.about.first.treated, spoken.about.first.booked):
            filled = words.format(clinic="G" * 60, phone="(978) 555-0142", count="12", until=longest)
            assert (spoken.code, "GSM-7", 2) == (spoken.code, *_size(filled))
            assert [] == [word for word in ("{clinic}", "HELP", "STOP", "911", "{phone}") if word not in words]
            assert words.startswith("{clinic}")


def _size(text: str) -> tuple[str, int]:
    found = count_segments(text)
    return found.encoding, found.count
