"""`notifier timeline`: the pure preview. No database, no clock; unset clinic settings show as placeholders."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from notifier.cli import parsing
from notifier.cli.options import (
    Answers,
    AppointmentAt,
    DecidedBy,
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
from notifier.cli.output import print_json
from notifier.cli.preview_rules import preview_settings
from notifier.cli.timeline_table import print_timeline
from notifier.domain.instants import read_instant, zone_called
from notifier.domain.names import check_name, check_provider
from notifier.domain.own_lengths import check_own_lengths, own_lengths, parse_own_lengths
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field, check_words
from notifier.domain.refused import Refused
from notifier.domain.series_answers import with_series
from schedules.moments import Anchor
from schedules.protocol import CareProtocol
from schedules.quiet_days import QuietDays
from schedules.timeline import Patient, Rules, Timeline, build_timeline
from schedules.timeline_json import timeline_json


def timeline(
    protocol: Annotated[str, typer.Argument(help="A protocol's id, or the path of a .toml file.")],
    treated_at: TreatedAt = None,
    appointment_at: AppointmentAt = None,
    timezone: Timezone = None,
    answer: Answers = None,
    session: SessionNumber = None,
    sessions: Sessions = None,
    restriction: Restrictions = None,
    decided_by: DecidedBy = None,
    quiet_days: QuietDaysOption = None,
    language: Language = None,
    name: Annotated[str | None, typer.Option(help="The patient's name, for texts that say it.")] = None,
    phone: Annotated[str | None, typer.Option(help="The patient's number; its area code may narrow the hours.")] = None,
    enrolled_at: Annotated[str | None, typer.Option(help="What has passed by then is not planned.")] = None,
    rebook_consent: Annotated[bool | None, typer.Option(help="Whether the patient agreed to rebook texts.")] = None,
    provider: Annotated[str | None, typer.Option(help="Who treated the patient, like Dr. Kim.")] = None,
    new_area_code: Annotated[
        bool, typer.Option("--new-area-code", help="The number is right, its area code is new.")
    ] = False,
    office: WhichOffice = None,
    as_json: Json = False,
) -> None:
    """Show what one patient would hear, and when."""
    settings = preview_settings(office)
    plan = parsing.protocol_named(protocol)
    where = timezone or settings.timezone
    if where is None:
        raise Refused("--timezone is missing; write it like --timezone America/New_York", "timezone")
    read_phone = partial(parse_phone, vouched=new_area_code)
    area_zones = check_field("phone", read_phone, phone).area_zones if phone is not None else ()
    said_by = check_field("provider", check_provider, provider) if provider else ""
    voice = replace(settings.rules.voice, facts=(("provider", said_by),)) if said_by else settings.rules.voice
    anchor = _anchor(treated_at, appointment_at, where)
    typed = {topic: length for topic, length in parse_own_lengths(restriction or []).items() if length}
    said = check_own_lengths(typed, plan, anchor, where, decided_by=decided_by)
    patient = Patient(
        zone=check_field("timezone", zone_called, where),
        language=language or plan.languages[0],
        name=check_field("name", check_name, name).first if name is not None else "",
        area_zones=tuple(map(zone_called, area_zones)),
        answers=with_series(parsing.answers(answer or []), session, sessions),
        rebook_consent=rebook_consent,
        own=own_lengths(said, decided_by, {}),
        quiet=check_field("quiet_days", QuietDays.parse, quiet_days or ""),
    )
    check_words(plan, patient.language, patient.answers)
    enrolled = read_instant(enrolled_at, where, "enrolled_at") if enrolled_at else None
    planned = _planned(plan, anchor, patient, replace(settings.rules, voice=voice), enrolled)
    if as_json:
        print_json(timeline_json(planned))
    else:
        print_timeline(planned)


def _anchor(treated_at: str | None, appointment_at: str | None, zone: str) -> Anchor:
    if (treated_at is None) == (appointment_at is None):
        raise Refused(
            "say one of --treated-at (the END of the treatment) and --appointment-at, "
            "like --treated-at 2026-03-07T15:30"
        )
    if treated_at is not None:
        return Anchor(read_instant(treated_at, zone, "treated_at"))
    assert appointment_at is not None
    return Anchor(read_instant(appointment_at, zone, "appointment_at"), treated=False)


def _planned(
    plan: CareProtocol, anchor: Anchor, patient: Patient, rules: Rules, enrolled_at: datetime | None
) -> Timeline:
    try:
        return build_timeline(plan, anchor, patient, rules, enrolled_at=enrolled_at)
    except ValueError as why:
        raise Refused(str(why)) from None
