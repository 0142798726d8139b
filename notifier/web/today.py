"""Today: what needs a person first, then who is expected, what leaves, and what became of yesterday's texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.actions.opt_out import release
from notifier.actions.replies import claim_reply, close_reply, give_back_reply, see_to
from notifier.db import staff_views
from notifier.db.circuits import open_circuits
from notifier.db.engine import reading, writing
from notifier.db.presence import doubts
from notifier.db.recoveries import sentences
from notifier.db.tables import Enrollment, Reply
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.web.visit import Page, Visit, see
from schedules.offsets import wall_first

_DAY = timedelta(days=1)
_LOOK_BACK = timedelta(days=3)
_LATE_AFTER = timedelta(hours=1)
"""An appointment that nobody has marked this long after it stands out."""
MOST = 25
"""Rows of one list here; the whole list is behind its count."""
_S = MessageState


@dataclass(frozen=True, slots=True)
class DayAhead:
    """One of the next seven days, on the clinic's clock."""

    since: datetime
    many: int
    number: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A booked patient who is not marked yet."""

    enrollment: Enrollment
    late: bool


def show(visit: Visit) -> Response:
    """The day."""
    office, now = visit.office, visit.now
    today, tomorrow = _midnight(visit, 0), _midnight(visit, 1)
    with reading(office.engine) as session:
        clinic = office.clinic_id
        trouble = staff_views.in_trouble(session, clinic, today - _LOOK_BACK, tomorrow + _DAY, MOST)
        values: dict[str, Any] = {
            "replies": staff_views.open_replies(session, clinic, MOST),
            "holds": staff_views.holds_without_reply(session, clinic, MOST),
            "doubts": staff_views.in_doubt(session, clinic, MOST),
            "trouble": trouble,
            "troubles": len(trouble)
            if len(trouble) < MOST
            else staff_views.count_trouble(session, clinic, today - _LOOK_BACK, tomorrow + _DAY),
            "circuits": open_circuits(session, clinic),
            "clocks": doubts(session, now),
            "recoveries": sentences(session, clinic, now),
            "expected": _expected(session, visit, today, tomorrow),
            "soon": staff_views.leaving(session, clinic, None, now + _DAY, 8),
            "in_a_day": staff_views.count_leaving(session, clinic, None, now + _DAY),
            "week": _week(session, visit),
            "yesterday": _counts(staff_views.count_left(session, clinic, _midnight(visit, -1), today)),
        }
    return visit.page("today.html", today=now.astimezone(office.zone).date(), **values)


def _expected(session: Session, visit: Visit, today: datetime, tomorrow: datetime) -> list[Expected]:
    """Today's, and those of the last days that nobody has marked."""
    found = staff_views.expected(session, visit.office.clinic_id, today - _LOOK_BACK, tomorrow, 200)
    return [
        Expected(one, one.appointment_at is not None and visit.now - one.appointment_at > _LATE_AFTER) for one in found
    ]


def _week(session: Session, visit: Visit) -> list[DayAhead]:
    """The next seven days; today's begins now, with what is past due."""
    edges = [_midnight(visit, number) for number in range(8)]
    clinic = visit.office.clinic_id
    return [
        DayAhead(edges[number], staff_views.count_leaving(session, clinic, since, edges[number + 1]), number)
        for number, since in enumerate([None, *edges[1:7]])
    ]


def _counts(found: dict[MessageState, int]) -> list[tuple[str, str, int]]:
    """Yesterday's texts as the page names them: address, words, how many."""
    arrived = found.get(_S.DELIVERED, 0)
    on_their_way = found.get(_S.ACCEPTED, 0) + found.get(_S.SENT, 0)
    not_arrived = found.get(_S.FAILED, 0) + found.get(_S.UNDELIVERED, 0)
    in_doubt = sum(found.get(one, 0) for one in (_S.ATTEMPTING, _S.UNKNOWN, _S.NEEDS_REVIEW))
    return [
        ("delivered", "delivered", arrived),
        ("on-the-way", "sent, no receipt yet", on_their_way),
        ("not-delivered", "not delivered", not_arrived),
        ("in-doubt", "in doubt", in_doubt),
    ]


def _midnight(visit: Visit, days: int) -> datetime:
    """The start of a local day of the clinic; 0 is today."""
    zone = visit.office.zone
    return wall_first(visit.now.astimezone(zone).date() + timedelta(days=days), time.min, zone)


def _acting(what: str, story: Callable[[Session, Visit], object]) -> Callable[[Visit], Response]:
    """Do one small thing, write down who did it, and look at the day again."""

    def act(visit: Visit) -> Response:
        with writing(visit.office.engine) as session:
            story(session, visit)
        visit.note("did", what)
        back = visit.field("back")
        return see(back if back.startswith("/patients/") and back.removeprefix("/patients/").isdigit() else "/")

    return act


def _claim(session: Session, visit: Visit) -> None:
    claim_reply(session, visit.office.clinic_id, visit.number("reply"), now=visit.now, by=visit.who.by)


def _give_back(session: Session, visit: Visit) -> None:
    give_back_reply(session, visit.office.clinic_id, visit.number("reply"))


def _close(session: Session, visit: Visit) -> None:
    """Close a reply; with `release` its number's texts go on."""
    clinic, now, by = visit.office.clinic_id, visit.now, visit.who.by
    close_reply(session, clinic, visit.number("reply"), now=now, by=by)
    reply = session.get(Reply, visit.number("reply"))
    if visit.field("release") and reply is not None:
        try:
            release(session, clinic, reply.phone, now=now, by=by)
        except Refused:
            return  # somebody else has released it meanwhile


def _seen_to(session: Session, visit: Visit) -> None:
    see_to(session, visit.office.clinic_id, visit.number("message"), now=visit.now, by=visit.who.by)


PAGES = (
    Page("GET", "/", show),
    Page("POST", "/replies/{reply:int}/claim", _acting("claim a reply", _claim)),
    Page("POST", "/replies/{reply:int}/give-back", _acting("give back a reply", _give_back)),
    Page("POST", "/replies/{reply:int}/close", _acting("close a reply", _close)),
    Page("POST", "/texts/{message:int}/seen-to", _acting("told in person", _seen_to)),
)
