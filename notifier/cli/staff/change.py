"""`notifier change`: what is known of an enrollment, put right."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import enrollment_called, office
from notifier.cli.effect_table import change_json, print_change
from notifier.cli.options import Answers, AppointmentAt, Json, TreatedAt, WhichEnrollment, WhichOffice, Yes
from notifier.cli.output import ask, note, print_json
from notifier.cli.parsing import answers
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.domain.instants import read_instant
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from notifier.enrollments.change import change as make_change
from notifier.enrollments.change import plan_change
from notifier.enrollments.requests import ChangeRequest


def change(
    enrollment: WhichEnrollment,
    phone: Annotated[str | None, typer.Option(help="Her new number; an opt-out follows her.")] = None,
    name: Annotated[str | None, typer.Option(help="Her name, put right.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Her IANA zone.")] = None,
    language: Annotated[str | None, typer.Option(help="Her language.")] = None,
    answer: Answers = None,
    treated_at: TreatedAt = None,
    appointment_at: AppointmentAt = None,
    protocol: Annotated[str | None, typer.Option(help="Another protocol, or its present version.")] = None,
    rebook_consent: Annotated[bool | None, typer.Option(help="Whether she agreed to rebook texts.")] = None,
    second: Annotated[bool | None, typer.Option(help="Whether it is a second treatment of the same day.")] = None,
    separate_areas: Annotated[
        bool | None, typer.Option(help="Whether the patient's earlier treatments were on other areas.")
    ] = None,
    external_id: Annotated[str | None, typer.Option(help="Your own system's id; empty takes it back.")] = None,
    to_office: WhichOffice = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Change what is known of her; unsent texts follow."""
    with office(writes_texts=True) as desk:
        with reading(desk.engine) as session:
            whose = enrollment_called(session, desk.clinic_id, enrollment)
            stored = the_enrollment(session, desk.clinic_id, whose)
            zone = timezone or stored.timezone
            clinic = desk.rules.at(to_office or stored.office).timezone
            changes = ChangeRequest(
                name=name,
                phone=phone,
                timezone=timezone,
                language=language,
                answers=answers(answer) if answer else None,
                treated_at=read_instant(treated_at, zone, "treated_at", clinic_zone=clinic) if treated_at else None,
                appointment_at=(
                    read_instant(appointment_at, zone, "appointment_at", clinic_zone=clinic) if appointment_at else None
                ),
                protocol=find_protocol(protocol, desk.protocols) if protocol else None,
                rebook_consent=rebook_consent,
                second=second,
                separate_areas=separate_areas,
                external_id=external_id,
                office=to_office,
            )
            _refuse_nothing(changes)
            planned = plan_change(session, whose, changes, rules=desk.rules, now=desk.now)
        if not as_json:
            print_change(planned)
            ask("Change it?", yes=yes)
        with writing(desk.engine) as session:
            done = make_change(session, whose, changes, rules=desk.rules, now=desk.now, by=desk.by)
    if as_json:
        print_json(change_json(done))
    else:
        note("done")


def _refuse_nothing(changes: ChangeRequest) -> None:
    if changes == ChangeRequest():
        raise Refused("say what to change, such as --phone +14155550123; see: notifier change --help")
