"""A clinic that never was, its patients, and the outbox they fill."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from notifier.domain.planning.plan import PlanningRules
from schedules.catalogue import shipped
from schedules.wording import Voice

NOW = datetime(2026, 3, 11, 18, tzinfo=UTC)
"""A Wednesday, 14:00 in New York: every send window is open for hours to come."""
ZONE = "America/New_York"
ZONES = (ZONE, "America/Chicago", "America/Denver", "America/Los_Angeles")
VOICE = Voice("Glow Skin Clinic", "+1 212 555 0100")
RULES = PlanningRules(VOICE, ZONE, must_be_approved=False)
_AREAS = ("212", "312", "303", "213")
_NAMES = ("Ana Ruiz", "Beatriz Lima", "Chloe Martin", "Dina Shah", "Eva Novak", "Fay O'Neill", "Grace Kim")


def treated_at(number: int) -> datetime:
    """When the patient of that number was treated: some hour of the last days, so that much of the plan lies ahead."""
    return NOW - timedelta(minutes=30 + 7 * (number % 400))


def phone(number: int) -> str:
    """A number that no other patient has."""
    return f"+1{_AREAS[number % 4]}{2_000_000 + number // 4:07d}"


def zone(number: int) -> str:
    """The time zone that goes with it."""
    return ZONES[number % 4]


def rows(first: int, count: int) -> Iterator[dict[str, str]]:
    """Patients as a clinic's own system exports them, on all shipped protocols in turn."""
    protocols = tuple(shipped())
    for number in range(first, first + count):
        yield {
            "external_id": f"visit-{number}",
            "name": f"{_NAMES[number % 7]} {chr(97 + number % 26)}{chr(97 + number // 26 % 26)}",
            "phone": phone(number),
            "protocol": protocols[number % len(protocols)],
            "treated_at": treated_at(number).isoformat(),
            "timezone": zone(number),
            "language": "en" if number % 5 else "es",
            "consent": "signed form",
        }


def csv_file(first: int, count: int) -> bytes:
    """The same as a file."""
    out = io.StringIO()
    lines = list(rows(first, count))
    writer = csv.DictWriter(out, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()
