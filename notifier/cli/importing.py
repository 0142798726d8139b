"""`notifier import`: many patients from a CSV file. Everything is checked first; a re-run completes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from notifier.actions.import_rows import ImportReport, import_rows
from notifier.actions.import_rows import Progress as Tell
from notifier.cli.errors import Failed
from notifier.cli.office import office
from notifier.cli.options import Json
from notifier.cli.screen import note, print_json, show
from notifier.domain.csv_rows import template as sample
from notifier.domain.refused import Refused

_MOST_SHOWN = 50


def import_file(
    file: Annotated[str | None, typer.Argument(help="A CSV file; - reads it from stdin.", metavar="FILE.csv")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Import the good rows where others are bad.")] = False,
    template: Annotated[bool, typer.Option("--template", help="Print a sample file.")] = False,
    as_json: Json = False,
) -> None:
    """Enroll many from a CSV file."""
    if template == (file is not None):
        raise Refused("name one CSV file; for a sample of one: notifier import --template")
    with office(writes_texts=not template) as desk:
        if template:
            sys.stdout.write(sample(desk.protocols, desk.rules, desk.now))
            return
        data = _read(str(file))
        with _bar() as tell:
            report = import_rows(
                desk.engine,
                data,
                protocols=desk.protocols,
                rules=desk.rules,
                now=desk.now,
                by=desk.by,
                dry_run=dry_run,
                skip_bad=skip_bad,
                progress=tell,
            )
    if as_json:
        print_json(_as_json(report))
    else:
        _print(report)
    if report.fault_count:
        _refuse(report)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as why:
        raise Refused(f"{file} cannot be read ({why.strerror}); name a readable CSV file", "file") from None


@contextmanager
def _bar() -> Iterator[Tell]:
    """A progress bar on stderr, at a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=of)
            progress.update(bars[what], completed=done, total=of)

        yield tell


def _as_json(report: ImportReport) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "rows": report.rows,
        "written": report.written,
        "counts": {meaning.value: count for meaning, count in report.counts.items()},
        "faults": [{"row": one.row, "column": one.column, "sentence": one.sentence} for one in report.faults],
        "fault_count": report.fault_count,
        "opted_out": report.opted_out,
        "for_staff": report.for_staff,
    }


def _print(report: ImportReport) -> None:
    done = "; nothing is written in a dry run" if report.dry_run else ""
    counts = ", ".join(f"{count} {meaning.value}" for meaning, count in report.counts.items() if count)
    show(f"{report.rows} rows: {counts or 'none good'}{done}")
    for row in report.opted_out[:_MOST_SHOWN]:
        show(f"row {row}: this number has opted out: enrolled, and nothing will be sent")
    for sentence in report.for_staff[:_MOST_SHOWN]:
        show(sentence)
    for hidden in (len(report.opted_out) - _MOST_SHOWN, len(report.for_staff) - _MOST_SHOWN):
        if hidden > 0:
            show(f"... and {hidden} more of these; see them all with --json")


def _refuse(report: ImportReport) -> None:
    for fault in report.faults[:_MOST_SHOWN]:
        note(str(fault))
    if (hidden := report.fault_count - _MOST_SHOWN) > 0:
        note(f"... and {hidden} more; see them with --json")
    rows = "1 row is" if report.fault_count == 1 else f"{report.fault_count} rows are"
    if report.refused:
        raise Refused(f"{rows} bad, so nothing was written; mend them, or leave them out with --skip-bad")
    raise Failed(f"{rows} bad and left out; the others are imported; mend them and run it again")
