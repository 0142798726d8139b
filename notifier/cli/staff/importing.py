"""`notifier import`: many patients from a CSV file. Everything is checked first; a re-run completes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from notifier.bootstrap.planning import build_clock, planning_rules, protocols
from notifier.cli.context import command_context, rehearsal
from notifier.cli.errors import Failed
from notifier.cli.options import Informed, Json
from notifier.cli.output import is_attended, note, print_json, show, write
from notifier.cli.safe_text import SafeConsole
from notifier.cli.staff.import_files import naming_what_fits, open_mapping, read_bytes, write_bad_rows, written_at
from notifier.cli.staff.watching import watch_folder
from notifier.config.settings import load_settings
from notifier.db.engine import reading
from notifier.domain.counted import counted
from notifier.domain.instants import local_text, zone_called
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.effect import Effect
from notifier.enrollments.effect_sentences import effect_sentences
from notifier.enrollments.importing.absent_visits import AbsentVisit
from notifier.enrollments.importing.csv_text import read_csv
from notifier.enrollments.importing.drop_folder import record_file
from notifier.enrollments.importing.file_change import PASSED
from notifier.enrollments.importing.import_rows import Progress as ReportProgress
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.mappings.apply import FileReader, UnknownWord
from notifier.enrollments.importing.mappings.unknown_words import unknown_words
from notifier.enrollments.importing.report import MOST_FAULTS, ImportReport
from notifier.enrollments.importing.rows import template as sample
from notifier.oversight.naming import number_and_name, with_names
from schedules.saying import say_moment

_EXAMPLES: Final = {
    "service": "Consultation=none", "status": "Checked in=booked", "office": "Main Street=main",
    "consent-word": "Oui=yes",
}  # fmt: skip
_MOST_SHOWN = 50
Words = Annotated[
    list[str] | None, typer.Option(help="With --as: WORD=MEANING, what a word of the file means; it is remembered.")
]
_ALL = 10_000_000
"""More faults than a file of the largest size has."""


def import_file(
    file: Annotated[str | None, typer.Argument(help="A CSV file; - reads it from stdin.", metavar="FILE.csv")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Import the good rows where others are bad.")] = False,
    bad_rows: Annotated[
        Path | None, typer.Option("--bad-rows", help="Write the bad rows there, to mend and import.", metavar="OUT.csv")
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--as", help="Read another system's file through this mapping; see: notifier mappings list.", metavar="NAME"
        ),
    ] = None,
    consent: Annotated[
        str, typer.Option(help="With --as: how everybody in the file agreed, where the file does not say it.")
    ] = "",
    service: Words = None,
    status: Words = None,
    office: Words = None,
    consent_word: Words = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="With --as: the file names every visit of its days; show what it lacks.")
    ] = False,
    informed: Informed = None,
    watch: Annotated[
        Path | None, typer.Option(help="With --as: take every file that comes into this folder.", metavar="FOLDER")
    ] = None,
    end_absent: Annotated[
        bool,
        typer.Option(
            "--end-absent", help="With --as: end the booked visits that the file should name and does not any more."
        ),
    ] = False,
    template: Annotated[bool, typer.Option("--template", help="Print a sample file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --json at a terminal: import, do not only check.")] = False,
    as_json: Json = False,
) -> None:
    """Enroll many from a CSV file, or through a mapping from a booking system's file."""
    if watch is not None:
        if file is not None or template or mapping is None or end_absent:
            raise Refused(
                "--watch FOLDER goes with --as NAME, and with no file of its own and no --end-absent", "watch"
            )
        watch_folder(watch, mapping, consent, dry_run=dry_run)
        return
    if template == (file is not None):
        raise Refused("name one CSV file; for a sample of one: notifier import --template")
    if template:
        settings = load_settings()
        write(sample(protocols(settings), planning_rules(settings), build_clock(settings).now()))
        return
    said = meanings(service=service, status=status, office=office, consent=consent_word)
    if bad_rows is not None:
        _refuse_unless_free(bad_rows)
    dry_run = dry_run or (as_json and not yes and is_attended())
    effects: list[tuple[int, Effect]] = []
    with rehearsal() if dry_run else command_context(writes_texts=True, creates=True) as context:
        data = read_bytes(str(file))
        reader = open_mapping(context, mapping, consent, said, dry_run, complete)
        with naming_what_fits(context, data, reader), _bar() as advance:
            report = import_rows(
                context.engine,
                data,
                protocols=context.protocols,
                rules=context.rules,
                now=context.now,
                by=context.by,
                dry_run=dry_run,
                skip_bad=skip_bad,
                most_faults=_ALL if bad_rows else MOST_FAULTS,
                progress=advance,
                informed=informed,
                see_effect=(lambda row, effect: effects.append((row, effect))) if as_json or dry_run else None,
                read=reader.rows if reader else read_csv,
                passed=PASSED if reader else timedelta(),
                visits=reader.visits if reader else None,
                end=_ending(reader, end_absent),
                said_at=written_at(file, context.now),
            )
        if reader and not dry_run:
            with context.change() as session:
                record_file(session, mapping, Path(str(file)).name, report=report, now=context.now, by=context.by)
    if as_json:
        said_of = [{"row": row, **effect.to_json()} for row, effect in effects]
        print_json({**_as_json(report), "effects": said_of, "unknown": _unknown_json(reader)})
    else:
        report.for_staff += [f"row {row}: {said}" for row, effect in effects for said in _would(effect)]
        with reading(context.engine) as session:
            report.for_staff[:_MOST_SHOWN] = with_names(session, report.for_staff[:_MOST_SHOWN], number_and_name)
        _print(report, skip_bad, reader)
    if report.fault_count:
        if bad_rows is not None:
            write_bad_rows(bad_rows, reader.original(data) if reader else read_csv(data), report)
        _refuse(report, bad_rows, skip_bad)


