"""Reading the date and time that a person or a file gives for a treatment or an appointment."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.refused import Refused
from schedules.saying import say_moment
from schedules.send_window import zone_named

CLOCKS_DIFFER = timedelta(minutes=10)
"""How far a treatment may lie in the future before it cannot be two clocks that differ."""
_LONGEST_WAIT = timedelta(days=2 * 366)
_EXAMPLE = "2026-03-07T15:30"
_ISO = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_SERIAL = re.compile(r"[0-9]{5}([.,][0-9]+)?")
_SPREADSHEET_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's serial has no zone
zone_called = lru_cache(maxsize=1024)(zone_named)
"""`zone_named`, remembered: an import asks for the same few zones many thousand times."""


@lru_cache(maxsize=16384)
def read_instant(text: str, zone: str, field: str, *, clinic_zone: str | None = None) -> datetime:
    """The instant (UTC) that `text` says; without an offset it is read on the clock of `zone`.

    With `clinic_zone` (to enroll, to import) a time without an offset is refused where it could be misread: a zone
    other than the clinic's, an hour that does not exist there or exists twice. Without it (a preview) a skipped hour
    moves forward and a repeated one is its later reading, so that no restriction looks too short. Raises Refused.
    """
    text = text.strip()
    found = _ISO.fullmatch(text)
    if found is None:
        raise Refused(_what_is_wrong(text, field), field)
    offset = found["offset"]
    try:
        naive = datetime.fromisoformat(f"{found['date']}T{found['time']}")
    except ValueError as why:
        raise Refused(f'{field} "{text}" does not exist ({why}); write it like {_EXAMPLE}', field) from None
    if not 2000 <= naive.year < 2100:
        raise Refused(f'{field} "{text}" is not between 2000 and 2099; check the year', field)
    if offset:
        try:
            return datetime.fromisoformat(f"{found['date']}T{found['time']}{offset}").astimezone(UTC)
        except ValueError:
            raise Refused(
                f'{field} "{text}": {offset} is no offset from UTC; write it like {_EXAMPLE}-05:00', field
            ) from None
    return _on_the_clock(naive, text, zone, field, clinic_zone)


FIRST_HOUR: Final = 6
LAST_HOUR: Final = 22
"""Of a clinic's day; a visit at 4 AM is one whose time is written in UTC."""


def is_at_night(at: datetime, zone: str) -> bool:
    """Whether no clinic treats anybody at that hour on the clock of `zone`."""
    return not FIRST_HOUR <= at.astimezone(zone_called(zone)).hour < LAST_HOUR


def says_an_offset(text: str) -> bool:
    """Whether what `read_instant` reads there is an instant wherever it is read."""
    found = _ISO.fullmatch(text.strip())
    return bool(found and found["offset"])


def check_treated_at(at: datetime, now: datetime, zone: str) -> None:
    """Refuse the end of a treatment that lies in the future; `zone` is whose clock the sentence speaks."""
    if at > now + CLOCKS_DIFFER:
        when = say_moment(at, zone_called(zone), year=True)
        raise Refused(
            f"the END of the treatment, {when}, lies in the future; for a visit to come say the appointment instead",
            "treated_at",
        )


def check_appointment_at(at: datetime, now: datetime, zone: str) -> None:
    """Refuse an appointment that has passed, or is so far away that the year must be wrong."""
    if at <= now:
        when = say_moment(at, zone_called(zone), year=True)
        raise Refused(
            f"the appointment {when} has passed; once the patient is treated say the END of the treatment instead",
            "appointment_at",
        )
    if at - now > _LONGEST_WAIT:
        when = say_moment(at, zone_called(zone), year=True)
        raise Refused(f"the appointment {when} is more than two years away; check the year", "appointment_at")


def _on_the_clock(naive: datetime, text: str, zone: str, field: str, clinic_zone: str | None) -> datetime:
    try:
        clock: ZoneInfo = zone_called(zone)
    except ValueError as why:
        raise Refused(str(why), "timezone") from None
    early, late = naive.replace(tzinfo=clock), naive.replace(tzinfo=clock, fold=1)
    skipped = early.astimezone(UTC).astimezone(clock).replace(tzinfo=None) != naive
    if clinic_zone is None:
        return max(early.astimezone(UTC), late.astimezone(UTC))
    if zone != clinic_zone:
        raise Refused(
            f'{field} "{text}" could be the clock of {clinic_zone} or of {zone}; '
            f"say the offset, like {_with_offset(early)}",
            field,
        )
    if skipped:
        raise Refused(
            f'{field} "{text}" does not exist in {zone}: the clocks were set forward then; check the time', field
        )
    if early.utcoffset() != late.utcoffset():
        raise Refused(
            f'{field} "{text}" exists twice in {zone}, as the clocks were set back; say the offset: '
            f"{_with_offset(early)} (the first) or {_with_offset(late)} (the second)",
            field,
        )
    return early.astimezone(UTC)


def _what_is_wrong(text: str, field: str) -> str:
    if not text:
        return f"{field} is empty; write it like {_EXAMPLE}"
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if _SERIAL.fullmatch(text):
        meant = _SPREADSHEET_EPOCH + timedelta(days=float(text.replace(",", ".")))
        return (
            f'{field} "{shown}" looks like a spreadsheet\'s date serial number ({meant:%Y-%m-%d %H:%M}?); '
            f"format the column as text and write {_EXAMPLE}-05:00"
        )
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return f'{field} "{shown}" has a date without a time of day; write it like {text}T15:30'
    if re.match(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}", text):
        return f'{field} "{shown}" could be read with the day or the month first; write the year first: {_EXAMPLE}'
    if re.search(r"[ap]\.?m\.?\s*$", text, re.IGNORECASE):
        return f'{field} "{shown}" has am or pm; write the 24-hour clock: {_EXAMPLE}'
    return f'{field} "{shown}" is not a date and time; write it like {_EXAMPLE} (or {_EXAMPLE}-05:00)'


def _with_offset(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


def local_text(at: datetime, zone: str) -> str:
    """An instant as staff may type it, on the clock of `zone`: `2026-03-07T15:30-05:00`."""
    return _with_offset(at.astimezone(zone_called(zone)))


def local_date(at: datetime, zone: str) -> date:
    """The date of an instant on the clock of `zone`."""
    return at.astimezone(zone_called(zone)).date()
