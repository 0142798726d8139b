"""The lists behind the counts, and why one text was, was not, or will be sent."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.states import BOUNCED, MessageState
from notifier.oversight import worklists
from notifier.oversight.explain import explain, find_text
from notifier.oversight.forecast import text_lines
from notifier.oversight.worklists import TextRow
from notifier.sending.review import review
from notifier.web.pages.desk.back import back_to
from notifier.web.view import NotFound, Page, View, redirect
from schedules.offsets import wall_first

_S = MessageState
_MOST = 500
_DAY = timedelta(days=1)
_DAYS = tuple("0123456")
_SPANS = {"14": 14, "30": 30}
"""Of the page that counts what arrived."""
_YESTERDAY = {
    "delivered": ("Delivered yesterday", (_S.DELIVERED,)),
    "on-the-way": ("Sent yesterday, no receipt yet", (_S.ACCEPTED, _S.SENT)),
    "not-delivered": ("Not delivered yesterday", (_S.FAILED, _S.UNDELIVERED)),
    "in-doubt": ("In doubt since yesterday", (_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW)),
}


def show_list(view: View) -> Response:
    """One list of texts, such as those that leave within a day."""
    which = str(view.request.path_params["which"])
    with view.context.visible_session() as session:
        title, rows = _rows(session, view, which)
        lines = text_lines(session, [(one.message, one.enrollment) for one in rows])
    why = {line.message: line.reason for line in lines}
    about = f"texts {title[0].lower()}{title[1:]}"
    return view.page("texts.html", about=about, title=title, rows=rows, why=why, most=_MOST)


def _rows(session: Session, view: View, which: str) -> tuple[str, list[TextRow]]:
    now = view.now
    midnight = _midnight(view, 0)
    if which in _YESTERDAY:
        title, states = _YESTERDAY[which]
        return title, worklists.left(session, _midnight(view, -1), midnight, states, _MOST)
    if which == "not-arrived":
        days = _SPANS.get(view.request.query_params.get("days", ""), 14)
        rows = worklists.left(session, _midnight(view, 1 - days), _midnight(view, 1), BOUNCED, _MOST)
        return f"Did not arrive in the last {days} days", rows
    if which == "waiting":
        rows = worklists.waiting(session, _midnight(view, 7), _MOST)
        return "Wait for a person", rows
    if which == "next-24-hours":
        return "Leaving in the next 24 hours", worklists.upcoming(session, None, now + _DAY, _MOST)
    if which.startswith("day-") and which[4:] in _DAYS:
        number = int(which[4:])
        since = _midnight(view, number) if number else None
        rows = worklists.upcoming(session, since, _midnight(view, number + 1), _MOST)
        return f"Leaving on {_midnight(view, number).astimezone(view.context.zone):%A, %B} {_day(view, number)}", rows
    raise NotFound


def _day(view: View, number: int) -> int:
    return _midnight(view, number).astimezone(view.context.zone).day


def _midnight(view: View, days: int) -> datetime:
    zone = view.context.zone
    return wall_first(view.now.astimezone(zone).date() + timedelta(days=days), time.min, zone)


def show_one(view: View) -> Response:
    """Why: the rule, the moment, every check and every attempt."""
    number = view.number("message")
    with view.context.visible_session() as session:
        found = find_text(session, number)
        if found is None:
            raise NotFound
        message, enrollment = found
        sentences = explain(session, number, rules=view.context.rules, now=view.now)
    return view.page("text.html", about=f"text {number}", message=message, enrollment=enrollment, sentences=sentences)


def decide(view: View) -> Response:
    """Somebody has found out whether it had left."""
    number = view.number("message")
    with writing(view.context.engine) as session:
        sent = view.field("sent") == "yes"
        review(session, number, sent=sent, now=view.now, by=view.who.by)
    view.note("did", f"review text {number}")
    return redirect(back_to(view, f"/texts/{number}"))


PAGES = (
    Page("GET", "/texts/{message:int}", show_one),
    Page("GET", "/texts/{which}", show_list),
    Page("POST", "/texts/{message:int}/review", decide),
)
