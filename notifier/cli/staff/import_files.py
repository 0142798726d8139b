"""Files that are imported: read, through a mapping where they are another system's, and their bad rows written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from notifier.cli.context import CommandContext
from notifier.cli.errors import Failed
from notifier.db.engine import reading
from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.importing.csv_text import LARGEST_FILE
from notifier.enrollments.importing.failed_rows import Table, write_failed_rows
from notifier.enrollments.importing.mappings.apply import FileReader
from notifier.enrollments.importing.mappings.fitting import fitting_mappings
from notifier.enrollments.importing.mappings.registry import every_mapping
from notifier.enrollments.importing.mappings.stored import Meanings, open_reader, own_mappings, remember
from notifier.enrollments.importing.report import ImportReport


def open_mapping(
    context: CommandContext, mapping: str | None, consent: str, said: Meanings, dry_run: bool, complete: bool = False
) -> FileReader | None:
    """What reads the file, where it is another system's; what was said of its words is remembered."""
    if mapping is None and (said or consent or complete):
        raise Refused(
            "--consent, --complete, --service, --status, --office and --consent-word are said of a mapping: name it "
            "with --as NAME; see: notifier mappings list",
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


@contextmanager
def naming_what_fits(context: CommandContext, data: bytes, reader: FileReader | None) -> Iterator[None]:
    """A file that is refused because nobody said who wrote it: say which mapping it fits."""
    try:
        yield
    except Refused as why:
        if reader is not None or why.code is not RefusalCode.FILE_OF_ANOTHER_SHAPE:
            raise
        with reading(context.engine) as session:
            fits = fitting_mappings(data, every_mapping(own_mappings(session)))
        if not fits:
            raise
        named = " or ".join(f"--as {one.name}" for one in fits)
        raise Refused(f"the file has the columns of a booking system's: say {named}", "as") from None


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
