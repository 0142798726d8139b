"""The offices file: one TOML table for each office. Each mistake is one sentence that says what to write."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from notifier.alerting.addresses import parse_contacts
from notifier.config import setting_types as types
from notifier.domain.offices import OfficeProfile
from notifier.domain.staffed_hours import StaffedHours
from schedules.catalogue import Catalogue
from schedules.quiet_days import QuietDays
from schedules.send_window import SendWindow
from schedules.toml_problems import explain_toml
from schedules.wording import Voice

_ID: Final = re.compile(r"[a-z0-9-]{1,40}")
_WRITE: Final = {
    "name": '"the name that its patients know"',
    "phone": '"(212) 555-0199"',
    "timezone": '"America/New_York"',
    "send_window": '"09:00-20:00"',
    "quiet_days": '"Sun,2026-12-25"',
    "staffed_hours": '"Mon-Fri 09:00-17:00"',
    "after_hours_phone": '"(212) 555-0142"',
    "alerts": '"mailto:desk@example.org; mailto:doctor@example.org"',
    "covered_by": '"the id of another office"',
    "sender": '"+14155550123"',
    "language": '"en"',
    "protocols": '["microneedling"]',
}


class BadOffices(ValueError):
    """The file cannot be used: a sentence for each mistake."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def _sender(value: str) -> str:
    if not re.fullmatch(r"MG[0-9a-fA-F]{32}|\+[1-9][0-9]{7,14}", value):
        raise ValueError(
            "this is no sender; write a messaging service's SID (MG and 32 hex digits), or a number like +14155550123"
        )
    return value


def _alerts(value: str) -> str:
    parse_contacts(value)
    return value


class _Profile(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    timezone: types.ZoneName
    name: types.ClinicName | None = None
    phone: types.ClinicPhone | None = None
    send_window: types.SendWindowText | None = None
    quiet_days: types.QuietDaysText | None = None
    staffed_hours: types.StaffedHoursText | None = None
    after_hours_phone: types.ClinicPhone | None = None
    alerts: Annotated[str, AfterValidator(_alerts)] | None = None
    covered_by: str | None = None
    sender: Annotated[str, AfterValidator(_sender)] | None = None
    language: str | None = None
    protocols: Annotated[list[str], Field(min_length=1)] | None = None


def parse_offices(file: str, text: str, own: OfficeProfile, protocols: Catalogue) -> dict[str, OfficeProfile]:
    """The offices of a file, in its order. `own`: the clinic's own settings, for what a table leaves out.

    Raises BadOffices.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadOffices(str(explain_toml(file, text, error)).splitlines()) from None
    if not tables:
        raise BadOffices([f'{file}: it has no office; write a table for each, such as [downtown], and timezone = "…"'])
    found: dict[str, OfficeProfile] = {}
    wrong: list[str] = []
    for office, table in tables.items():
        said = list(_wrong_with(office, table, protocols, others=set(tables) - {office}))
        wrong += [f"{file}: {sentence}" for sentence in said]
        if not said:
            found[office] = _filled(office, _Profile.model_validate(table), own)
    if wrong:
        raise BadOffices(wrong)
    return found


def _wrong_with(office: str, table: Any, protocols: Catalogue, *, others: set[str]) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{office} stands outside of any office; write it under its office's line, such as [downtown]"
        return
    who = f'office "{office[:40]}"'
    if not _ID.fullmatch(office):
        yield f"{who}: an office's id is small letters, digits and hyphens, at most 40; write it like [downtown]"
    try:
        profile = _Profile.model_validate(table)
    except ValidationError as error:
        yield from (f"{who}: {_sentence(one)}" for one in error.errors(include_url=False, include_input=False))
        return
    if profile.covered_by is not None and profile.covered_by not in others:
        there = f"write one of {', '.join(sorted(others))}" if others else "there is none; leave it out"
        yield f'{who}: covered_by: there is no other office "{profile.covered_by[:40]}"; {there}'
    allowed = profile.protocols or list(protocols)
    for unknown in (one for one in allowed if one not in protocols and not protocols.why_out(one)):
        near = get_close_matches(unknown, protocols, n=1, cutoff=0.4)
        instead = f"did you mean {near[0]}?" if near else f"there are {', '.join(protocols)}"
        yield f'{who}: protocols: there is no protocol "{unknown[:60]}"; {instead}'
    spoken = sorted({language for one in allowed if one in protocols for language in protocols[one].languages})
    if profile.language is not None and spoken and profile.language not in spoken:
        yield f'{who}: language: no protocol of it speaks "{profile.language[:8]}"; write one of {", ".join(spoken)}'


def _sentence(error: Any) -> str:
    key = str(error["loc"][0])
    match error["type"]:
        case "missing":
            return f"{key} is missing; write {key} = {_WRITE[key]}"
        case "extra_forbidden":
            near = get_close_matches(key, _WRITE, n=1, cutoff=0.5)
            instead = f"did you mean {near[0]}?" if near else f"there are {', '.join(_WRITE)}"
            return f"{key} is no key here; {instead}"
        case "value_error":
            return f"{key}: {error['msg'].removeprefix('Value error, ')}"
        case "too_short":
            return f"{key} is empty; write {key} = {_WRITE[key]}, or leave it out for all of them"
    return f"{key} is not what it should be; write {key} = {_WRITE[key]}"


def _window(profile: _Profile, own: SendWindow) -> SendWindow:
    """The office's hours and quiet days, each the clinic's own where it says none; no quiet day where it says ""."""
    quiet = own.quiet if profile.quiet_days is None else QuietDays.parse(profile.quiet_days)
    return SendWindow.parse(profile.send_window, quiet) if profile.send_window else replace(own, quiet=quiet)


def _filled(office: str, profile: _Profile, own: OfficeProfile) -> OfficeProfile:
    return OfficeProfile(
        id=office,
        voice=Voice(profile.name or own.voice.clinic, profile.phone or own.voice.phone),
        timezone=profile.timezone,
        window=_window(profile, own.window),
        staffed=StaffedHours.parse(profile.staffed_hours) if profile.staffed_hours else own.staffed,
        after_hours_phone=profile.after_hours_phone or own.after_hours_phone,
        alerts=parse_contacts(profile.alerts) if profile.alerts else (),
        covered_by=profile.covered_by,
        sender=profile.sender if profile.sender != own.sender else None,
        language=profile.language or own.language,
        protocols=tuple(profile.protocols) if profile.protocols else None,
    )
