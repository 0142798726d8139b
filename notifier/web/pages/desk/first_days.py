"""The first days: what is done, what is next, and how it is done."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.oversight.first_days import FirstDays, first_days
from notifier.web.view import Page, View


def steps_of(session: Session, view: View) -> FirstDays:
    """How far this clinic is."""
    context = view.context
    return first_days(session, context.protocols, context.rules, told=context.tells_somebody)


def show(view: View) -> Response:
    """Every step in its order."""
    with view.context.visible_session() as session:
        steps = steps_of(session, view)
    return view.page("first_days.html", steps=steps)


PAGES = (Page("GET", "/first-days", show),)
