"""What one row of an import asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifier.domain.cleared import FIELD as CLEARED
from notifier.domain.cleared import Said, parse_cleared, with_cleared
from notifier.domain.consent import read_yes_or_no, withdraws
from notifier.domain.counted import counted
from notifier.domain.instants import is_at_night, read_instant, says_an_offset
from notifier.domain.offices import choose_office
from notifier.domain.own_lengths import parse_own_lengths
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.fields import FIELDS, Field, Kind
from notifier.enrollments.requests import Checked, EnrollRequest, check_request
from schedules.protocol import CareProtocol

COLUMNS = tuple(one for one in FIELDS if one.kind is not Kind.ANSWERS)
"""Of the field table; an answer stands in a column of its question's name."""
REQUIRED = tuple(one.name for one in COLUMNS if one.required or one.is_key)
OPTIONAL = (*(one.name for one in COLUMNS if one.name not in REQUIRED), "status", CLEARED)
_EMPTY = dict.fromkeys((*REQUIRED, *OPTIONAL), "")
WHEN = ("treated_at", "appointment_at")
"""One of them is needed."""
WRONG = "what is wrong"
"""A column that says nothing: the failed rows come back with it."""
_AS_BEFORE = "as it was said before"
"""Stands for a consent that says no while the rest of its row is read; it is never stored."""
_GUARDED = ("=", "+", "-", "@", "\t", "\r")


class Status(StrEnum):
    """What the clinic's system says became of a visit."""

    CANCELLED = "cancelled"
    NO_SHOW = "no-show"


_STATUSES = {
    "": None,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "no-show": Status.NO_SHOW,
    "no show": Status.NO_SHOW,
    "no_show": Status.NO_SHOW,
    "noshow": Status.NO_SHOW,
}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row whose every cell is good."""

    number: int
    """As a spreadsheet shows it; the header is row 1."""
    wanted: Checked
    status: Status | None
    cleared: Said
    """What it says of gates."""
    digest: str
    said_no: str | None = None
    """The words of its consent, where they take it back from a patient who is enrolled; a new patient is not."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row cannot be imported."""

    row: int
    column: str | None
    sentence: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.sentence}"


def as_one(faults: Sequence[RowFault]) -> RowFault:
    """All faults of one row: the column of the first, the sentences of all."""
    return RowFault(faults[0].row, faults[0].column, "; ".join(one.sentence for one in faults))


def read_row(
    number: int,
    cells: Sequence[str],
    header: Sequence[str],
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    informed: str | None = None,
    *,
    now: datetime,
) -> ImportRow:
    """Check one row; raises Refused with the column it is about. `informed`: what an empty cell of that name says."""
    if any(cells[len(header) :]):
        raise Refused(
            f"has {counted(len(cells), 'cell')} where the header has {len(header)}; is a comma outside of quotes?"
        )
    row = _EMPTY.copy()
    for name, cell in zip(header, cells, strict=False):
        if name == WRONG:
            continue
        if name:
            row[name] = unguarded(cell)
        elif cell:
            raise Refused(f'"{cell[:40]}" stands in a column without a name; name the column or empty the cell')
    row["informed"] = row["informed"] or informed or ""
    if not row["external_id"]:
        raise Refused(
            "external_id is empty; write the id that your own system uses, which a re-run knows the row by",
            "external_id",
        )
    status = row["status"].casefold()
    if status not in _STATUSES:
        raise Refused(f'status "{status[:40]}" is not known; write cancelled or no-show, or leave it empty', "status")
    said_no = row["consent"] if withdraws(row["consent"]) else None
    if said_no is not None:
        row["consent"] = _AS_BEFORE
    wanted = check_request(_request(row, rules), protocols, rules)
    facts = wanted.facts
    clinic = rules.at(facts.office).timezone
    cleared = parse_cleared(row[CLEARED], lambda at: read_instant(at, facts.timezone, CLEARED, clinic_zone=clinic))
    if cleared:
        wanted = replace(wanted, facts=with_cleared(facts, cleared, now))
    said_no = None if status else said_no  # a visit that did not take place is over, whatever is said of consent
    return ImportRow(number, wanted, _STATUSES[status], cleared, _digest(wanted, cleared, said_no), said_no)


