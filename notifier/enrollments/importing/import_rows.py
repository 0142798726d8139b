"""Import many enrollments from a CSV: everything is checked first, then written in steps; a re-run completes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Engine

from notifier.db.engine import reading, writing
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.planning.warnings import of_plan
from notifier.domain.refused import Refused
from notifier.enrollments.approved import approved_catalogue
from notifier.enrollments.effect import Effect
from notifier.enrollments.effect_sentences import effect_sentences, sentences_about
from notifier.enrollments.enroll_effect import visible_of
from notifier.enrollments.importing.absent_visits import AbsentVisit, absent_visits, end_visit
from notifier.enrollments.importing.csv_text import read_csv
from notifier.enrollments.importing.ended_by_hand import about_ended_by_hand
from notifier.enrollments.importing.file_visits import FileVisits
from notifier.enrollments.importing.header import read_header
from notifier.enrollments.importing.known_bookings import know_bookings, newer_bookings
from notifier.enrollments.importing.meanings import Done, Ready, RowMeaning, read_meanings, write_meanings
from notifier.enrollments.importing.never_texted import about_never_texted
from notifier.enrollments.importing.report import MOST_FAULTS, ImportReport
from notifier.enrollments.importing.row_faults import faults_of
from notifier.enrollments.importing.rows import ImportRow, RowFault, read_row
from notifier.enrollments.importing.withdrawn_consent import hold_withdrawn
from schedules.protocol import CareProtocol

_T = TypeVar("_T")
log = structlog.get_logger()
AT_ONCE = 500
"""Enrollments in one transaction: a durable commit costs the same for one as for hundreds."""
MappedRow = list[str] | Refused | None
"""Cells of ours, why there are none, or nothing: no patient, or a service that gives no texts."""
ReadRows = Callable[[bytes], Iterator[tuple[int, MappedRow]]]
Progress = Callable[[str, int, int], None]
"""Called with `checked` or `written`, how many rows, and of how many."""
SeeEffect = Callable[[int, Effect], object]
"""Called with the number of a row, and what that row did, or would do."""


def import_rows(
    engine: Engine,
    data: bytes,
    *,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
    by: str,
    dry_run: bool = False,
    skip_bad: bool = False,
    most_faults: int = MOST_FAULTS,
    progress: Progress | None = None,
    see_effect: SeeEffect | None = None,
    read: ReadRows = read_csv,
    passed: timedelta = timedelta(),
    informed: str | None = None,
    visits: FileVisits | None = None,
    end: Callable[[AbsentVisit], bool] | None = None,
    said_at: datetime | None = None,
) -> ImportReport:
    """Import a file's bytes. One bad row and nothing is written, unless `skip_bad`.

    `read` is how another system's file becomes rows of ours. A new row's appointment may have passed by `passed`: in
    the evening's export of the day staff have still to say who was treated.
    `informed`: how every patient of the file was told the rules in person, where the row itself does not say.

    `visits` are those of a mapped file, as `read` fills it in; of those that are absent from it, end says which end.

    `said_at` is when the file was written, or now: a row is passed by where its
    booking system has posted something since.

    `see_effect` is called with the number of each changed or ended row, and with what that did, or would do.
    Raises Refused for a file that is no CSV or has the wrong columns.
    """
    report_progress, see = progress or _no_progress, see_effect or _no_progress
    report = ImportReport(dry_run, most_faults=most_faults)
    with reading(engine) as session:
        approved = approved_catalogue(session, protocols, rules)
    read_one = partial(read_row, protocols=approved, rules=rules, informed=informed, now=now)
    good = _check_rows(read(data), read_one, approved, rules, now, report)
    ids, said_at = [row.wanted.external_id or "" for row in good], said_at or now
    if visits is not None:
        visits.said_at = said_at
    with reading(engine) as session:
        newer = newer_bookings(session, ids, said_at)
    report.counts[RowMeaning.PASSED_BY] += sum(one in newer for one in ids)
    good = [row for row in good if row.wanted.external_id not in newer]
    report_progress("checked", 0, len(good))
    good = hold_withdrawn(engine, good, rules, now=now, by=by, report=report, see=see)
    is_rehearsal = dry_run and see_effect is not None
    since = now - passed
    meanings = _find_meanings(engine, good, rules, now, since, report, report_progress, see if is_rehearsal else None)
    if visits is not None:
        with reading(engine) as session:
            report.absent = absent_visits(session, visits, meanings, rules)
    if dry_run or (report.fault_count and not skip_bad):
        return report
    _end_visits(engine, [one for one in report.absent if end is not None and end(one)], rules, now, by, report)
    waiting = [(row, meaning) for row, meaning in meanings if meaning is not RowMeaning.PASSED_BY]
    for chunk in _chunks(waiting):
        _write_chunk(engine, chunk, rules, now, by, report, see, visits)
        report_progress("written", report.written, len(waiting))
    with writing(engine) as session:
        know_bookings(session, ids, said_at, rules.pseudonyms)
    log.info("imported", rows=report.rows, written=report.written, bad=report.bad_rows)
    return report


def _check_rows(
    rows: Iterator[tuple[int, MappedRow]],
    read: Callable[[int, Sequence[str], Sequence[str]], ImportRow],
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
    report: ImportReport,
) -> list[ImportRow]:
    """Rows that are good by themselves and among each other."""
    first_row = next(rows)[1]
    header = read_header(first_row if isinstance(first_row, list) else [], protocols)
    good: list[ImportRow] = []
    seen: dict[str, ImportRow] = {}
    for number, cells in rows:
        report.rows += 1
        if cells is None:
            report.counts[RowMeaning.PASSED_BY] += 1
            continue
        if isinstance(cells, Refused):
            report.add_bad_row(RowFault(number, cells.field, str(cells)))
            continue
        try:
            row = read(number, cells, header)
        except Refused as why:
            rest = faults_of(number, cells, header, protocols, rules, now=now)[1:]
            report.add_bad_row(RowFault(number, why.field, str(why)), *rest)
            continue
        external_id = row.wanted.external_id or ""
        first = seen.setdefault(external_id, row)
        if first is row:
            good.append(row)
        elif (first.digest, first.status) == (row.digest, row.status):
            report.counts[RowMeaning.SAME] += 1
        else:
            why_not = f"external_id {external_id} is in row {first.number} too, with other content; keep one"
            report.add_bad_row(RowFault(number, "external_id", why_not))
    if not report.rows:
        raise Refused("the file has a header and no rows; write one row for each patient")
    return good


def _find_meanings(
    engine: Engine,
    rows: Sequence[ImportRow],
    rules: PlanningRules,
    now: datetime,
    since: datetime,
    report: ImportReport,
    report_progress: Progress,
    see: SeeEffect | None,
) -> list[tuple[ImportRow, RowMeaning]]:
    found: list[tuple[ImportRow, RowMeaning]] = []
    ready: Ready = set()
    with reading(engine) as session:
        for chunk in _chunks(rows):
            meanings, faults = read_meanings(session, chunk, rules, now, ready, see, since)
            found += meanings
            report.for_staff += about_never_texted(session, meanings)
            report.for_staff += about_ended_by_hand(session, meanings, rules)
            for fault in faults:
                report.add_bad_row(fault)
            session.expunge_all()
            report_progress("checked", len(found) + len(faults), len(rows))
    _count(found, report)
    return found


def _count(found: Sequence[tuple[ImportRow, RowMeaning]], report: ImportReport) -> None:
    """Two new rows of one patient, protocol and date are one enrollment, whatever ids they have."""
    firsts: dict[tuple[object, ...], ImportRow] = {}
    for row, meaning in found:
        facts = row.wanted.facts
        key = (facts.phone, facts.folded_name, facts.protocol.id, facts.local_day)
        if meaning is RowMeaning.NEW and (first := firsts.setdefault(key, row)) is not row:
            report.counts[RowMeaning.SAME] += 1
            report.for_staff.append(f"row {row.number}: patient, protocol and date are those of row {first.number}")
        else:
            report.counts[meaning] += 1


def _write_chunk(
    engine: Engine,
    chunk: Sequence[tuple[ImportRow, RowMeaning]],
    rules: PlanningRules,
    now: datetime,
    by: str,
    report: ImportReport,
    see: SeeEffect,
    visits: FileVisits | None,
) -> None:
    """One transaction; where one row is refused after all, one for each row."""
    try:
        with writing(engine) as session:
            done = write_meanings(session, chunk, rules, now=now, by=by, visits=visits)
    except Refused as why:
        if len(chunk) == 1:
            report.add_bad_row(RowFault(chunk[0][0].number, why.field, str(why)))
            return
        for one in chunk:
            _write_chunk(engine, [one], rules, now, by, report, see, visits)
        return
    report.written += len(chunk)
    _report_done(done, report, rules.yours)
    for row, effect in done.effects:
        see(row.number, effect)


def _end_visits(
    engine: Engine,
    chosen: Sequence[AbsentVisit],
    rules: PlanningRules,
    now: datetime,
    by: str,
    report: ImportReport,
) -> None:
    """Each in a transaction of its own; one that has changed meanwhile stays as it is."""
    for one in chosen:
        try:
            with writing(engine) as session:
                effect = end_visit(session, one, rules, now=now, by=by)
        except Refused as why:
            report.for_staff.append(f"enrollment {one.enrollment} was not ended: {why}")
            continue
        report.ended += 1
        report.for_staff += effect_sentences(effect, but_own=True)


def _report_done(done: Done, report: ImportReport, yours: frozenset[str] | None) -> None:
    for row, written in done.written:
        if written.opted_out:
            report.opted_out.append(row.number)
        own = of_plan(written.plan) if written.plan is not None else ()
        others = visible_of(written.others, written.offices, yours)
        report.for_staff += [f"row {row.number}: {said}" for said in (*own, *sentences_about(others))]
    for row, effect in done.effects:
        if effect.opted_out and row.status is None:
            report.opted_out.append(row.number)
        said_of = effect_sentences(effect, but_own=row.status is not None)
        report.for_staff += [f"row {row.number}: {said}" for said in said_of]


def _chunks(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _no_progress(*_: object) -> None:
    """Nobody watches."""
