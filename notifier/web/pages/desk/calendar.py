"""The calendar: the visits of any day, of a week, and those that nobody has marked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from notifier.oversight.visits import (
    MOST,
    VisitState,
    count_unmarked,
    count_visits,
    day_of,
    unmarked,
    visits,
    week_of,
)
from notifier.web.pages.desk.marked import marked
from notifier.web.view import NotFound, Page, View, redirect

_A_DAY = timedelta(days=1)
_A_WEEK = timedelta(days=7)


def today(view: View) -> Response:
    """The day that it is."""
    return redirect(f"/day/{view.now.astimezone(view.context.zone).date().isoformat()}")


def show_day(view: View) -> Response:
    """Who is expected, came or did not on one day; with the week around it."""
    on, zone = _day(view), view.context.zone
    with view.context.visible_session() as session:
        rows = visits(session, on, zone, view.now)
        week = count_visits(session, week_of(on), zone, view.now)
        open_ones = count_unmarked(session, view.now)
    return view.page(
        "day.html",
        about="day",
        on=on,
        visits=rows,
        week=week,
        unmarked=open_ones,
        before=on - _A_DAY,
        after=on + _A_DAY,
        ended=_ended(view, on),
        **_same(view),
    )


def show_week(view: View) -> Response:
    """The visits of the seven days from Monday on."""
    days, zone = week_of(_day(view)), view.context.zone
    with view.context.visible_session() as session:
        week = count_visits(session, days, zone, view.now)
        rows = [(one, visits(session, one.on, zone, view.now)) for one in week]
    return view.page(
        "week.html",
        about="week",
        week=week,
        days=rows,
        before=days[0] - _A_WEEK,
        after=days[0] + _A_WEEK,
        on=days[0],
        **_same(view),
    )


def show_unmarked(view: View) -> Response:
    """Appointments of any age of which nobody has said what became of them."""
    with view.context.visible_session() as session:
        rows, many = unmarked(session, view.now), count_unmarked(session, view.now)
    return view.page("unmarked.html", about="unmarked visits", visits=rows, many=many, ended=None, **_same(view))


def _day(view: View) -> date:
    try:
        on = date.fromisoformat(str(view.request.path_params["date"]))
        day_of(on - _A_WEEK, view.context.zone), day_of(on + _A_WEEK, view.context.zone)
    except (ValueError, OverflowError):
        raise NotFound from None
    return on


def _ended(view: View, on: date) -> datetime | None:
    """What stands in the field for the treatment's end: now, where that is the day; else somebody has to say it."""
    return view.now if view.now.astimezone(view.context.zone).date() == on else None


def _same(view: View) -> dict[str, Any]:
    return {
        "VisitState": VisitState,
        "most": MOST,
        "marked": marked(view),
        "this_day": view.now.astimezone(view.context.zone).date(),
    }


PAGES = (
    Page("GET", "/day", today),
    Page("GET", "/day/{date}", show_day),
    Page("GET", "/week/{date}", show_week),
    Page("GET", "/unmarked", show_unmarked),
)
