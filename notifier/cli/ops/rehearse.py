"""`notifier rehearse`: weeks of a clinic in minutes, and whether every promise was kept."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from notifier.cli.options import Json
from notifier.cli.output import note, print_json, print_table
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.logs import configure_logs
from notifier.rehearsal.rehearse import RehearsalPlan, Rehearsed, rehearse
from notifier.rehearsal.report import RehearsalReport
from schedules.catalogue import load_file
from schedules.errors import ProtocolError
from schedules.protocol import CareProtocol

_MOST: Final = 50_000
_SHOWN: Final = 20


def rehearse_weeks(
    since: Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01.")],
    until: Annotated[str, typer.Option("--to", help="The last day.")],
    patients: Annotated[int | None, typer.Option(min=1, max=_MOST, help="So many made-up patients come.")] = None,
    database: Annotated[
        Path | None, typer.Option(help="Play on a copy of this SQLite file or backup; it is only read.")
    ] = None,
    protocol: Annotated[
        Path | None,
        typer.Option(
            help="An edited protocol's file: made-up patients get this one; running ones of the copy move to it first."
        ),
    ] = None,
    outage: Annotated[
        str | None,
        typer.Option(
            help='When nothing runs, such as "Tue 02:00-Wed 09:00", on the clinic\'s clock; '
            'with "twilio" before it: when Twilio alone does not answer.'
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number: other patients and other luck.")] = 0,
    report: Annotated[Path, typer.Option(help="A new directory for the report: a page for each patient.")] = Path(
        "rehearsal"
    ),
    json_: Json = False,
) -> int:
    """Play weeks in minutes with the real engine and a loopback Twilio, and count the promises.

    No phone rings, and the database that you name is not changed.
    """
    if (patients is None) == (database is None):
        raise Refused("say --patients N or --database FILE, one of them: who is texted")
    if report.exists():
        raise Refused(f"{report} exists already: name a new directory with --report")
    plan = RehearsalPlan(
        begins=_day(since, "--from"),
        ends=_day(until, "--to"),
        patients=patients or 0,
        database=database,
        protocol=_protocol(protocol),
        outage=outage,
        seed=seed,
    )
    configure_logs(level="ERROR")
    pages = RehearsalReport(report, f"Rehearsal, {plan.begins} to {plan.ends}")
    done = rehearse(plan, pages, watch=_say_month)
    if json_:
        print_json(_document(done, pages))
    else:
        _print(done, pages)
    return 0 if done.is_well else 1


def _print(done: Rehearsed, pages: RehearsalReport) -> None:
    rows = []
    for one in done.kept:
        rows.append(("BROKEN" if one.broken else "kept", one.promise, one.found))
        rows += [("", "", breach) for breach in one.broken[:_SHOWN]]
    print_table(("", "Promise", "Counted from what left and what was planned"), rows, empty="")
    if done.refused:
        note(f"{len(done.refused)} could not be enrolled; the first: {done.refused[0]}.")
    note(f"{counted(done.texts, 'text')} left, and reached no phone. Read them in {pages.index}.")


def _document(done: Rehearsed, pages: RehearsalReport) -> dict[str, object]:
    return {
        "kept": done.is_well,
        "promises": [{"promise": one.promise, "found": one.found, "broken": list(one.broken)} for one in done.kept],
        "texts": done.texts,
        "refused": done.refused,
        "report": str(pages.index),
    }


def _say_month(now: datetime) -> None:
    if now.day == 1:
        note(f"It is {now:%B %Y} in the rehearsal.")


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f'"{text}" is no date: write {option} like 2026-03-01') from None


def _protocol(file: Path | None) -> CareProtocol | None:
    if file is None:
        return None
    try:
        return load_file(file).all_read()[file.stem]
    except ProtocolError as error:
        raise Refused(str(error)) from None
