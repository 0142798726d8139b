"""What needs a person, list by list, and the small things that are done about each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.conversations.claims import claim_reply, give_back_reply, shift_ends
from notifier.conversations.inbox import the_reply
from notifier.conversations.reading.triage import see_to
from notifier.db.engine import writing
from notifier.domain.states import MessageState
from notifier.oversight import worklists
from notifier.web.view import Page, View, redirect
from schedules.offsets import wall_first

LOOK_BACK: Final = timedelta(days=3)
_AHEAD: Final = timedelta(days=2)
"""A text may be moved earlier than its nominal moment."""
MOST: Final = 25
"""Rows of one list on Today; the whole list is behind its count."""
_CALENDAR: Final = re.compile(r"/unmarked|/(day|week)/[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOST_LISTED, _MOST_CLOSED = 500, 50


@dataclass(frozen=True, slots=True)
class WaitingList:
    """One list: its first rows, and how many there are."""

    rows: Sequence[Any]
    many: int


@dataclass(frozen=True, slots=True)
class WaitingForPerson:
    """Everything that waits for a person about single patients."""

    replies: WaitingList
    holds: WaitingList
    doubts: WaitingList
    bounced: WaitingList
    expired: WaitingList

    @property
    def many(self) -> int:
        return sum(one.many for one in (self.replies, self.holds, self.doubts, self.bounced, self.expired))


def waiting_for_person(session: Session, view: View) -> WaitingForPerson:
    """The first of each list."""
    return WaitingForPerson(
        replies=_waiting_list(
            worklists.open_replies(session, MOST, view.now), lambda: worklists.count_open_replies(session)
        ),
        holds=_waiting_list(worklists.holds_without_reply(session, _MOST_LISTED)),
        doubts=_waiting_list(worklists.in_doubt(session, MOST), lambda: worklists.count_in_doubt(session)),
        bounced=_trouble(session, view, worklists.BOUNCED),
        expired=_trouble(session, view, (MessageState.EXPIRED,)),
    )


def trouble_between(view: View) -> tuple[datetime, datetime]:
    """The days whose troubled texts still need somebody."""
    zone = view.context.zone
    midnight = wall_first(view.now.astimezone(zone).date(), time.min, zone)
    return midnight - LOOK_BACK, midnight + _AHEAD


def _trouble(session: Session, view: View, states: Sequence[MessageState]) -> WaitingList:
    (since, until) = trouble_between(view)
    return _waiting_list(
        worklists.in_trouble(session, since, until, MOST, states),
        lambda: worklists.count_trouble(session, since, until, states),
    )


def _waiting_list(rows: Sequence[Any], count: Callable[[], int] | None = None) -> WaitingList:
    """Counted by the database only where the rows are not all of them."""
    return WaitingList(rows, count() if count is not None and len(rows) == MOST else len(rows))


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


def back_to(view: View, otherwise: str = "/") -> str:
    """The page of ours that a small form stands on."""
    back = view.field("back")
    page, _, whose = back.rpartition("/")
    listed = back in ("/", "/replies") or bool(_CALENDAR.fullmatch(back))
    known = listed or page == "/texts" or (page == "/patients" and whose.isdigit())
    return back if known and back.isascii() and back.isprintable() else otherwise


def _claim(session: Session, view: View) -> None:
    number = view.number("reply")
    staffed, zone, _ = view.context.alert_rules.hours_of(the_reply(session, number).office)
    ends_at = shift_ends(view.now, staffed, zone)
    take_over = view.field("over") == "yes"
    claim_reply(session, number, now=view.now, by=view.who.by, ends_at=ends_at, take_over=take_over)


def _give_back(session: Session, view: View) -> None:
    give_back_reply(session, view.number("reply"))


def _seen_to(session: Session, view: View) -> None:
    see_to(session, view.number("message"), now=view.now, by=view.who.by)


PAGES = (
    Page("GET", "/replies", show_replies),
    Page("POST", "/replies/{reply:int}/claim", _inbox_action("claim a reply", _claim)),
    Page("POST", "/replies/{reply:int}/give-back", _inbox_action("give back a reply", _give_back)),
    Page("POST", "/texts/{message:int}/seen-to", _inbox_action("told in person", _seen_to)),
)
