"""Today: what needs a person first, then who is expected, what leaves, and what became of yesterday's texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.tables import Enrollment
from notifier.domain.states import MessageState
from notifier.oversight import worklists
from notifier.oversight.alerts.alert_rules import to_be_marked_by
from notifier.oversight.visits import planned_end
from notifier.tasks.sources import UNMARKED_AFTER
from notifier.web.pages.desk.back import undoable
from notifier.web.pages.desk.first_days import steps_of
from notifier.web.pages.desk.marked import marked
from notifier.web.pages.desk.sending_status import status_notices
from notifier.web.pages.desk.task_rows import task_list
from notifier.web.view import Page, View
from schedules.offsets import wall_first

_DAY = timedelta(days=1)
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
    ended: datetime | None
    """What stands in the field for the treatment's end: when it was planned to end, where that has passed, as the
    booking system's file says; else now, which is never too early; on a later day nothing."""
    is_time: bool
    """Whether the appointment has come."""


def show(view: View) -> Response:
    """The day."""
    token = view.desk.token
    values = view.read_once(token, lambda: _read(view))
    today = view.now.astimezone(view.context.zone).date()
    return view.page(
        "today.html", about="Today", desk_token=token, today=today, marked=marked(view), undo=undoable(view), **values
    )


def _read(view: View) -> dict[str, Any]:
    """All that the page shows: the same for everybody who may see the same patients."""
    context, now = view.context, view.now
    today, tomorrow = _midnight(view, 0), _midnight(view, 1)
    edges, in_a_day = [_midnight(view, number) for number in range(8)], now + _DAY
    with context.visible_session() as session:
        leaving, waiting = worklists.count_upcoming(session, {in_a_day, *edges[1:]})
        return {
            "alarms": status_notices(session, view),
            "steps": steps_of(session, view),
            "tasks": task_list(session, view),
            "expected": _expected(session, view, today, tomorrow),
            "soon": worklists.upcoming(session, None, now + _DAY, 8),
            "in_a_day": leaving[in_a_day],
            "week": _week(edges, leaving),
            "waiting": waiting,
            "yesterday": _counts(worklists.count_left(session, _midnight(view, -1), today)),
        }


def _expected(session: Session, view: View, today: datetime, tomorrow: datetime) -> list[Expected]:
    """Today's, until they are among what needs a person."""
    rules = view.context.alert_rules
    found = worklists.expected(session, max(today, view.now - UNMARKED_AFTER), tomorrow, 200)
    return [
        Expected(
            one,
            late=view.now >= to_be_marked_by(at, rules, one.office),
            ended=planned_end(one, view.now) or (view.now if at >= today else None),
            is_time=view.now >= at,
        )
        for one in found
        if (at := one.appointment_at) is not None
    ]


def _week(edges: Sequence[datetime], leaving: Mapping[datetime, int]) -> list[DayAhead]:
    """The next seven days; today's begins now, with what is past due."""
    days = enumerate(pairwise(edges))
    return [DayAhead(since, leaving[until] - leaving.get(since, 0), number) for number, (since, until) in days]


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


def _midnight(view: View, days: int) -> datetime:
    """The start of a local day of the clinic; 0 is today."""
    zone = view.context.zone
    return wall_first(view.now.astimezone(zone).date() + timedelta(days=days), time.min, zone)


PAGES = (Page("GET", "/", show, live=True),)
