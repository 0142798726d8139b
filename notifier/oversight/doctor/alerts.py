"""What the doctor says of who is told, and of what patients meet while nobody is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from notifier.db.tables import Alert, AlertChannel
from notifier.domain.counted import counted
from notifier.domain.offices import OfficeProfile
from notifier.oversight.alerts.on_call import OnCall
from notifier.oversight.doctor.diagnosis import Diagnosis, Level

_TRY: Final = "to try: notifier alerts --test"
_SET_MACHINE: Final = (
    "set NOTIFIER_ALERT_EMAIL and NOTIFIER_SMTP_URL, NOTIFIER_ALERT_WEBHOOK, or NOTIFIER_ALERT_APPRISE"
)

_SOON: Final = timedelta(minutes=5)
"""A channel that did not answer is tried again within this time."""


def check_contacts(on_call: OnCall, offices: Mapping[str, OfficeProfile]) -> Iterator[Diagnosis]:
    """Whether anybody would be told: what is wrong with the machine, and what concerns patients, office by office."""
    if on_call.machine:
        yield Diagnosis("alerts", Level.OK, f"whoever runs the machine is told; {_TRY}")
    elif on_call.everybody():
        found = "of what is wrong with the machine only those are told who see to patients"
        yield Diagnosis("alerts", Level.WARN, found, _SET_MACHINE)
    else:
        found = "nobody would be told of anything: urgent words of a patient would wait until somebody opens the page"
        yield Diagnosis("alerts", Level.WARN, found, f"{_SET_MACHINE}; and NOTIFIER_CLINICAL_ALERTS")
        return
    alone = [one.id for one in offices.values() if not (one.alerts or one.covered_by)]
    if not on_call.clinic and (alone or not offices):
        whose = f"patients of {', '.join(alone)}" if offices else "patients"
        found = f"of {whose} only whoever runs the machine is told, who may not be the one to call a patient"
        advice = "set NOTIFIER_CLINICAL_ALERTS" + (", or alerts in their tables of the offices file" if offices else "")
        yield Diagnosis("alerts", Level.WARN, found, advice)
    few = len(on_call.clinic) + sum(len(one.people) for one in on_call.offices.values())
    if few == 1:
        found = "one person alone is told of patients: where nobody takes urgent words, only that person hears it again"
        yield Diagnosis("alerts", Level.WARN, found, "name the next one, after a ; in NOTIFIER_CLINICAL_ALERTS")


def check_channels(on_call: OnCall, known: Mapping[str, AlertChannel]) -> Iterator[Diagnosis]:
    """Whether each channel has ever really told anybody; by the id of a channel, what is stored of it."""
    for who, contact in on_call.everybody().items():
        for channel in contact:
            row = known.get(channel.id)
            if row is None or row.told_at is None:
                failed = f"; when last tried, {row.why}" if row and row.why else ""
                found = f"the {channel.name} to {who} has never told anybody anything{failed}"
                yield Diagnosis("alerts", Level.WARN, found, "to try it, and to know: notifier alerts --test")
            elif row.failed_at is not None and row.failed_at > row.told_at:
                found = f"the {channel.name} to {who} failed when last used: {row.why}"
                yield Diagnosis("alerts", Level.WARN, found, _TRY)


def check_undelivered(alerts: Sequence[Alert], now: datetime) -> Iterator[Diagnosis]:
    """What nobody has been told: no channel has taken it."""
    if untold := [one for one in alerts if one.told_at is None]:
        oldest = min(one.opened_at for one in untold)
        found = f"{counted(len(untold), 'open alert')} reached nobody, the oldest since "
        level = Level.FAIL if now - oldest > _SOON else Level.WARN
        yield Diagnosis("alerts", level, f"{found}{oldest:%Y-%m-%d %H:%M} UTC", "read them: notifier alerts")


def check_hours(own: OfficeProfile, offices: Mapping[str, OfficeProfile]) -> Iterator[Diagnosis]:
    """Where staffed hours and the phone for after hours are not set, and what that means for patients.

    `own`: the clinic's own profile. Where a clinic has offices, its own settings stand in for what a table leaves out.
    """
    places = list(offices.values()) or [own]
    if unset := _named(one for one in places if one.staffed is None):
        found = (
            f"no staffed hours{unset}: nobody counts as being there, so every patient who writes gets the fixed "
            "answer, at noon too, and what is unread is counted by the hours in which texts leave"
        )
        yield Diagnosis("staffed hours", Level.WARN, found, "set NOTIFIER_STAFFED_HOURS, such as Mon-Fri 09:00-17:00")
    if unset := _named(one for one in places if one.after_hours_phone is None):
        found = (
            f"no phone for after hours{unset}: at night the fixed answer tells a patient to call the phone of the day, "
            "which nobody may answer"
        )
        yield Diagnosis("after-hours phone", Level.WARN, found, "set NOTIFIER_AFTER_HOURS_PHONE")


def _named(places: Iterator[OfficeProfile]) -> str:
    """Where that is, to follow a noun; empty where it is nowhere."""
    found = list(places)
    ids = ", ".join(one.id for one in found if one.id)
    return f" at {ids}" if ids else " set" if found else ""


def check_answer(waiting: Sequence[str], never: Sequence[str]) -> Iterator[Diagnosis]:
    """Languages whose wording of the fixed answer waits for approval, or was never approved by anybody."""
    advice = "a clinician reads them and says: notifier fixed-answer --approve --by NAME"
    if waiting:
        found = f"its new words in {', '.join(waiting)} wait for approval; the last approved ones go on"
        yield Diagnosis("fixed answer", Level.WARN, found, advice)
    if never:
        found = f"nobody has approved it in {', '.join(never)}; the program's own words stand in"
        yield Diagnosis("fixed answer", Level.WARN, found, advice)
