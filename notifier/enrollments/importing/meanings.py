"""What an import's row means for what is stored: a new enrollment, a change, an ending, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from notifier.db.enrollments import by_external_ids
from notifier.db.tables import Enrollment
from notifier.domain.cleared import is_said
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Cancel, NoShow
from notifier.enrollments.course_over import refuse_another_visit
from notifier.enrollments.effect import Effect
from notifier.enrollments.eligibility import refuse_unready
from notifier.enrollments.field_values import stored as value_of
from notifier.enrollments.fields import CHANGEABLE
from notifier.enrollments.identity import next_ordinal
from notifier.enrollments.importing.file_change import FileChange
from notifier.enrollments.importing.file_visits import FileVisits, keep_visits
from notifier.enrollments.importing.rows import ImportRow, RowFault, Status
from notifier.enrollments.known_erased import known_erased
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.plans import enrollments_on
from notifier.enrollments.requests import check_when
from notifier.enrollments.write import Written, write_enrollments
from notifier.numbers.erased import is_anybody_erased, recall
from notifier.numbers.never_text import Person, find_never_texted, know_again


class RowMeaning(StrEnum):
    """What a row does."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    ENDED = "ended"
    NEVER_TEXTED = "never texted"
    """A person who must never be texted: nobody is enrolled, and other texts on the number do not give way."""
    PASSED_BY = "passed by"
    """Nothing can be done for it, and nothing is wrong with it: a cancelled visit that was never enrolled, or a
    patient who was erased."""


_ENDINGS: Final[Mapping[Status, Command]] = {Status.CANCELLED: Cancel("cancelled by import"), Status.NO_SHOW: NoShow()}
_NEVER: Final = RowMeaning.NEVER_TEXTED
Ready = set[tuple[str, str]]
"""Protocol versions and languages that are known to be approved and not paused."""


def read_meanings(
    session: Session,
    rows: Sequence[ImportRow],
    rules: PlanningRules,
    now: datetime,
    ready: Ready,
    see: Callable[[int, Effect], object] | None = None,
    since: datetime | None = None,
) -> tuple[list[tuple[ImportRow, RowMeaning]], list[RowFault]]:
    """The meaning of each good row, and why the others cannot be imported; nothing is written.

    The appointment of a new row, and one that a row moves to, may lie after `since` instead of `now`.
    `see` is called with the number of each row that would change or end something, and with what that would do.
    """
    known = _visible(by_external_ids(session, [row.wanted.external_id or "" for row in rows]), rules)
    new_phones = [row.wanted.facts.phone for row in rows if row.wanted.external_id not in known]
    on_phone: dict[str, list[Enrollment]] = {}
    for stored in enrollments_on(session, new_phones):
        on_phone.setdefault(stored.phone, []).append(stored)
    erased = known_erased(session, [row.wanted for row in rows], rules.pseudonyms)
    pseudonyms = rules.pseudonyms if is_anybody_erased(session) else None
    never = find_never_texted(session, [person_of(row) for row in rows], pseudonyms)
    meanings: list[tuple[ImportRow, RowMeaning]] = []
    faults: list[RowFault] = []
    for position, row in enumerate(rows):
        if position in erased:
            meanings.append((row, RowMeaning.PASSED_BY))
            continue
        stored_row = known.get(row.wanted.external_id or "")
        try:
            if stored_row is not None:
                meaning, command = _of_known(session, stored_row, row, now, since or now)
                if command is not None and (meaning is RowMeaning.CHANGED or see is not None):
                    effect = preview(session, stored_row.id or 0, command, rules=rules, now=now)
                    if see is not None:
                        see(row.number, effect)
                meanings.append((row, meaning))
            elif never.get(position) and row.status is None:
                meanings.append((row, _NEVER))
            else:
                company = on_phone.get(row.wanted.facts.phone, [])
                meanings.append((row, _of_new(session, row, company, rules, now, since or now, ready)))
        except Refused as why:
            faults.append(RowFault(row.number, why.field, str(why)))
    return meanings, faults


def _of_known(
    session: Session, stored: Enrollment, row: ImportRow, now: datetime, since: datetime
) -> tuple[RowMeaning, Command | None]:
    """And what would be done."""
    if row.status is not None:
        command = _ENDINGS[row.status]
        if command.is_done(stored):
            return RowMeaning.SAME, None
        refuse_another_visit(session, stored, row.wanted, now)
        command.refuse(stored, now)
        return RowMeaning.ENDED, command
    if stored.imported_as == row.digest:
        return RowMeaning.SAME, None
    if stored.state not in RUNNING:
        return RowMeaning.PASSED_BY, None
    refuse_another_visit(session, stored, row.wanted, now)
    changes = _changes(stored, row)
    if changes == ChangeRequest():
        return RowMeaning.SAME, None
    return RowMeaning.CHANGED, FileChange(changes, now - since)