def _digest(wanted: Checked, cleared: Said, said_no: str | None) -> str:
    digest = wanted.digest()
    more = [str(sorted(cleared.items()))] * bool(cleared) + ["no"] * (said_no is not None)
    for said in more:
        digest = hashlib.sha256(f"{digest} {said}".encode()).hexdigest()[: len(digest)]
    return digest


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula; `unguarded` takes that back on the next import."""
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def unguarded(cell: str) -> str:
    """The cell without the quote that `guarded` has put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell


def template(protocols: Mapping[str, CareProtocol], rules: PlanningRules, now: datetime) -> str:
    """A sample file that imports as it is, with every column that is of use here and two rows."""
    questions = dict.fromkeys(question for protocol in protocols.values() for question in protocol.questions)
    office = next((one.id for one in rules.choices), "")
    first = {
        "external_id": "A-1001",
        "name": "Ana Diaz",
        "phone": "+14155550123",
        "protocol": next(iter(rules.offices[office].protocols or protocols if office else protocols), "microneedling"),
        "treated_at": now.replace(second=0, microsecond=0).isoformat(),
        "timezone": rules.at(office or None).timezone,
        "consent": "signed form",
        "rebook_consent": "no",
        "office": office,
    }
    second = first | {
        "external_id": "A-1002",
        "name": "Jo O'Neil",
        "phone": "+14155550124",
        "treated_at": "",
        "appointment_at": now.replace(year=now.year + 1, month=1, day=15, second=0, microsecond=0).isoformat(),
        "consent": "asked at the desk",
        "rebook_consent": "yes",
    }
    of_use = [one.name for one in COLUMNS if office or one.kind is not Kind.OFFICE]
    gates = any(rule.is_gate for protocol in protocols.values() for rule in protocol.restrictions.values())
    header = [*of_use, "status", *([CLEARED] if gates else []), *questions]
    rows = [header, *([row.get(name, "") for name in header] for row in (first, second))]
    return "".join(",".join(row) + "\n" for row in rows)


def _request(row: Mapping[str, str], rules: PlanningRules) -> EnrollRequest:
    office = choose_office(row["office"], rules.offices, rules.yours)
    rules = rules.at(office)
    timezone = row["timezone"] or rules.timezone
    filled = {one.name: _said(one, cell, timezone, rules) for one in COLUMNS if (cell := row[one.name])}
    said: dict[str, Any] = _UNSAID | filled
    said |= {"office": office, "timezone": timezone}
    said["answers"] = {name: cell.casefold() for name, cell in row.items() if cell and name not in _EMPTY}
    return EnrollRequest(**said)


def _said(field: Field, cell: str, timezone: str, rules: PlanningRules) -> object:
    """What a cell says that is not empty."""
    match field.kind:
        case Kind.INSTANT:
            return _when(cell, timezone, field.name, rules)
        case Kind.FLAG:
            return _yes_or_no(field, cell)
        case Kind.LENGTHS:
            return parse_own_lengths([cell])
        case Kind.PHONE:
            return cell.lstrip("'")  # what keeps a spreadsheet from reading +1 as a sum
    return cell


def _unsaid(field: Field) -> object:
    """What an empty cell says: None, unless that is an answer."""
    if field.kind is Kind.FLAG:
        return False if field.whole else None
    return "" if field.required or field.kind is Kind.PHONE else None


_UNSAID = {one.name: _unsaid(one) for one in COLUMNS}


def _yes_or_no(field: Field, cell: str) -> bool:
    if (said := read_yes_or_no(cell)) is None:
        raise Refused(f'{field.name} "{cell[:40].casefold()}" is not known; write yes or no', field.name)
    return said


def _when(cell: str, timezone: str, field: str, rules: PlanningRules) -> datetime:
    at = read_instant(cell, timezone, field, clinic_zone=rules.timezone)
    if is_at_night(at, rules.timezone) and not says_an_offset(cell):
        raise Refused(
            f'{field} "{cell[:40]}" is at night on the clinic\'s clock, which is odd; where the file writes UTC, write '
            "a Z behind the time, else mend it, or write its offset",
            field,
        )
    return at


def fold(name: str) -> str:
    return name.strip().casefold().replace("_", "-").replace(" ", "-")
