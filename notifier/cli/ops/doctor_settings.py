"""What the doctor looks at outside the database: settings, zone data, the clock, protocols."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.bootstrap.preflight import check_ready_to_send
from notifier.config.settings import SECRETS, BadSettings, Settings
from notifier.domain.offices import Offices
from schedules.catalogue import ProtocolError, protocols_with

_BUILT = datetime(2026, 10, 1, tzinfo=UTC)
"""No right clock shows an instant before this program was written."""


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """Texts leave, and somebody should look."""
    FAIL = "fail"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    level: Level
    found: str
    advice: str = ""


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Whether a worker could start, and to whom it would speak."""
    try:
        check_ready_to_send(settings)
    except BadSettings as error:
        yield from (Finding("settings", Level.FAIL, sentence) for sentence in error.sentences)
    else:
        yield Finding("settings", Level.OK, f"complete, for {settings.clinic_name}")
    if settings.twilio_account_sid:
        key = "an API key" if settings.twilio_api_key_sid else "the auth token"
        yield Finding("Twilio", Level.OK, f"account {settings.twilio_account_sid[:6]}..., with {key}; not called now")
    if not settings.is_twilios_own:
        yield Finding("Twilio", Level.WARN, f"texts go to {settings.twilio_api_url}, not to phones")
    yield from _check_env_file(Path(".env"))
    yield from _check_alarms(settings)
    if settings.clock_file is not None:
        yield Finding("clock", Level.WARN, f"the clock is shifted by {settings.clock_file}")


def _check_env_file(file: Path) -> Iterator[Finding]:
    try:
        readable = file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    blank = r"[^\S\n]*"
    held = [name for name in SECRETS if re.search(rf"(?m)^{blank}(?:export )?{name}{blank}={blank}\S", text)]
    if readable and held:
        found = f"others may read {file.absolute()}, which holds {', '.join(held)}"
        yield Finding("secrets", Level.WARN, found, f"chmod 600 {file.absolute()}")


def _check_alarms(settings: Settings) -> Iterator[Finding]:
    if settings.alert_email or settings.alert_webhook or settings.alert_apprise:
        yield Finding("alarms", Level.OK, "somebody is told; to try: notifier alerts --test")
    else:
        advice = "set NOTIFIER_ALERT_EMAIL and NOTIFIER_SMTP_URL, NOTIFIER_ALERT_WEBHOOK, or NOTIFIER_ALERT_APPRISE"
        yield Finding("alarms", Level.WARN, "nobody would be told of an alarm; it stands in the log alone", advice)
    if settings.heartbeat_url:
        yield Finding("heartbeat", Level.OK, "asked for every minute while the worker is well")
    else:
        advice = "set NOTIFIER_HEARTBEAT_URL to a dead man's switch, which sounds the alarm when it hears nothing"
        yield Finding("heartbeat", Level.WARN, "if this machine dies, nobody is told", advice)


def check_machine(now: datetime, *, shifted: bool) -> Iterator[Finding]:
    """The clock, and the rules by which local hours are known."""
    if now < _BUILT and not shifted:
        advice = "set the machine's clock; timedatectl shows it"
        yield Finding("clock", Level.FAIL, f"it shows {now:%Y-%m-%d %H:%M} UTC, which has passed", advice)
    else:
        yield Finding("clock", Level.OK, f"{now:%Y-%m-%d %H:%M} UTC")
    summer = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York")).utcoffset()
    winter = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo("America/New_York")).utcoffset()
    if summer == winter:
        yield Finding("zone data", Level.FAIL, "New York has no summer time in it", "install the package tzdata again")
    else:
        yield Finding("zone data", Level.OK, f"tzdata {version('tzdata')}")


def check_protocols(directory: Path | None) -> Iterator[Finding]:
    """Whether every protocol can be read."""
    try:
        plans = protocols_with(directory)
    except ProtocolError as error:
        yield from (Finding("protocols", Level.FAIL, line) for line in str(error).splitlines())
        return
    yield Finding("protocols", Level.OK, f"{len(plans)}, all readable; to try them: notifier protocols check")


def check_offices(offices: Offices) -> Iterator[Finding]:
    """Who sends for each office: a patient should see another number where she hears from another place."""
    if not offices:
        return
    yield Finding("offices", Level.OK, f"{len(offices)}: {', '.join(offices)}")
    by_sender: dict[str | None, list[str]] = {}
    for office in offices.values():
        by_sender.setdefault(office.sender, []).append(office.id)
    for sender, shared in by_sender.items():
        if len(shared) > 1 or sender is None:
            who = "the clinic's own sender" if sender is None else f"the sender {sender[:2]}...{sender[-4:]}"
            said = f"{' and '.join(shared)} text through {who}"
            yield Finding("offices", Level.OK, f"{said}: a reply there is the newest enrollment's office's")
