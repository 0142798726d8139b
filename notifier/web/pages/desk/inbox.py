"""What patients wrote, open and closed, and who is on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.conversations.claims import claim_reply, give_back_reply, shift_ends
from notifier.conversations.inbox import the_reply
from notifier.db.engine import writing
from notifier.oversight import worklists
from notifier.web.pages.desk.back import back_to
from notifier.web.view import Page, View, redirect

_MOST_LISTED, _MOST_CLOSED = 100, 50


def show_replies(view: View) -> Response:
    """Every reply that is open, every number that waits, and what was closed lately."""
    token = view.desk.token
    with view.context.visible_session() as session:
        values: dict[str, Any] = {
            "replies": worklists.open_replies(session, _MOST_LISTED, view.now),
            "holds": worklists.holds_without_reply(session, _MOST_LISTED),
            "closed": worklists.closed_replies(session, _MOST_CLOSED),
        }
    return view.page("replies.html", about="replies", most=_MOST_LISTED, desk_token=token, **values)


def _inbox_action(what: str, action: Callable[[Session, View], object]) -> Callable[[View], Response]:
    """Do one small thing, write down who did it, and look at the page again that it was done on."""

    def act(view: View) -> Response:
        with writing(view.context.engine) as session:
            action(session, view)
        view.note("did", what)
        return redirect(back_to(view))

    return act


def _claim(session: Session, view: View) -> None:
    number = view.number("reply")
    staffed, zone, _ = view.context.alert_rules.hours_of(the_reply(session, number).office)
    ends_at = shift_ends(view.now, staffed, zone)
    take_over = view.field("over") == "yes"
    claim_reply(session, number, now=view.now, by=view.who.by, ends_at=ends_at, take_over=take_over)


def _give_back(session: Session, view: View) -> None:
    give_back_reply(session, view.number("reply"))


PAGES = (
    Page("GET", "/replies", show_replies, live=True),
    Page("POST", "/replies/{reply:int}/claim", _inbox_action("claim a reply", _claim)),
    Page("POST", "/replies/{reply:int}/give-back", _inbox_action("give back a reply", _give_back)),
)
