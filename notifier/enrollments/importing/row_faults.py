"""Everything that is wrong with one row: who mends a file wants to mend each row once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from notifier.domain.consent import no_consent
from notifier.domain.instants import check_treated_at
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.importing.rows import OPTIONAL, REQUIRED, RowFault, read_row
from schedules.protocol import CareProtocol


def faults_of(
    number: int,
    cells: Sequence[str],
    header: Sequence[str],
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    *,
    now: datetime,
) -> list[RowFault]:
    """Every fault of a row that `read_row` has refused; found by mending each in turn and reading it again.

    What cannot be judged is not: an answer under a protocol that does not exist, or cells that stand one place off.
    """
    if any(cells[len(header) :]):
        return [_only(number, cells, header, protocols, rules, now)]
    faults: list[RowFault] = []
    mended = [*cells, *[""] * (len(header) - len(cells))][: len(header)]
    good = _good_cells(protocols, rules, now)
    for _ in range(len(header) + 1):
        try:
            row = read_row(number, mended, header, protocols, rules, now=now)
        except Refused as why:
            faults.append(RowFault(number, why.field, str(why)))
            if not _mend(mended, header, why.field, good):
                return faults
            continue
        if row.said_no is not None:
            faults.append(RowFault(number, "consent", no_consent(row.said_no)))
        treated_at = row.wanted.facts.treated_at
        if treated_at is not None and row.status is None:
            try:
                check_treated_at(treated_at, now, row.wanted.facts.timezone)
            except Refused as why:
                faults.append(RowFault(number, why.field, str(why)))
        return faults
    return faults


def _only(
    number: int,
    cells: Sequence[str],
    header: Sequence[str],
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
) -> RowFault:
    try:
        read_row(number, cells, header, protocols, rules, now=now)
    except Refused as why:
        return RowFault(number, why.field, str(why))
    raise AssertionError("a row with a cell too many is refused")


def _good_cells(protocols: Mapping[str, CareProtocol], rules: PlanningRules, now: datetime) -> dict[str, str]:
    office = rules.choices[0] if rules.choices else None
    return {
        "external_id": "x",
        "name": "Ana",
        "phone": "+12125550123",
        "protocol": next(iter(office.protocols if office and office.protocols else protocols), ""),
        "office": office.id if office else "",
        "consent": "x",
        "timezone": office.timezone if office else rules.timezone,
        "treated_at": now.isoformat(),
        "appointment_at": now.isoformat(),
    }


def _mend(cells: list[str], header: Sequence[str], field: str | None, good: Mapping[str, str]) -> bool:
    """Put something good in the place of a fault; False where nothing can be done."""
    before = list(cells)
    for position, name in enumerate(header):
        if field is None and not name:
            cells[position] = ""  # what stands in a column without a name
        elif name and name == field:
            cells[position] = good.get(name, "")
        elif field == "protocol" and name == "office":
            cells[position] = good[name]  # the other protocol must be one that the office uses
        elif field == "protocol" and name and (name == "language" or name not in (*REQUIRED, *OPTIONAL)):
            cells[position] = ""  # a language or an answer, of which nobody can say whether that protocol knows it
        elif field == "treated_at" and name == "appointment_at" and "treated_at" not in header:
            cells[position] = good[name]
    return cells != before
