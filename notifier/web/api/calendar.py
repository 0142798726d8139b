"""The visits of a day, those that nobody has marked, and the report of a month."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Path
from sqlalchemy.orm import Session

from notifier.domain.refused import Refused
from notifier.oversight import visits
from notifier.oversight.reports.month import month_report
from notifier.oversight.reports.table import report_json
from notifier.web.api.callers import Reader
from notifier.web.api.problems import Problem
from notifier.web.api.route import keyed_router
from notifier.web.api.timelines import Instant, ResponseModel

router = keyed_router("calendar")
Day = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-11-30"])]
Month = Annotated[str, Path(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])]


class VisitResponse(ResponseModel):
    """An appointment, or the treatment that it became."""

    enrollment: int
    external_id: str | None
    name: str
    phone: str
    protocol: str
    provider: str | None
    office: str | None
    at: Instant
    """The end of the treatment; the appointment where there was none."""
    visit: visits.VisitState


class VisitListResponse(ResponseModel):
    """At most 300."""

    items: list[VisitResponse]
    unmarked: int
    """Visits of any day of which nobody has said what became of them."""


class FiguresResponse(ResponseModel):
    """What happened with the texts of one group in a month; null is a count that is hidden, or nothing to measure."""

    name: str | None
    others: int
    """How many groups that are too small stand here together."""
    patients: int
    sent: int
    arrived: int
    asked: int
    answered: int | None
    silent: int | None
    opted_out: int | None
    segments: int
    minutes_to_a_person: float | None
    hidden: list[str]


class ReportResponse(ResponseModel):
    """A month. Small counts of what patients did are hidden, and small groups stand together."""

    month: str
    hidden_below: int
    total: FiguresResponse | None
    by_protocol: list[FiguresResponse]
    by_provider: list[FiguresResponse]
    by_office: list[FiguresResponse]


@router.get("/days/{day}")
def list_visits(day: Day, caller: Reader) -> VisitListResponse:
    """Who is expected, was treated, did not come, or is unmarked on that day of the clinic, the first to come first."""
    zone = caller.context.zone
    try:
        on = date.fromisoformat(day)
        visits.day_of(on, zone)
    except (ValueError, OverflowError):
        raise Problem(404, f"There is no day {day}.") from None
    return caller.read(lambda session: _visits(session, visits.visits(session, on, zone, caller.now), caller))


@router.get("/visits/unmarked")
def list_unmarked(caller: Reader) -> VisitListResponse:
    """Appointments of any age of which nobody has said what became of them, the latest first."""
    return caller.read(lambda session: _visits(session, visits.unmarked(session, caller.now), caller))


@router.get("/reports/{month}")
def show_report(month: Month, caller: Reader) -> ReportResponse:
    """Sent, arrived, answered, opted out, minutes to a person and segments, by protocol, provider and office."""

    def ask(session: Session) -> ReportResponse:
        found: dict[str, Any] = report_json(month_report(session, month, caller.context.zone, caller.now))
        return ReportResponse.model_validate(found)

    try:
        return caller.read(ask)
    except Refused as why:
        raise Problem(404, f"{why}.") from None


def _visits(session: Session, rows: list[visits.Visit], caller: Reader) -> VisitListResponse:
    many = visits.count_unmarked(session, caller.now)
    return VisitListResponse.model_validate({"items": [one.to_json() for one in rows], "unmarked": many})
