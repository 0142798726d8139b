"""Rows whose consent says no: a patient who is enrolled waits at once, whatever else is wrong with the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from notifier.db.engine import reading, writing
from notifier.db.enrollments import by_external_ids
from notifier.db.tables import Enrollment
from notifier.domain.consent import no_consent
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.commands import ConsentWithdrawn
from notifier.enrollments.effect import Effect
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.importing.report import ImportReport
from notifier.enrollments.importing.rows import ImportRow, RowFault
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.plans import enrollments_on

COMMAND = ConsentWithdrawn("consent was withdrawn: the booking system says no")


def hold_withdrawn(
    engine: Engine,
    rows: Sequence[ImportRow],
    rules: PlanningRules,
    *,
    now: datetime,
    by: str,
    report: ImportReport,
    see: Callable[[int, Effect], object],
) -> list[ImportRow]:
    """Hold all texts to who said no, each in a transaction of its own; in a dry run only look.

    Also where the file is refused for other rows: a wish does not wait for a spelling. Returns the rows that go on to
    be read: one whose id is new enrolls nobody, and is a fault where nobody is enrolled of that name and number.
    """
    said_no = [row for row in rows if row.said_no is not None]
    if not said_no:
        return list(rows)
    with reading(engine) as session:
        known = by_external_ids(session, [row.wanted.external_id or "" for row in said_no])
        running = _running(session, said_no)
    for row in said_no:
        facts, stored = row.wanted.facts, known.get(row.wanted.external_id or "")
        runs = stored is not None and stored.state in RUNNING
        whose = stored if runs else running.get((facts.phone, facts.folded_name))
        if whose is not None:
            report.counts[RowMeaning.SAME] += stored is None
            _hold(engine, row.number, whose, rules, now, by, report, see)
        elif stored is None:
            report.add_bad_row(RowFault(row.number, "consent", no_consent(row.said_no or "")))
    return [row for row in rows if row.said_no is None or row.wanted.external_id in known]


def _running(session: Session, rows: Sequence[ImportRow]) -> dict[tuple[str, str], Enrollment]:
    on_phone = enrollments_on(session, [row.wanted.facts.phone for row in rows])
    return {(one.phone, one.folded_name): one for one in on_phone if one.state in RUNNING}


def _hold(
    engine: Engine,
    number: int,
    whose: Enrollment,
    rules: PlanningRules,
    now: datetime,
    by: str,
    report: ImportReport,
    see: Callable[[int, Effect], object],
) -> None:
    """What was said before holds nothing anew: a person may have decided since that the texts go on."""
    if whose.consent_withdrawn_at is not None:
        return
    try:
        if report.dry_run:
            with reading(engine) as session:
                effect = preview(session, whose.id or 0, COMMAND, rules=rules, now=now)
        else:
            with writing(engine) as session:
                effect = apply(session, whose.id or 0, COMMAND, rules=rules, now=now, by=by)
    except Refused as why:
        report.for_staff.append(f"row {number}: consent says no, and the texts could not be held: {why}; opt it out")
        return
    if effect.already:
        return
    report.withdrawn.append(number)
    waits = len(effect.texts) + sum(len(one.texts) for one in effect.others)
    report.for_staff.append(
        f"row {number}: consent says no, so all texts to the number {'would wait' if report.dry_run else 'wait'} "
        f"({waits} planned); decide: opt it out, end the enrollment, or release the number to go on"
    )
    if rules.is_yours(whose.office):
        see(number, effect)
