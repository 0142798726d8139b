"""The first text beside its patient: whether it has arrived, and what to do where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import reading
from notifier.db.enrollments import by_id
from notifier.db.tables import Message
from notifier.domain.instants import zone_called
from notifier.domain.states import MessageState
from notifier.enrollments.first_texts import first_rows
from notifier.oversight import forecast, history
from notifier.web.view import NotFound, Page, View
from notifier.web.widgets.formats import hour
from schedules.saying import say_moment

_S = MessageState
_SHOWN_FOR: Final = timedelta(hours=24)
_DOUBTED_AFTER: Final = timedelta(minutes=2)
_BOUNCED: Final = frozenset({_S.UNDELIVERED, _S.FAILED})
_LEAVES: Final = timedelta(minutes=5)
"""A text that is due so soon is worth waiting for."""


@dataclass(frozen=True, slots=True)
class FirstTextView:
    """What staff at the desk see of it."""

    message: int
    tone: str
    """Of its badge: good, wait or alert."""
    said: str
    """Where it stands, in one sentence."""
    why: str | None = None
    is_awaited: bool = False
    """Whether the page asks again by itself."""
    ask_patient: bool = False
    """Carriers need not confirm: the patient can say whether it is there."""
    mend: bool = False
    """Whether the number should be read back and put right."""


def first_text_of(session: Session, enrollment_id: int, zone: ZoneInfo, now: datetime) -> FirstTextView | None:
    """The latest first text of an enrollment while it matters: for a day, and as long as it has not arrived."""
    rows = first_rows(session, {enrollment_id})
    if not rows or rows[-1].state is _S.CANCELLED:
        return None
    row = rows[-1]
    if now - row.nominal_at > _SHOWN_FOR and row.state not in _BOUNCED:
        return None
    return _view(session, row, zone, now)


def _view(session: Session, row: Message, zone: ZoneInfo, now: datetime) -> FirstTextView:
    number, left = row.id or 0, row.left_at
    match row.state:
        case _S.DELIVERED:
            at = history.arrived_at(session, number) or left
            return FirstTextView(number, "good", f"It arrived at {hour(at or now, zone)}.")
        case _S.UNDELIVERED | _S.FAILED:
            return FirstTextView(number, "alert", "It did not arrive.", row.reason, mend=True)
        case _S.PLANNED:
            return _planned(session, row, zone, now)
        case _S.ATTEMPTING:
            return FirstTextView(number, "wait", "It is on its way.", is_awaited=True)
        case _S.ACCEPTED | _S.SENT:
            since = hour(left or now, zone)
            is_slow = left is not None and now - left > _DOUBTED_AFTER
            said = f"It left at {since}; whether it arrived is not known yet."
            return FirstTextView(number, "wait", said, is_awaited=True, ask_patient=is_slow)
        case _S.UNKNOWN | _S.NEEDS_REVIEW:
            said = "Nobody knows yet whether it left; Twilio is asked."
            return FirstTextView(number, "wait", said, row.reason, is_awaited=True, ask_patient=True)
    return FirstTextView(number, "alert", "It is not sent.", row.reason)


def _planned(session: Session, row: Message, zone: ZoneInfo, now: datetime) -> FirstTextView:
    number = row.id or 0
    lines = forecast.show(session, row.enrollment_id or 0)
    why = next((line.reason for line in lines if line.message == number), None)
    if row.due_at is not None and row.due_at > now + _LEAVES:
        why = why or "; ".join(row.notes or ()) or None
        return FirstTextView(number, "wait", f"It leaves on {say_moment(row.due_at, zone)}.", why)
    return FirstTextView(number, "wait", "It is about to leave.", why, is_awaited=True)


def show(view: View) -> Response:
    """Where it stands now, as a part of the patient's page."""
    whose = view.number("enrollment")
    with reading(view.context.engine) as session:
        enrollment = by_id(session, whose)
        if enrollment is None:
            raise NotFound
        found = first_text_of(session, whose, zone_called(enrollment.timezone), view.now)
        return view.page("_first_text.html", enrollment=enrollment, first=found)


PAGES = (Page("GET", "/patients/{enrollment:int}/first-text", show),)
