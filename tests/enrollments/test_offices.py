"""Two offices of one clinic: each speaks for itself, whoever plans again and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment, Message
from notifier.domain.offices import OfficeProfile
from notifier.domain.planning.number_plan import plan_for
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Cancel, Change, Treated
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import EnrollRequest, check_request
from notifier.numbers.opt_outs import opt_out
from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.setups.clinic import ANA, ClinicSetup, of

OFFICES = {
    "downtown": OfficeProfile(
        "downtown", Voice("Glow Downtown", "212 555 0110"), "America/New_York", SendWindow.parse("10:00-17:00")
    ),
    "desert": OfficeProfile(
        "desert", Voice("Glow Desert", "480 555 0120"), "America/Phoenix", SendWindow.parse("09:00-12:00"),
        language="es", protocols=("makeup-only",),
    ),
}  # fmt: skip


@pytest.fixture
def rules(rules: PlanningRules) -> PlanningRules:
    return replace(rules, offices=OFFICES)


def texts(engine: Engine) -> list[tuple[str | None, str, Message]]:
    """Office, zone and text of every message."""
    with reading(engine) as session:
        found = select(Enrollment, Message).where(Message.enrollment_id == Enrollment.id)  # type: ignore[arg-type]  # a column's condition
        return [(one.office, one.timezone, message) for one, message in session.execute(found)]


def speak_for_their_office(engine: Engine) -> bool:
    """Whether every text that may leave is in the voice and the window of its enrollment's office."""
    for office, zone, message in texts(engine):
        if message.state is not MessageState.PLANNED or message.due_at is None:
            continue
        profile = OFFICES[office or ""]
        at = message.due_at.astimezone(ZoneInfo(zone)).time()
        if profile.voice.clinic not in message.text or not profile.window.opens <= at < profile.window.closes:
            return False
    return True


def test_an_enrollment_takes_zone_language_and_window_from_its_office(clinic: ClinicSetup) -> None:
    clinic.enroll(protocol="makeup-only", office="desert")
    (enrollment,) = {(one, zone) for one, zone, _ in texts(clinic.engine)}
    assert ("desert", "America/Phoenix") == enrollment
    assert all("Glow Desert" in message.text for *_, message in texts(clinic.engine))
    assert any("maquillaje" in message.text for *_, message in texts(clinic.engine))
    assert speak_for_their_office(clinic.engine)


def test_a_protocol_that_the_office_does_not_use_is_refused(clinic: ClinicSetup) -> None:
    with pytest.raises(Refused, match="the office desert does not use plain; it uses makeup-only"):
        clinic.enroll(office="desert")


def test_every_way_of_planning_again_keeps_each_voice(clinic: ClinicSetup) -> None:
    """Two offices, one phone, two patients: an enrollment, a change, a treatment and a second one replan both."""
    first = clinic.enroll(office="downtown")
    clinic.enroll(name="Bo Ruiz", protocol="makeup-only", office="desert")
    assert speak_for_their_office(clinic.engine)
    visit = clinic.enroll(office="downtown", appointment_at=clinic.now + timedelta(days=9), name="Cy Ruiz").enrollment
    with writing(clinic.engine) as session:
        renamed = Change(ChangeRequest(name="Anna Ruiz"))
        apply(session, first.enrollment, renamed, rules=clinic.rules, now=clinic.now, by="desk")
    later = clinic.now + timedelta(days=9, hours=1)
    with writing(clinic.engine) as session:
        apply(session, visit, Treated(later - timedelta(minutes=10)), rules=clinic.rules, now=later, by="desk")
    assert speak_for_their_office(clinic.engine)
    assert {"downtown", "desert"} == {office for office, *_ in texts(clinic.engine)}


def test_other_offices_patients_on_the_number_are_only_counted_and_follow_all_the_same(clinic: ClinicSetup) -> None:
    whose = clinic.enroll(office="downtown").enrollment
    there = clinic.enroll(name="Bo Ruiz", protocol="makeup-only", office="desert").enrollment
    assert clinic.texts(there)["makeup-again"].text.startswith("Bo: ")
    ours = replace(clinic.rules, yours=frozenset({"downtown"}))
    done = clinic.act(apply, whose, Cancel(), rules=ours, now=clinic.now, by="desk")
    assert ((), 1, []) == (done.others, done.others_elsewhere, done.to_json()["others"])
    assert not clinic.texts(there)["makeup-again"].text.startswith("Bo: ")


