"""The lists behind the counts, and why one text was, was not, or will be sent."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.states import MessageState
from notifier.oversight import worklists as staff_views
from notifier.oversight.explain import explain, find_text
from notifier.oversight.forecast import text_lines
from notifier.oversight.worklists import TextRow
from notifier.sending.review import review
from notifier.web.pages.inbox import back_to, trouble_between
from notifier.web.view import NotFound, Page, Visit, see
from schedules.offsets import wall_first

_S = MessageState
_MOST = 500
_DAY = timedelta(days=1)
_DAYS = tuple("0123456")
_YESTERDAY = {
    "delivered": ("Delivered yesterday", (_S.DELIVERED,)),
    "on-the-way": ("Sent yesterday, no receipt yet", (_S.ACCEPTED, _S.SENT)),
    "not-delivered": ("Not delivered yesterday", (_S.FAILED, _S.UNDELIVERED)),
    "in-doubt": ("In doubt since yesterday", (_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW)),
}

_TROUBLED = {
    "bounced": ("Did not arrive", staff_views.BOUNCED),
    "expired": ("Too late to send: tell the patient", (_S.EXPIRED,)),
}


def show_list(visit: Visit) -> Response:
    """One list of texts, such as those that leave within a day."""
    which = str(visit.request.path_params["which"])
    with visit.office.looking() as session:
        title, rows = _rows(session, visit, which)
        lines = text_lines(session, [(one.message, one.enrollment) for one in rows])
    visit.note("saw", f"texts {which}")
    why = {line.message: line.reason for line in lines}
    return visit.page("texts.html", title=title, rows=rows, why=why, most=_MOST, acts=which in _TROUBLED)


def _rows(session: Session, visit: Visit, which: str) -> tuple[str, list[TextRow]]:
    now = visit.now
    midnight = _midnight(visit, 0)
    if which in _YESTERDAY:
        title, states = _YESTERDAY[which]
        return title, staff_views.left(session, _midnight(visit, -1), midnight, states, _MOST)
    if which in _TROUBLED:
        title, states = _TROUBLED[which]
        return title, staff_views.in_trouble(session, *trouble_between(visit), _MOST, states)
    if which == "doubtful":
        return "Nobody knows whether they left", staff_views.in_doubt(session, _MOST)
    if which == "waiting":
        rows = staff_views.waiting(session, _midnight(visit, 7), _MOST)
        return "Wait for a person", rows
    if which == "next-24-hours":
        return "Leaving in the next 24 hours", staff_views.upcoming(session, None, now + _DAY, _MOST)
    if which.startswith("day-") and which[4:] in _DAYS:
        number = int(which[4:])
        since = _midnight(visit, number) if number else None
        rows = staff_views.upcoming(session, since, _midnight(visit, number + 1), _MOST)
        return f"Leaving on {_midnight(visit, number).astimezone(visit.office.zone):%A, %B} {_day(visit, number)}", rows
    raise NotFound


def _day(visit: Visit, number: int) -> int:
    return _midnight(visit, number).astimezone(visit.office.zone).day


def _midnight(visit: Visit, days: int) -> datetime:
    zone = visit.office.zone
    return wall_first(visit.now.astimezone(zone).date() + timedelta(days=days), time.min, zone)


def show_one(visit: Visit) -> Response:
    """Why: the rule, the moment, every check and every attempt."""
    number = visit.number("message")
    with visit.office.looking() as session:
        found = find_text(session, number)
        if found is None:
            raise NotFound
        message, enrollment = found
        sentences = explain(session, number, rules=visit.office.rules, now=visit.now)
    visit.note("saw", f"text {number}", enrollment.id)
    return visit.page("text.html", message=message, enrollment=enrollment, sentences=sentences)


def decide(visit: Visit) -> Response:
    """Somebody has found out whether it had left."""
    number = visit.number("message")
    with writing(visit.office.engine) as session:
        sent = visit.field("sent") == "yes"
        review(session, number, sent=sent, now=visit.now, by=visit.who.by)
    visit.note("did", f"review text {number}")
    return see(back_to(visit, f"/texts/{number}"))


PAGES = (
    Page("GET", "/texts/{message:int}", show_one),
    Page("GET", "/texts/{which}", show_list),
    Page("POST", "/texts/{message:int}/review", decide),
)
