"""The visits of a day, those that nobody has marked, and the report of a month."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from notifier.cli.context import command_context
from notifier.cli.options import Json
from notifier.cli.output import note, print_json, print_table
from notifier.db.engine import reading
from notifier.domain.refused import Refused
from notifier.oversight import visits
from notifier.oversight.reports.month import GROUPED_BY, month_report
from notifier.oversight.reports.table import COUNTS, name_of, report_json, said, write_report
from schedules.saying import say_hour, say_moment

AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


def day(
    on: Annotated[str | None, typer.Argument(metavar="[DATE]", help="Like 2026-11-30; today unless said.")] = None,
    unmarked: Annotated[bool, typer.Option("--unmarked", help="Instead, every visit that nobody has marked.")] = False,
    as_json: Json = False,
) -> None:
    """The visits of a day: who is expected, was treated, did not come, or is unmarked."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        zone = ZoneInfo(context.rules.timezone)
        if unmarked:
            rows, others = visits.unmarked(session, context.now), 0
        else:
            rows = visits.visits(session, _date(on) if on else context.now.astimezone(zone).date(), zone, context.now)
            others = visits.count_unmarked(session, context.now)
        context.shows(one.enrollment.id for one in rows)
    if as_json:
        print_json([one.to_json() for one in rows])
        return
    table = [
        (say_moment(one.at, zone) if unmarked else say_hour(one.at.astimezone(zone)), str(one.enrollment.id),
         f"{one.enrollment.name}, {one.enrollment.phone}", one.enrollment.protocol, one.enrollment.provider or "-",
         one.enrollment.office or "-", one.state.value)
        for one in rows
    ]  # fmt: skip
    columns = ("at", "enrollment", "patient", "protocol", "provider", "office", "visit")
    print_table(columns, table, empty="no visit is unmarked" if unmarked else "no visits on this day")
    if len(rows) == visits.MOST:
        note(f"the first {visits.MOST}")
    if others:
        note(f"unmarked visits: {others} (notifier day --unmarked)")


def report(
    month: Annotated[str | None, typer.Option(help="Like 2026-11; the present one unless said.")] = None,
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """A month by protocol, provider and office: sent, arrived, answered, opted out, minutes to a person, segments."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        zone = ZoneInfo(context.rules.timezone)
        found = month_report(session, month or f"{context.now.astimezone(zone):%Y-%m}", zone, context.now)
    if as_json:
        print_json(report_json(found))
        return
    if as_csv:
        write_report(sys.stdout, found)
        return
    if found.total is None:
        note(f"texts left for too few patients in {found.month}: nothing is shown")
        return
    lines = [("all", "", found.total)]
    lines += [(by, name_of(one), one) for by in GROUPED_BY for one in found.tables[by]]
    rows = [
        (by, name, *(said(one, count) for count in COUNTS),
         "-" if one.minutes_to_a_person is None else f"{one.minutes_to_a_person:.0f}")
        for by, name, one in lines
    ]  # fmt: skip
    columns = ("by", "name", *(one.replace("_", " ") for one in COUNTS), "minutes to a person")
    print_table(columns, rows, empty="nothing")


def _date(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused(f'"{typed[:20]}" is no date; write it like 2026-11-30', "date") from None
