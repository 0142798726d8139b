"""Files that are imported: read, through a mapping where they are another system's, and their bad rows written."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from notifier.cli.context import CommandContext
from notifier.cli.errors import Failed
from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import LARGEST_FILE
from notifier.enrollments.importing.failed_rows import Table, write_failed_rows
from notifier.enrollments.importing.mappings.apply import FileReader
from notifier.enrollments.importing.mappings.stored import Meanings, open_reader, remember
from notifier.enrollments.importing.report import ImportReport


def open_mapping(
    context: CommandContext, mapping: str | None, consent: str, said: Meanings, dry_run: bool, complete: bool = False
) -> FileReader | None:
    """What reads the file, where it is another system's; what was said of its words is remembered."""
    if mapping is None and (said or consent or complete):
        raise Refused(
            "--consent, --complete, --service, --status, --office and --consent-word are said of a mapping: name it "
            "with --as NAME",
            "as",
        )
    if mapping is None:
        return None
    with context.change() as session:
        if not dry_run:
            remember(session, mapping, said, now=context.now, by=context.by)
        return open_reader(
            session, mapping, context.protocols, context.rules, consent=consent, said=said, complete=complete
        )


def write_bad_rows(file: Path, table: Table, report: ImportReport) -> None:
    """Patients are in it, so that only its owner may read it; with a mark, which spreadsheets need."""
    try:
        number = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(number, "w", encoding="utf-8-sig", newline="") as out:
            write_failed_rows(out, table, report.faults)
    except OSError as why:
        raise Failed(f"--bad-rows {file} could not be written ({why.strerror}); look at its directory") from None


def written_at(file: Path | str | None, now: datetime) -> datetime:
    """When a file was last changed, for what it says cannot be newer; now where nobody knows."""
    try:
        return min(datetime.fromtimestamp(Path(str(file)).stat().st_mtime, UTC), now)
    except (OSError, ValueError, OverflowError):
        return now


def read_bytes(file: str) -> bytes:
    """At most a byte more than may be in it, which is enough to refuse the rest."""
    if file == "-":
        return sys.stdin.buffer.read(LARGEST_FILE + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except OSError as why:
        raise Refused(f"{file} cannot be read ({why.strerror}); name a readable CSV file", "file") from None
