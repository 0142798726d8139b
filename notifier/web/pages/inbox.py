"""What needs a person, list by list, and the small things that are done about each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.conversations.triage import claim_reply, close_reply, give_back_reply, see_to
from notifier.db.engine import writing
from notifier.db.tables import Reply
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.release import release
from notifier.oversight import worklists as staff_views
from notifier.web.view import Page, Visit, see
from schedules.offsets import wall_first

LOOK_BACK: Final = timedelta(days=3)
_AHEAD: Final = timedelta(days=2)
"""A text may be moved earlier than its nominal moment."""
MOST: Final = 25
"""Rows of one list on Today; the whole list is behind its count."""
_MOST_LISTED, _MOST_CLOSED = 500, 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: its first rows, and how many there are."""

    rows: Sequence[Any]
    many: int


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything that waits for a person about single patients."""

    replies: Listed
    holds: Listed
    doubts: Listed
    bounced: Listed
    expired: Listed

    @property
    def many(self) -> int:
        return sum(one.many for one in (self.replies, self.holds, self.doubts, self.bounced, self.expired))


def needs(session: Session, visit: Visit) -> Needs:
    """The first of each list."""
    return Needs(
        replies=_listed(staff_views.open_replies(session, MOST), lambda: staff_views.count_open_replies(session)),
        holds=_listed(staff_views.holds_without_reply(session, _MOST_LISTED)),
        doubts=_listed(staff_views.in_doubt(session, MOST), lambda: staff_views.count_in_doubt(session)),
        bounced=_trouble(session, visit, staff_views.BOUNCED),
        expired=_trouble(session, visit, (MessageState.EXPIRED,)),
    )


def trouble_between(visit: Visit) -> tuple[datetime, datetime]:
    """The days whose troubled texts still need somebody."""
    zone = visit.office.zone
    midnight = wall_first(visit.now.astimezone(zone).date(), time.min, zone)
    return midnight - LOOK_BACK, midnight + _AHEAD


def _trouble(session: Session, visit: Visit, states: Sequence[MessageState]) -> Listed:
    (since, until) = trouble_between(visit)
    return _listed(
        staff_views.in_trouble(session, since, until, MOST, states),
        lambda: staff_views.count_trouble(session, since, until, states),
    )


def _listed(rows: Sequence[Any], count: Callable[[], int] | None = None) -> Listed:
    """Counted by the database only where the rows are not all of them."""
    return Listed(rows, count() if count is not None and len(rows) == MOST else len(rows))


def show_replies(visit: Visit) -> Response:
    """Every reply that is open, every number that waits, and what was closed lately."""
    with visit.office.looking() as session:
        values: dict[str, Any] = {
            "replies": staff_views.open_replies(session, _MOST_LISTED),
            "holds": staff_views.holds_without_reply(session, _MOST_LISTED),
            "closed": staff_views.closed_replies(session, _MOST_CLOSED),
        }
    visit.note("saw", "replies")
    return visit.page("replies.html", most=_MOST_LISTED, **values)


def _acting(what: str, story: Callable[[Session, Visit], object]) -> Callable[[Visit], Response]:
    """Do one small thing, write down who did it, and look at the page again that it was done on."""

    def act(visit: Visit) -> Response:
        with writing(visit.office.engine) as session:
            story(session, visit)
        visit.note("did", what)
        return see(back_to(visit))

    return act


def back_to(visit: Visit, otherwise: str = "/") -> str:
    """The page of ours that a small form stands on."""
    back = visit.field("back")
    page, _, whose = back.rpartition("/")
    known = back in ("/", "/replies") or page == "/texts" or (page == "/patients" and whose.isdigit())
    return back if known and back.isascii() and back.isprintable() else otherwise


def _claim(session: Session, visit: Visit) -> None:
    claim_reply(session, visit.number("reply"), now=visit.now, by=visit.who.by)


def _give_back(session: Session, visit: Visit) -> None:
    give_back_reply(session, visit.number("reply"))


def _close(session: Session, visit: Visit) -> None:
    """Close a reply; with `release` its number's texts go on."""
    now, by = visit.now, visit.who.by
    close_reply(session, visit.number("reply"), now=now, by=by)
    reply = session.get(Reply, visit.number("reply"))
    if visit.field("release") and reply is not None:
        try:
            release(session, reply.phone, now=now, by=by)
        except Refused:
            return  # somebody else has released it meanwhile


def _seen_to(session: Session, visit: Visit) -> None:
    see_to(session, visit.number("message"), now=visit.now, by=visit.who.by)


PAGES = (
    Page("GET", "/replies", show_replies),
    Page("POST", "/replies/{reply:int}/claim", _acting("claim a reply", _claim)),
    Page("POST", "/replies/{reply:int}/give-back", _acting("give back a reply", _give_back)),
    Page("POST", "/replies/{reply:int}/close", _acting("close a reply", _close)),
    Page("POST", "/texts/{message:int}/seen-to", _acting("told in person", _seen_to)),
)