def _of_new(
    session: Session,
    row: ImportRow,
    company: Sequence[Enrollment],
    rules: PlanningRules,
    now: datetime,
    since: datetime,
    ready: Ready,
) -> RowMeaning:
    if row.status is not None:
        return RowMeaning.PASSED_BY
    facts = row.wanted.facts
    key = (facts.protocol.version, facts.language)
    visible = [one for one in company if rules.is_yours(one.office)]  # what another office has is found in writing
    if visible and next_ordinal(row.wanted, visible, rules) is None:
        return RowMeaning.SAME
    if not since < (facts.appointment_at or since) <= now:
        check_when(row.wanted, now)
    if key not in ready:
        refuse_unready(session, facts, rules)
        ready.add(key)
    return RowMeaning.NEW


def person_of(row: ImportRow) -> Person:
    """By what the patient of a row is known again."""
    return Person(row.wanted.facts.folded_name, row.wanted.facts.phone, row.wanted.external_id)


@dataclass(slots=True)
class Done:
    """How many rows were written, and the effects of those that changed an enrollment."""

    written: list[tuple[ImportRow, Written]] = field(default_factory=list)
    effects: list[tuple[ImportRow, Effect]] = field(default_factory=list)
    """Of changes and endings."""


def write_meanings(
    session: Session,
    rows: Sequence[tuple[ImportRow, RowMeaning]],
    rules: PlanningRules,
    *,
    now: datetime,
    by: str,
    visits: FileVisits | None = None,
) -> Done:
    """Write rows in the caller's transaction. Raises Refused where somebody changed what they mean in the meantime."""
    done = Done()
    ids = [row.wanted.external_id or "" for row, meaning in rows if meaning is not RowMeaning.NEW]
    known = _visible(by_external_ids(session, ids), rules) if ids else {}
    for row, meaning in rows:
        stored = known.get(row.wanted.external_id or "")
        if stored is None:
            continue
        whose = stored.id or 0
        if row.said_no is None and stored.imported_as != row.digest:
            stored.consent_withdrawn_at = None  # the next no is a new wish; what waits by now waits for a person
        if meaning is RowMeaning.ENDED and row.status is not None:
            done.effects.append((row, apply(session, whose, _ENDINGS[row.status], rules=rules, now=now, by=by)))
        elif meaning is RowMeaning.CHANGED:
            change = FileChange(_changes(stored, row))
            done.effects.append((row, apply(session, whose, change, rules=rules, now=now, by=by)))
            stored.imported_as = row.digest
        elif meaning is RowMeaning.SAME and row.status is None and stored.imported_as != row.digest:
            stored.imported_as = row.digest
    never = [person_of(row) for row, meaning in rows if meaning is _NEVER]
    recall(session, never, rules.pseudonyms)
    know_again(session, never, at=now, by=by)
    new = [row for row, meaning in rows if meaning is RowMeaning.NEW or _is_to_be_linked(row, meaning, known)]
    wanted, digests = [row.wanted for row in new], [row.digest for row in new]
    written = write_enrollments(session, wanted, rules, now=now, by=by, imported_as=digests)
    done.written = list(zip(new, written, strict=True))
    if visits is not None:
        keep_visits(session, [row.wanted.external_id or "" for row, _ in rows], visits, rules)
    return done


def _visible(known: Mapping[str, Enrollment], rules: PlanningRules) -> dict[str, Enrollment]:
    return {external_id: one for external_id, one in known.items() if rules.is_yours(one.office)}


def _is_to_be_linked(row: ImportRow, meaning: RowMeaning, known: dict[str, Enrollment]) -> bool:
    """Enrolled by hand before, and now found in the clinic's own system."""
    return meaning is RowMeaning.SAME and row.status is None and row.wanted.external_id not in known


def _changes(stored: Enrollment, row: ImportRow) -> ChangeRequest:
    """What the row says differently. It takes nothing back: an empty answer, or an appointment of a treated patient."""
    wanted = row.wanted
    known = {one.name: value_of(one, stored) for one in CHANGEABLE}
    said: dict[str, Any] = {}
    for one in CHANGEABLE:
        value = wanted.value(one.name)
        if (one.whole or one.name in wanted.given) and one.is_kept and not one.is_key and value != known[one.name]:
            said[one.name] = value
    if "answers" in said:
        said["answers"] = {
            key: answer for key, answer in said["answers"].items() if known["answers"].get(key) != answer
        }
    if wanted.facts.treated_at is not None or known["treated_at"] is not None:
        said.pop("appointment_at", None)
    if "phone" in said and wanted.vouched:
        said["new_area_code"] = True
    informed = wanted.facts.informed
    if informed and informed != {topic: (stored.informed or {}).get(topic) for topic in informed}:
        said["informed"] = wanted.value("informed")
    if "protocol" in said:
        said["protocol"] = wanted.facts.protocol
    said["cleared"] = {
        topic: what for topic, what in row.cleared.items() if not is_said(what, (stored.cleared or {}).get(topic))
    }
    return ChangeRequest(**{name: value for name, value in said.items() if value not in (None, {})})
