"""`notifier enroll`: one patient, in 20 seconds; what it prints is what the patient will get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from notifier.cli import parsing
from notifier.cli.context import CommandContext, command_context, rehearsal
from notifier.cli.options import (
    Answers,
    AppointmentAt,
    DecidedBy,
    Informed,
    Json,
    Language,
    QuietDaysOption,
    Restrictions,
    SessionNumber,
    Sessions,
    Timezone,
    TreatedAt,
    WhichOffice,
)
from notifier.cli.output import is_attended, note, print_json, show
from notifier.cli.timeline_table import print_timeline
from notifier.db.engine import reading, writing
from notifier.domain.instants import read_instant
from notifier.domain.offices import choose_office
from notifier.domain.own_lengths import parse_own_lengths
from notifier.domain.refused import Refused
from notifier.enrollments.enroll import Enrolled, texts_of
from notifier.enrollments.enroll import enroll as enroll_patient
from notifier.enrollments.preview import rehearse
from notifier.enrollments.requests import EnrollRequest
from notifier.oversight.naming import number_and_name, with_names


def enroll(
    name: Annotated[str, typer.Option(help="The patient's name.")],
    phone: Annotated[str, typer.Option(help="The patient's mobile number.")],
    protocol: Annotated[str, typer.Option(help="A protocol's id.")],
    consent: Annotated[str, typer.Option(help='How the patient agreed to texts, like "signed form".')],
    treated_at: TreatedAt = None,
    appointment_at: AppointmentAt = None,
    timezone: Timezone = None,
    answer: Answers = None,
    session: SessionNumber = None,
    sessions: Sessions = None,
    language: Language = None,
    rebook_consent: Annotated[
        bool, typer.Option("--rebook-consent", help="The patient agreed to rebook texts too.")
    ] = False,
    external_id: Annotated[str | None, typer.Option(help="Your own system's id; enrolls once.")] = None,
    second: Annotated[bool, typer.Option("--second", help="A second treatment of the same day.")] = False,
    separate_areas: Annotated[
        bool, typer.Option("--separate-areas", help="The patient's earlier treatments were on other areas.")
    ] = False,
    provider: Annotated[str | None, typer.Option(help="Who treated the patient, like Dr. Kim.")] = None,
    new_area_code: Annotated[
        bool, typer.Option("--new-area-code", help="The number is right, its area code is new.")
    ] = False,
    restriction: Restrictions = None,
    decided_by: DecidedBy = None,
    quiet_days: QuietDaysOption = None,
    informed: Informed = None,
    office: WhichOffice = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what the patient would get, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --json at a terminal: enroll, do not only show.")] = False,
    as_json: Json = False,
) -> None:
    """Enroll a patient and show the timeline."""
    _one_anchor(treated_at, appointment_at)
    only_show = dry_run or (as_json and not yes and is_attended())
    with rehearsal() if only_show else command_context(writes_texts=True, creates=True) as context:
        office_id = choose_office(office, context.rules.offices)
        zone = context.rules.at(office_id).timezone
        request = EnrollRequest(
            name=name,
            phone=phone,
            protocol=protocol,
            consent=consent,
            treated_at=_instant(treated_at, timezone or zone, "treated_at", zone),
            appointment_at=_instant(appointment_at, timezone or zone, "appointment_at", zone),
            timezone=timezone,
            language=language,
            answers=parsing.answers(answer or []),
            session=session,
            sessions=sessions,
            rebook_consent=rebook_consent,
            external_id=external_id,
            second=second,
            separate_areas=separate_areas,
            office=office_id,
            provider=provider,
            new_area_code=new_area_code,
            restrictions=parse_own_lengths(restriction) if restriction else None,
            decided_by=decided_by,
            quiet_days=quiet_days,
            informed=informed,
        )
        if only_show:
            _rehearse(context, request, as_json)
            return
        with writing(context.engine) as written:
            done = enroll_patient(
                written, request, protocols=context.protocols, rules=context.rules, now=context.now, by=context.by
            )
            texts = texts_of(written, done.enrollment) if as_json else ()
            warnings = with_names(written, done.warnings, number_and_name)
        context.shows([done.enrollment])
    if as_json:
        print_json(done.to_json(texts))
    else:
        _print(done, warnings)


def _one_anchor(treated_at: str | None, appointment_at: str | None) -> None:
    if (treated_at is None) == (appointment_at is None):
        raise Refused("say one of --treated-at (the END of the treatment) and --appointment-at", "treated_at")


def _instant(text: str | None, zone: str, field: str, clinic_zone: str) -> Any:
    return read_instant(text, zone, field, clinic_zone=clinic_zone) if text is not None else None


def _rehearse(context: CommandContext, request: EnrollRequest, as_json: bool) -> None:
    """What the page shows beside its form, here for one number as it stands."""
    with reading(context.engine) as session:
        found = rehearse(session, request, protocols=context.protocols, rules=context.rules, now=context.now)
        sentences = with_names(session, found.sentences, number_and_name)
    if as_json:
        print_json(found.to_json())
        return
    assert found.plan is not None  # nothing is missing and nothing is wrong: then there is a plan
    show("Dry run: nothing was stored", style="bold")
    print_timeline(found.plan.timeline, found.first)
    for warning in sentences:
        note(f"! {warning}")


def _print(done: Enrolled, warnings: Sequence[str]) -> None:
    already = " (the patient was enrolled already; nothing was changed)" if done.already else ""
    show(f"Enrollment {done.enrollment}{already}", style="bold")
    print_timeline(done.plan.timeline, done.first)
    for warning in warnings:
        note(f"! {warning}")