def meanings(**given: Iterable[str] | None) -> dict[UnknownWord, str]:
    """`--service "Facial=none" --status "Arrived=booked"` as what the words of a file mean."""
    read: dict[UnknownWord, str] = {}
    for what, ones in given.items():
        for one in ones or ():
            word, equals, means = (part.strip() for part in one.rpartition("="))
            if not (equals and word and means):
                option = "consent-word" if what == "consent" else what
                raise Refused(
                    f'--{option} "{one}" is not WORD=MEANING; write it like --{option} "{_EXAMPLES[option]}"', option
                )
            read[UnknownWord(what, word)] = means
    return read


def _ending(reader: FileReader | None, end_absent: bool) -> Callable[[AbsentVisit], bool] | None:
    """Which absent visits end. Raises Refused where the file need not name every visit."""
    if not end_absent:
        return None
    if reader is None or not reader.visits.is_complete:
        raise Refused(
            "--end-absent is said of another system's file that names every visit of its days: name its mapping with "
            "--as NAME, and say --complete (or write complete = true in the mapping)",
            "end-absent",
        )
    return lambda one: one.is_of_its_days


def _refuse_unless_free(file: Path) -> None:
    if file.exists():
        raise Refused(f"--bad-rows {file} exists already; name a file that does not", "bad-rows")
    if not file.parent.is_dir():
        raise Refused(f"--bad-rows {file}: there is no directory {file.parent}; create it, or name another", "bad-rows")


@contextmanager
def _bar() -> Iterator[ReportProgress]:
    """A progress bar on stderr, at a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _of: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=SafeConsole(stderr=True), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def advance(what: str, done: int, of: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=of)
            progress.update(bars[what], completed=done, total=of)

        yield advance


def _as_json(report: ImportReport) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "rows": report.rows,
        "written": report.written,
        "counts": {meaning.value: count for meaning, count in report.counts.items()},
        "faults": [{"row": one.row, "column": one.column, "sentence": one.sentence} for one in report.faults],
        "fault_count": report.fault_count,
        "bad_rows": report.bad_rows,
        "opted_out": report.opted_out,
        "withdrawn": report.withdrawn,
        "for_staff": report.for_staff,
        "ended": report.ended,
        "absent": [
            {
                "enrollment": one.enrollment,
                "external_id": one.external_id,
                "name": one.name,
                "appointment_at": local_text(one.appointment_at, one.timezone),
                "is_of_its_days": one.is_of_its_days,
                "moved_to": one.moved_to and local_text(one.moved_to, one.timezone),
            }
            for one in report.absent
        ],
    }


def _would(effect: Effect) -> Iterator[str]:
    """What staff must know of a row before it is imported: a text that would be wrong, a question, who must be told."""
    return effect_sentences(effect, but_own=effect.after["state"] not in {one.value for one in RUNNING})


def _unknown_json(reader: FileReader | None) -> list[dict[str, Any]]:
    unknown = reader.unknown.items() if reader else ()
    return [{"what": one.what, "word": one.word, "rows": rows} for one, rows in unknown]


def _print(report: ImportReport, skip_bad: bool, reader: FileReader | None) -> None:
    refused = "; nothing is written, for others are bad" if report.refused and not skip_bad else ""
    done = "; nothing is written in a dry run" if report.dry_run else refused
    counts = ", ".join(f"{count} {meaning.value}" for meaning, count in report.counts.items() if count)
    show(f"{counted(report.rows, 'row')}: {counts or 'none good'}{done}")
    for row in report.opted_out[:_MOST_SHOWN]:
        show(f"row {row}: this number has opted out: enrolled, and nothing will be sent")
    for sentence in report.for_staff[:_MOST_SHOWN]:
        show(sentence)
    for hidden in (len(report.opted_out) - _MOST_SHOWN, len(report.for_staff) - _MOST_SHOWN):
        if hidden > 0:
            show(f"... and {hidden} more of these; see them all with --json")
    for sentence in unknown_words(reader) if reader else ():
        show(sentence)
    _print_absent(report)


def _print_absent(report: ImportReport) -> None:
    for one in report.absent[:_MOST_SHOWN]:
        zone = zone_called(one.timezone)
        why = f"moved to {say_moment(one.moved_to, zone)}?" if one.moved_to else "cancelled?"
        show(
            f"not in the file: {one.name}, {one.protocol}, {say_moment(one.appointment_at, zone)} "
            f"(enrollment {one.enrollment}); {why}"
        )
    if report.ended:
        show(f"{report.ended} of these ended")
    elif any(one.is_of_its_days for one in report.absent):
        show("--end-absent ends those whose day is in the file")
    elif report.absent:
        show("--complete says that the file names every visit of its days; end one: notifier cancel ENROLLMENT")


def _refuse(report: ImportReport, written_to: Path | None, skip_bad: bool) -> None:
    for fault in report.faults[:MOST_FAULTS]:
        note(str(fault))
    if (hidden := report.fault_count - MOST_FAULTS) > 0:
        note(f"... and {hidden:,} more")
    rows = counted(report.bad_rows, "row is", "rows are")
    where = f" in {written_to}" if written_to else ""
    them = "it" if report.bad_rows == 1 else "them"
    instead = "" if written_to else f"; --bad-rows OUT.csv writes {them} to a file, with what is wrong"
    if report.refused and not skip_bad:
        raise Refused(
            f"{rows} bad, so nothing was written; mend {them}{where}, or leave {them} out with --skip-bad{instead}"
        )
    done = "would be left out" if report.dry_run else "left out; the others are imported"
    raise Failed(f"{rows} bad and {done}; mend {them}{where} and run it again{instead}")
