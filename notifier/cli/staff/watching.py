"""`notifier import --watch FOLDER --as NAME`: every file that comes into a folder is taken once and put away."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Final

import structlog

from notifier.cli.context import CommandContext, command_context
from notifier.cli.output import note
from notifier.cli.staff.import_files import open_mapping, read_bytes, write_bad_rows, written_at
from notifier.db.errors import DatabaseFailure
from notifier.domain.counted import counted
from notifier.domain.refused import Refused
from notifier.enrollments.importing.drop_folder import DropFolder, Place, record_file
from notifier.enrollments.importing.file_change import PASSED
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.report import ImportReport

LOOK: Final = 5.0
"""Seconds between two looks: a file that has not changed meanwhile is whole."""
_ALL: Final = 10_000_000
log = structlog.get_logger()


def watch_folder(folder: Path, mapping: str, consent: str, *, dry_run: bool) -> None:
    """Take files until SIGTERM or SIGINT; the good rows go in, the bad ones stand in a file to mend.

    Raises Refused where folder or mapping are wrong; what is wrong with one file stops nothing.
    """
    with command_context(writes_texts=True, creates=True, dry_run=dry_run) as context:
        open_mapping(context, mapping, consent, {}, dry_run=True)  # whether there is such a mapping
    if dry_run:
        note(f"dry run, nothing is changed: would take the files in {folder} through {mapping}")
        return
    files, ended = DropFolder(folder), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    note(f"watching {folder}")
    while not ended.is_set():
        for file in files.settled():
            try:
                with command_context(writes_texts=True, creates=True) as context:
                    take(context, files, file, mapping, consent)
            except (DatabaseFailure, OSError) as why:  # the file stays, and is taken at the next look
                log.warning("file_not_taken", why=type(why).__name__)
        ended.wait(LOOK)


def take(context: CommandContext, files: DropFolder, file: Path, mapping: str, consent: str) -> Place:
    """Import one file and put it away: `done`, or `failed` with what is wrong beside it."""
    report, why, bad_rows = None, None, None
    try:
        data = read_bytes(str(file))
        reader = open_mapping(context, mapping, consent, {}, dry_run=False)
        assert reader is not None  # there is a mapping
        report = import_rows(
            context.engine, data, protocols=context.protocols, rules=context.rules, now=context.now, by=context.by,
            skip_bad=True, most_faults=_ALL, read=reader.rows, passed=PASSED,
            visits=reader.visits, said_at=written_at(file, context.now),
        )  # fmt: skip
        bad_rows = reader.original(data)
    except Refused as refused:
        why = str(refused)
    place: Place = "failed" if why or (report and report.bad_rows) else "done"
    away = files.put_away(file, place, context.now)
    if report is not None and report.bad_rows and bad_rows is not None:
        write_bad_rows(away.with_name(f"{away.name}.mend.csv"), bad_rows, report)
    with context.change() as session:
        record_file(session, mapping, file.name, report=report, why=why, now=context.now, by=context.by)
    note(f"{file.name}: {_said(report, why)}")
    return place


def _said(report: ImportReport | None, why: str | None) -> str:
    if report is None:
        return f"refused: {why}"
    counts = ", ".join(f"{count} {meaning.value}" for meaning, count in report.counts.items() if count)
    mend = f"; {report.bad_rows} to mend" if report.bad_rows else ""
    absent = f"; not ended, and not in the file any more: {len(report.absent)}" if report.absent else ""
    return f"{counted(report.rows, 'row')}: {counts or 'none good'}{mend}{absent}"
