"""The audit log: who saw and did what, by person or API key, by patient, by day. For admins alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col
from starlette.responses import Response

from notifier.access import audit_log
from notifier.access.audit_log import AuditReach
from notifier.access.reach import managed_accounts, managed_keys
from notifier.db.columns import can_be_id
from notifier.db.engine import reading
from notifier.db.enrollments import of_same_person
from notifier.db.tables import Enrollment
from notifier.db.visibility import Yours
from notifier.web.view import Page, View
from notifier.web.widgets.formats import language
from schedules.offsets import wall_first

_ACCOUNT: Final = re.compile(r"\baccount (\d+)\b")
_READS: Final = re.compile(r"(?<= reads )[a-z]{2}(?:, [a-z]{2})*$")
_MOST: Final = 100
_MOST_NAMED: Final = 5
"""Patients of a list who are named; of the others there is a number."""


def show(view: View) -> Response:
    """The latest entries. Addresses name a person by number, and a patient by enrollment."""
    query = view.request.query_params
    who, patient, day = query.get("who", ""), query.get("patient", ""), query.get("day", "")
    with reading(view.context.engine) as session:
        actors = _actors(session, view.who.offices)
        since, until = _day(view, day)
        entries = audit_log.audited(
            session,
            _MOST,
            by=actors.get(who, (None, ""))[0],
            enrollments=of_same_person(session, number) if (number := _number(patient)) else (),
            since=since,
            until=until,
            before=_number(query.get("before", "")),
            only=None if view.who.offices is None else AuditReach(view.who.offices, {by for by, _ in actors.values()}),
        )
        names = _names(session, {one.enrollment_id for one in entries if one.enrollment_id})
        shown = audit_log.shown_in(session, {one.id for one in entries if one.id}, view.who.offices)
    older = None
    if len(entries) == _MOST:
        older = urlencode({"who": who, "patient": patient, "day": day, "before": entries[-1].id})
    values: dict[str, Any] = {"entries": entries, "names": names, "shown": shown, "actors": actors}
    accounts = {key.removeprefix("person-"): name for key, (_, name) in actors.items() if key.startswith("person-")}
    values |= {"said": partial(_said, accounts), "older": older, "most": _MOST_NAMED}
    values |= {"chosen_who": who, "patient": patient if _number(patient) else "", "chosen_day": day if since else ""}
    return view.page("audit_log.html", about="audit log", **values)


def _actors(session: Session, yours: Yours) -> dict[str, tuple[str, str]]:
    """Who can be chosen: how an address says it, how the audit log names them, and how people do."""
    persons = {f"person-{one.id}": (f"staff:{one.name}", one.name) for one in managed_accounts(session, yours)}
    keys = {f"key-{one.id}": (f"api:{one.name}", f"{one.name} (API key)") for one in managed_keys(session, yours)}
    nobody = {"nobody": ("nobody", "Refused sign-ins")} if yours is None else {}
    return {**persons, **keys, **nobody}


def _said(accounts: Mapping[str, str], about: str) -> str:
    """The entry names an account by its number, which says nothing to a reader: with the name of whose it is. Languages
    that somebody reads are named too."""
    about = _READS.sub(lambda found: ", ".join(map(language, found[0].split(", "))), about)
    return _ACCOUNT.sub(lambda found: f"{found[0]} ({accounts[found[1]]})" if found[1] in accounts else found[0], about)


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


PAGES = (Page("GET", "/audit-log", show, admin=True),)
