""" "Never text this person" ends somebody on every number, for every enrollment to come; others on the number go on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment, Message
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.never_text import never_text, plan_never_text, text_again
from notifier.numbers.never_text import NAMESAKE, Person, never_texted_of, remember
from tests.setups.clinic import ANA, BOB, ClinicSetup
from tests.setups.sending import Sending

BEA = "+12125550125"
E, S = EnrollmentState, MessageState


def end(clinic: ClinicSetup, whose: int) -> Any:
    return clinic.act(never_text, whose, rules=clinic.rules, now=clinic.now, by="desk")


def states(clinic: ClinicSetup) -> list[EnrollmentState]:
    with reading(clinic.engine) as session:
        return list(session.scalars(select(col(Enrollment.state)).order_by(col(Enrollment.id))))


def test_the_person_ends_on_every_number_and_others_on_the_number_go_on(clinic: ClinicSetup) -> None:
    first = clinic.enroll(external_id="A-1").enrollment
    clinic.enroll(name="Eva Ruiz", phone=ANA)
    clinic.enroll(phone=ANA, protocol="makeup-only", at=clinic.now.replace(day=clinic.now.day - 1))
    namesake = clinic.enroll(phone=BOB).enrollment
    with reading(clinic.engine) as session:
        assert (first, False, (1, 3)) == tuple(vars_of(plan_never_text(session, first, clinic.rules)))[:3]
    done = end(clinic, first)
    assert (False, (1, 3)) == (done.already, done.ends)
    assert [E.CANCELLED, E.ACTIVE, E.CANCELLED, E.ACTIVE] == states(clinic)
    assert end(clinic, first).already
    with reading(clinic.engine) as session:
        assert {1, 3} == never_texted_of(session, range(1, 9))
        left = session.scalars(
            select(col(Message.state)).where(col(Message.enrollment_id).in_([1, 3])).distinct()
        ).all()
        assert S.PLANNED not in left
    assert namesake == 4


def vars_of(done: Any) -> list[Any]:
    return [done.enrollment, done.already, done.ends, done.withdrawn]


def test_nobody_enrolls_the_person_again_by_number_or_external_id_and_a_namesake_is_asked_about(
    clinic: ClinicSetup,
) -> None:
    end(clinic, clinic.enroll(external_id="A-1").enrollment)
    again: Any
    for again in ({"name": "ANA  ruiz", "protocol": "makeup-only"}, {"phone": BEA, "external_id": "A-1"}):
        with pytest.raises(Refused, match=r"this person must never be texted|is enrollment 1 already"):
            clinic.enroll(**again)
    namesake = clinic.enroll(phone=BOB)
    assert ["somebody of this very name"] == [one[:26] for one in namesake.warnings if "very name" in one]
    assert [] == [one for one in clinic.enroll(name="Eva Ruiz", phone=ANA).warnings if "very name" in one]


def test_an_import_enrolls_nobody_who_must_never_be_texted_and_asks_about_a_namesake(clinic: ClinicSetup) -> None:
    """Whoever shares the number keeps every text; the id under which the person came is known from then on."""
    end(clinic, clinic.enroll(external_id="A-1").enrollment)
    eva = clinic.enroll(name="Eva Ruiz", phone=ANA).enrollment
    before = clinic.texts(eva)

    def run(*rows: str, dry_run: bool = False) -> Any:
        header = "external_id,name,phone,protocol,treated_at,consent\n"
        data = header + "".join(f"{row},plain,2026-03-06T14:00,form\n" for row in rows)
        done = import_rows(
            clinic.engine, data.encode(), protocols=clinic.protocols, rules=clinic.rules, now=clinic.now, by="desk",
            dry_run=dry_run,
        )  # fmt: skip
        return {str(meaning): many for meaning, many in done.counts.items() if many}, done.for_staff

    rows = (f"A-9,ANA  ruiz,{ANA}", f"A-7,Ana Ruiz,{BOB}")
    said = [f"row 2: {NEVER_TEXT}: nobody is enrolled", f"row 3: {NAMESAKE}"]
    for dry_run in (True, False):
        assert ({"new": 1, "never texted": 1}, said) == run(*rows, dry_run=dry_run)
    assert [E.CANCELLED, E.ACTIVE, E.ACTIVE] == states(clinic)
    assert before == clinic.texts(eva)
    assert {"never texted": 1} == run(f"A-9,Ana Ruiz,{BEA}")[0]


def test_it_ends_by_a_new_consent_alone(clinic: ClinicSetup) -> None:
    whose = clinic.enroll().enrollment
    end(clinic, whose)
    told: Any = {"now": clinic.now, "by": "desk"}
    with pytest.raises(Refused, match="say how the patient agreed"):
        clinic.act(text_again, whose, reconsent=" ", **told)
    clinic.act(text_again, whose, reconsent="signed a new form", **told)
    assert not clinic.enroll(protocol="makeup-only").already


async def test_whatever_a_door_has_planned_nothing_leaves_for_that_person(sending: Sending) -> None:
    """Also what is taken back, and what was claimed before it was said."""
    with writing(sending.engine) as session:
        whose = sending.rows.enrollment(session)
        eva = sending.rows.enrollment(session, folded_name="eva")
    mine, hers = sending.plan(whose), sending.plan(eva)
    with writing(sending.engine) as session:
        remember(session, [Person("anaruiz", "+12125550101", None)], enrollment=whose, at=sending.clock.now(), by="x")
    await sending.turn()
    assert [S.SUPPRESSED, S.ACCEPTED] == [sending.state(mine), sending.state(hers)]
    assert NEVER_TEXT == sending.message(mine).reason
