"""`notifier offices`: the profiles, each with what it takes from the clinic filled in."""

from __future__ import annotations

from typing import Any

from notifier.bootstrap.planning import own_sender, read_offices
from notifier.cli.options import Json
from notifier.cli.output import print_json, print_table
from notifier.config.settings import load_settings
from notifier.domain.offices import OfficeProfile


def offices(as_json: Json = False) -> None:
    """The clinic's offices, as NOTIFIER_OFFICES_FILE has them."""
    settings = load_settings()
    found = [_office_json(one, own_sender(settings)) for one in read_offices(settings).values()]
    if as_json:
        print_json(found)
        return
    columns = ("office", "name", "phone", "timezone", "send_window", "quiet_days", "sender", "language", "protocols")
    rows = [
        tuple(_cell(one[column], "none" if column == "quiet_days" else "any") for column in columns) for one in found
    ]
    print_table(columns, rows, empty="the clinic is one place; for more, see NOTIFIER_OFFICES_FILE in .env.example")


def _office_json(office: OfficeProfile, own: str | None) -> dict[str, Any]:
    return {
        "office": office.id,
        "name": office.voice.clinic,
        "phone": office.voice.phone,
        "timezone": office.timezone,
        "send_window": str(office.window),
        "quiet_days": str(office.window.quiet) or None,
        "staffed_hours": str(office.staffed) if office.staffed else None,
        "sender": office.sender or own,
        "language": office.language,
        "protocols": list(office.protocols) if office.protocols else None,
    }


def _cell(value: Any, unsaid: str) -> str:
    return ", ".join(value) if isinstance(value, list) else value or unsaid