def test_a_patient_who_moves_to_another_office_hears_from_that_one(clinic: ClinicSetup) -> None:
    whose = clinic.enroll(protocol="makeup-only", office="downtown").enrollment
    with writing(clinic.engine) as session:
        moved = apply(
            session, whose, Change(ChangeRequest(office="desert")), rules=clinic.rules, now=clinic.now, by="desk"
        )
    assert [] == list(of(moved, "wrong_now"))
    assert speak_for_their_office(clinic.engine)
    with pytest.raises(Refused, match="there is no office"), writing(clinic.engine) as session:
        apply(session, whose, Change(ChangeRequest(office="west")), rules=clinic.rules, now=clinic.now, by="desk")


def test_an_opt_out_at_one_office_holds_at_all(clinic: ClinicSetup) -> None:
    clinic.enroll(office="downtown")
    with writing(clinic.engine) as session:
        opt_out(session, ANA, source="staff", at=clinic.now, by="desk")
    done = clinic.enroll(name="Bo Ruiz", protocol="makeup-only", office="desert")
    assert any("opted out" in warning for warning in done.warnings)
    assert not [message for *_, message in texts(clinic.engine) if message.state is MessageState.PLANNED]


def test_a_second_treatment_at_the_other_office_withholds_the_earlier_lifts(clinic: ClinicSetup) -> None:
    clinic.enroll(protocol="makeup-only", office="downtown", at=clinic.now - timedelta(hours=1))
    day = timedelta(days=1)
    second = clinic.enroll(protocol="makeup-only", office="desert", at=clinic.now + day, now=clinic.now + day)
    assert second.effect.others
    assert speak_for_their_office(clinic.engine)


PROTOCOLS: Mapping[str, CareProtocol] = shipped()
RULES = PlanningRules(
    Voice("Own Name", "212 555 0100"), "America/New_York", must_be_approved=False,
    offices={name: replace(one, protocols=None) for name, one in OFFICES.items()})  # fmt: skip
ZONES = ("America/New_York", "America/Phoenix", "America/Anchorage", "Pacific/Honolulu", "Europe/London")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis adds the zone
    who=st.lists(
        st.tuples(
            st.sampled_from(sorted(OFFICES)), st.sampled_from(sorted(PROTOCOLS)), st.sampled_from(ZONES),
            st.integers(0, 200), st.booleans(),
        ),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_a_text_has_the_name_and_phone_of_its_office_and_leaves_in_its_window(
    at: datetime, who: list[tuple[str, str, str, int, bool]]
) -> None:
    """Whoever else is on the phone, at whichever office."""
    company = []
    for number, (office, protocol, zone, hours, same) in enumerate(who):
        asked: dict[str, Any] = {"name": "Ana Ruiz" if same else f"Bo{'bcd'[number]} Li", "phone": "+12125550123"}
        when = at + timedelta(hours=hours)
        request = EnrollRequest(
            **asked, protocol=protocol, consent="x", treated_at=when, timezone=zone, office=office, language="en"
        )
        company.append(replace(check_request(request, PROTOCOLS, RULES).facts, enrollment=number + 1))
    for facts in company:
        profile = RULES.offices[facts.office or ""]
        plan = plan_for(facts, company, RULES, enrolled_at=facts.treated_at)
        for message in plan.timeline.messages:
            for text in filter(None, (message.text, message.late_text)):
                said = {one.voice.clinic for one in OFFICES.values() if one.voice.clinic in text}
                phones = {one.voice.phone for one in OFFICES.values() if one.voice.phone in text}
                assert said <= {profile.voice.clinic}
                assert phones <= {profile.voice.phone}
                assert "Own Name" not in text
                assert RULES.voice.phone not in text
                assert profile.voice.clinic in text
            if message.due_at is not None:
                local = message.due_at.astimezone(ZoneInfo(facts.timezone)).time()
                assert profile.window.opens <= local < profile.window.closes
