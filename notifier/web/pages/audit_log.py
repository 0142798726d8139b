"""The record: who saw and did what, by person or program, by patient, by day. For admins alone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import Response

from notifier.access import accounts as staff
from notifier.access import audit_log as audits
from notifier.access.api_keys import all_keys
from notifier.db.columns import can_be_id
from notifier.db.engine import reading
from notifier.db.tables import Enrollment
from notifier.web.view import Page, View
from schedules.offsets import wall_first

_MOST: Final = 100


def show(view: View) -> Response:
    """The latest entries. Addresses name a person by number, and a patient by enrollment."""
    asked = view.request.query_params
    who, patient, day = asked.get("who", ""), asked.get("patient", ""), asked.get("day", "")
    with reading(view.context.engine) as session:
        people = _people(session)
        since, until = _day(view, day)
        entries = audits.audited(
            session,
            _MOST,
            by=people.get(who, (None, ""))[0],
            enrollment_id=_number(patient),
            since=since,
            until=until,
            before=_number(asked.get("before", "")),
        )
        names = _names(session, {one.enrollment_id for one in entries if one.enrollment_id})
    view.note("saw", "the record")
    older = None
    if len(entries) == _MOST:
        older = urlencode({"who": who, "patient": patient, "day": day, "before": entries[-1].id})
    values = {"who_asked": who, "patient": patient if _number(patient) else "", "day_asked": day if since else ""}
    return view.page("record.html", entries=entries, names=names, people=people, older=older, **values)  # type: ignore[arg-type]  # all of them are words


def _people(session: Session) -> dict[str, tuple[str, str]]:
    """Who can be chosen: how an address says it, how the record names them, and how people do."""
    persons = {f"person-{one.id}": (f"staff:{one.name}", one.name) for one in staff.accounts(session)}
    programs = {f"program-{one.id}": (f"api:{one.name}", f"{one.name} (program)") for one in all_keys(session)}
    return {**persons, **programs, "nobody": ("nobody", "Refused sign-ins")}


def _day(view: View, said: str) -> tuple[datetime | None, datetime | None]:
    """A local date of the clinic; anything else is no filter."""
    try:
        on = date.fromisoformat(said)
        zone = view.context.zone
        return wall_first(on, time.min, zone), wall_first(on + timedelta(days=1), time.min, zone)
    except (ValueError, OverflowError):
        return None, None


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 and can_be_id(int(said)) else None


def _names(session: Session, numbers: set[int]) -> dict[int, str]:
    found = select(col(Enrollment.id), col(Enrollment.name)).where(col(Enrollment.id).in_(numbers))
    return {number: name for number, name in session.execute(found) if number is not None}


PAGES = (Page("GET", "/record", show, admin=True),)
