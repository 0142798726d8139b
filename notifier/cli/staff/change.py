"""`notifier change`: what is known of an enrollment, put right."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import CommandContext
from notifier.cli.options import (
    Answers,
    AppointmentAt,
    DecidedBy,
    DryRun,
    Informed,
    Json,
    QuietDaysOption,
    Restrictions,
    SessionNumber,
    Sessions,
    TreatedAt,
    WhichEnrollment,
    WhichOffice,
    Yes,
)
from notifier.cli.parsing import answers
from notifier.cli.staff.commands import carry_out
from notifier.db.tables import Enrollment
from notifier.domain.instants import read_instant
from notifier.domain.own_lengths import parse_own_lengths
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Change


def change(
    enrollment: WhichEnrollment,
    phone: Annotated[str | None, typer.Option(help="The patient's new number; an opt-out follows.")] = None,
    name: Annotated[str | None, typer.Option(help="The patient's name, put right.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The patient's IANA zone.")] = None,
    language: Annotated[str | None, typer.Option(help="The patient's language.")] = None,
    answer: Answers = None,
    session: SessionNumber = None,
    sessions: Sessions = None,
    treated_at: TreatedAt = None,
    appointment_at: AppointmentAt = None,
    protocol: Annotated[str | None, typer.Option(help="Another protocol, or its present version.")] = None,
    rebook_consent: Annotated[bool | None, typer.Option(help="Whether the patient agreed to rebook texts.")] = None,
    second: Annotated[bool | None, typer.Option(help="Whether it is a second treatment of the same day.")] = None,
    separate_areas: Annotated[
        bool | None, typer.Option(help="Whether the patient's earlier treatments were on other areas.")
    ] = None,
    external_id: Annotated[str | None, typer.Option(help="Your own system's id; empty takes it back.")] = None,
    provider: Annotated[str | None, typer.Option(help="Who treated the patient; empty takes it back.")] = None,
    new_area_code: Annotated[bool | None, typer.Option(help="The number is right, its area code is new.")] = None,
    restriction: Restrictions = None,
    decided_by: DecidedBy = None,
    quiet_days: QuietDaysOption = None,
    informed: Informed = None,
    office: WhichOffice = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Change what is known of the patient; unsent texts follow."""

    def read(context: CommandContext, stored: Enrollment) -> Command:
        zone = timezone or stored.timezone
        clinic = context.rules.at(office or stored.office).timezone
        request = ChangeRequest(
            name=name,
            phone=phone,
            timezone=timezone,
            language=language,
            answers=answers(answer) if answer else None,
            session=session,
            sessions=sessions,
            treated_at=read_instant(treated_at, zone, "treated_at", clinic_zone=clinic) if treated_at else None,
            appointment_at=(
                read_instant(appointment_at, zone, "appointment_at", clinic_zone=clinic) if appointment_at else None
            ),
            protocol=find_protocol(protocol, context.protocols) if protocol else None,
            rebook_consent=rebook_consent,
            second=second,
            separate_areas=separate_areas,
            external_id=external_id,
            office=office,
            provider=provider,
            new_area_code=new_area_code,
            restrictions=parse_own_lengths(restriction) if restriction else None,
            decided_by=decided_by,
            quiet_days=quiet_days,
            informed=informed,
        )
        _refuse_nothing(request)
        return Change(request)

    carry_out(enrollment, read, yes=yes, dry_run=dry_run, as_json=as_json)


def _refuse_nothing(changes: ChangeRequest) -> None:
    if changes == ChangeRequest():
        raise Refused("say what to change, such as --phone +14155550123; see: notifier change --help")
