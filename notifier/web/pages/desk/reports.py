"""The report of a month: sent, arrived, answered, how soon a person came, and what it cost."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from notifier.domain.refused import Refused
from notifier.oversight.reports.figures import FEWEST, HIDDEN
from notifier.oversight.reports.month import GROUPED_BY, MonthReport, month_of, month_report
from notifier.oversight.reports.table import COUNTS, name_of, write_report
from notifier.web.view import NotFound, Page, View, redirect


def this_month(view: View) -> Response:
    """The month that it is."""
    return redirect(f"/reports/{_today(view):%Y-%m}")


def show(view: View) -> Response:
    """One month."""
    report = _report(view)
    first = date.fromisoformat(f"{report.month}-01")
    months: dict[str, Any] = {
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{first + timedelta(days=31):%Y-%m}" if report.month < f"{_today(view):%Y-%m}" else None,
        "title": f"{first:%B %Y}",
    }
    return view.page(
        "report.html",
        about="report",
        report=report,
        counts=COUNTS,
        groups=[one for one in GROUPED_BY if one != "office" or view.context.rules.offices],
        name_of=name_of,
        hidden=HIDDEN,
        fewest=FEWEST,
        **months,
    )


def download(view: View) -> Response:
    """The same as a file."""
    report = _report(view)
    view.note("saw", "report as a file")
    out = io.StringIO()
    write_report(out, report)
    named = {"Content-Disposition": f'attachment; filename="report-{report.month}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


def _report(view: View) -> MonthReport:
    month, zone = str(view.request.path_params["month"]), view.context.zone
    try:
        month_of(month, zone)
    except Refused:
        raise NotFound from None
    with view.context.visible_session() as session:
        return month_report(session, month, zone, view.now)


def _today(view: View) -> date:
    return view.now.astimezone(view.context.zone).date()


PAGES = (
    Page("GET", "/reports", this_month),
    Page("GET", "/reports/{month}", show),
    Page("GET", "/reports/{month}/report.csv", download),
)
