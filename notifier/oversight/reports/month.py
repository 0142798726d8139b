"""A month's report: what was sent, arrived, was answered and cost, by protocol, provider and office."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, exists, func, null, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.rows import table_of
from notifier.db.tables import Enrollment, Message, OptOut, Reply
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.numbers.asks import is_ask, wrote_since
from notifier.oversight.answers import waits_for_a_person_of
from notifier.oversight.reports.figures import Figures, hide_small, shown, sum_of
from schedules.asking import AGAIN
from schedules.offsets import wall_first
from schedules.segments import count_segments

GROUPED_BY: Final = ("protocol", "provider", "office")
_TAKEN: Final = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED)
"""What the provider took, and bills."""
_NEVER_LEFT: Final = (MessageState.PLANNED, MessageState.EXPIRED, MessageState.CANCELLED, MessageState.SUPPRESSED)
_BETWEEN: Final = "\x1e"
"""Between two texts; no text has it."""
_NOT_ASKED_FOR: Final = "number_changed"
Group = tuple[str, str | None, str | None]
"""Protocol, provider, office."""


@dataclass(frozen=True, slots=True)
class MonthReport:
    """The figures of one local month of the clinic."""

    month: str
    """Such as 2026-11."""
    total: Figures | None
    """None where so few patients had texts that nothing is shown."""
    tables: dict[str, list[Figures]]
    """By what they are grouped."""


def month_of(said: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which a local month lies. Raises Refused for what is no month."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", said)
    if found is None or not 2 <= int(found[1]) <= 9998:
        raise Refused(f'"{said[:20]}" is no month; write it like 2026-11', "month")
    year, month = int(found[1]), int(found[2])
    following = date(year + month // 12, month % 12 + 1, 1)
    return wall_first(date(year, month, 1), time.min, zone), wall_first(following, time.min, zone)


def month_report(session: Session, month: str, zone: ZoneInfo, now: datetime) -> MonthReport:
    """The report of a month. Raises Refused for what is no month."""
    since, until = month_of(month, zone)
    groups: dict[Group, Figures] = defaultdict(Figures)
    _count_texts(session, since, until, groups)
    _count_questions(session, since, until, now, groups)
    _count_opt_outs(session, since, until, groups)
    for group, minutes in _waits(session, since, until):
        groups[group].minutes.append(minutes)
    tables = {}
    for place, name in enumerate(GROUPED_BY):
        by_name: dict[str | None, Figures] = defaultdict(Figures)
        for group, figures in groups.items():
            by_name[group[place]].add(figures)
        tables[name] = shown(by_name)
    total = sum_of(groups.values())
    return MonthReport(month, hide_small(total) if tables["protocol"] else None, tables)


_GROUP: Final = tuple(col(getattr(Enrollment, name)) for name in GROUPED_BY)


def _left(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    left_at = col(Message.left_at)
    return left_at.is_not(None), left_at >= since, left_at < until, col(Message.state).not_in(_NEVER_LEFT)


def _count_texts(session: Session, since: datetime, until: datetime, groups: dict[Group, Figures]) -> None:
    """A row for each group: what a text costs is in its letters, which no database counts: they come at once."""
    arrived = func.sum(case((col(Message.state) == MessageState.DELIVERED, 1), else_=0))
    billed = case((col(Message.state).in_(_TAKEN), col(Message.sent_text)), else_=null())
    patients = func.count(col(Enrollment.id).distinct())
    found = select(*_GROUP, func.count(), arrived, patients, func.aggregate_strings(billed, _BETWEEN))
    found = found.join(Message, col(Enrollment.id) == col(Message.enrollment_id)).where(*_left(since, until))
    for *group, sent, arrived_of, who, words in session.execute(found.group_by(*_GROUP)):
        figures = groups[_group(group)]
        figures.sent, figures.arrived, figures.patients = sent, arrived_of, who
        figures.segments = sum(count_segments(one).count for one in (words or "").split(_BETWEEN) if one)


def _count_questions(
    session: Session, since: datetime, until: datetime, now: datetime, groups: dict[Group, Figures]
) -> None:
    replies = table_of(Reply).alias()
    answered = exists().where(replies.c.ask_id == col(Message.id))
    silent = (col(Message.expires_at) <= now) & ~wrote_since() & col(Message.state).in_(_TAKEN)
    found = (
        select(*_GROUP, func.count(), func.sum(case((answered, 1), else_=0)), func.sum(case((silent, 1), else_=0)))
        .select_from(Message)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(*_left(since, until), is_ask(), col(Message.expires_at) >= since, ~col(Message.step).endswith(AGAIN))
        .group_by(*_GROUP)
    )
    for *group, asked, with_answer, without in session.execute(found):
        figures = groups[_group(group)]
        figures.asked, figures.answered, figures.silent = asked, with_answer, without


def _count_opt_outs(session: Session, since: datetime, until: datetime, groups: dict[Group, Figures]) -> None:
    """Each counts once, with the enrollment that its number had last by then."""
    newest = select(func.max(col(Enrollment.id))).where(
        col(Enrollment.phone) == col(OptOut.phone), col(Enrollment.enrolled_at) <= col(OptOut.at)
    )
    found = select(*_GROUP).join(OptOut, col(Enrollment.id) == newest.correlate(OptOut).scalar_subquery())
    asked_for = (col(OptOut.at) >= since, col(OptOut.at) < until, col(OptOut.source) != _NOT_ASKED_FOR)
    for group in session.execute(found.where(*asked_for)):
        groups[_group(group)].opted_out += 1


def _waits(session: Session, since: datetime, until: datetime) -> Iterator[tuple[Group, float]]:
    """With the enrollment that the number had last by then."""
    waited = waits_for_a_person_of(session, since, until)
    phones = sorted({phone for phone, _, _ in waited})
    whose: dict[str, list[tuple[datetime, Group]]] = defaultdict(list)
    for start in range(0, len(phones), 5000):
        found = select(col(Enrollment.phone), col(Enrollment.enrolled_at), *_GROUP)
        found = found.where(col(Enrollment.phone).in_(phones[start : start + 5000])).order_by(col(Enrollment.id))
        for phone, enrolled_at, *group in session.execute(found):
            whose[phone].append((enrolled_at, _group(group)))
    for phone, at, minutes in waited:
        by_then = [group for enrolled_at, group in whose[phone] if enrolled_at <= at]
        if by_then:
            yield by_then[-1], minutes


def _group(values: Any) -> Group:
    protocol, provider, office = values
    return protocol, provider, office
