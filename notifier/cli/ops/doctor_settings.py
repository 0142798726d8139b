"""What the doctor looks at outside the database: settings, zone data, the clock, protocols."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.bootstrap.preflight import check_ready_to_send
from notifier.config.settings import BadSettings, Settings, effective
from notifier.config.settings_file import SYSTEM
from notifier.config.value_files import SECRETS
from notifier.domain.offices import Offices
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from schedules.catalogue import Catalogue

_BUILT = datetime(2026, 10, 1, tzinfo=UTC)
"""No right clock shows an instant before this program was written."""


def check_settings(settings: Settings) -> Iterator[Diagnosis]:
    """Whether a worker could start, and to whom it would speak."""
    try:
        check_ready_to_send(settings)
    except BadSettings as error:
        yield from (Diagnosis("settings", Level.FAIL, sentence) for sentence in error.sentences)
    else:
        yield Diagnosis("settings", Level.OK, f"complete, for {settings.clinic_name}")
    for name in settings.retired:
        yield Diagnosis("settings", Level.WARN, f"{name} is set, and nothing reads it any more", "take it out")
    if not settings.is_twilios_own:
        yield Diagnosis("Twilio", Level.WARN, f"texts go to {settings.twilio_api_url}, not to phones")
    if (file := effective(settings)[0]) is not None:
        yield from _check_env_file(file)
    yield from _check_heartbeat(settings)
    if settings.clock_file is not None:
        yield Diagnosis("clock", Level.WARN, f"the clock is shifted by {settings.clock_file}")


def _check_env_file(file: Path) -> Iterator[Diagnosis]:
    mode = 0o640 if file == SYSTEM else 0o600  # the service's group reads the system's, which is root's
    try:
        readable = file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH) & ~mode
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    blank = r"[^\S\n]*"
    held = [name for name in SECRETS if re.search(rf"(?m)^{blank}(?:export )?{name}{blank}={blank}\S", text)]
    if readable and held:
        found = f"others may read {file.absolute()}, which holds {', '.join(held)}"
        yield Diagnosis("secrets", Level.WARN, found, f"chmod {mode:o} {file.absolute()}")


def _check_heartbeat(settings: Settings) -> Iterator[Diagnosis]:
    if settings.heartbeat_url:
        yield Diagnosis("heartbeat", Level.OK, "asked for every minute while the worker is well")
    else:
        advice = "set NOTIFIER_HEARTBEAT_URL to a dead man's switch, which sounds the alarm when it hears nothing"
        yield Diagnosis("heartbeat", Level.WARN, "if this machine dies, nobody is told", advice)


def check_machine(now: datetime, *, shifted: bool) -> Iterator[Diagnosis]:
    """The clock, and the rules by which local hours are known."""
    if now < _BUILT and not shifted:
        advice = "set the machine's clock; timedatectl shows it"
        yield Diagnosis("clock", Level.FAIL, f"it shows {now:%Y-%m-%d %H:%M} UTC, which has passed", advice)
    else:
        yield Diagnosis("clock", Level.OK, f"{now:%Y-%m-%d %H:%M} UTC")
    summer = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York")).utcoffset()
    winter = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo("America/New_York")).utcoffset()
    if summer == winter:
        yield Diagnosis(
            "zone data", Level.FAIL, "New York has no summer time in it", "install the package tzdata again"
        )
    else:
        yield Diagnosis("zone data", Level.OK, f"tzdata {version('tzdata')}")


def check_protocols(plans: Catalogue) -> Iterator[Diagnosis]:
    """Whether every protocol can be read."""
    for why in plans.unreadable.values():
        yield from (Diagnosis("protocols", Level.FAIL, line) for line in why.splitlines())
    for protocol_id, extends in plans.extends.items():
        if extends.came_between:
            yield Diagnosis("protocols", Level.FAIL, *extends.came_between.split(": ", 1))
        elif extends.has_changed:
            whose = "the clinic's own words on the page" if extends.on_the_page else f"{protocol_id}.toml"
            found = f"{whose} lie over {extends.base.id} {extends.base.version} and were written for {extends.based_on}"
            yield Diagnosis("protocols", Level.WARN, found, "read what has changed: notifier protocols check")
    readable = f"{len(plans)} readable" if plans.unreadable else f"{len(plans)}, all readable"
    yield Diagnosis("protocols", Level.OK, f"{readable}; to try them: notifier protocols check")


def check_offices(offices: Offices) -> Iterator[Diagnosis]:
    """Who sends for each office: a patient should see another number where another place writes."""
    if not offices:
        return
    yield Diagnosis("offices", Level.OK, f"{len(offices)}: {', '.join(offices)}")
    by_sender: dict[str | None, list[str]] = {}
    for office in offices.values():
        by_sender.setdefault(office.sender, []).append(office.id)
    for sender, shared in by_sender.items():
        if len(shared) > 1 or sender is None:
            who = "the clinic's own sender" if sender is None else f"the sender {sender[:2]}...{sender[-4:]}"
            said = f"{' and '.join(shared)} text through {who}"
            yield Diagnosis("offices", Level.OK, f"{said}: a reply there is the newest enrollment's office's")
