"""What new enrollments must know of their protocols, their persons and their numbers, read in one statement: what the
database answers in microseconds takes longer to be asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    cast,
    exists,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from notifier.db.array_param import in_array
from notifier.db.columns import UTCDateTime, read_instant
from notifier.db.enrollments import by_ids
from notifier.db.outbox import LEFT, LONGEST_DAY
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import table_of
from notifier.db.tables import (
    Approval,
    Enrollment,
    Erasure,
    NumberHold,
    OptOut,
    Pause,
    ProtocolVersion,
    Reply,
    ReplyPhone,
)
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.enrollments.first_texts import IN_A_COURSE
from notifier.enrollments.plans import lock_plans
from notifier.enrollments.requests import Checked
from notifier.numbers.erased import recall
from notifier.numbers.never_text import OF_NAMES, Person, is_same_person


@dataclass(slots=True)
class Standing:
    """What stands behind some protocols, and what is known of some persons and numbers."""

    stored: set[tuple[str, str]] = field(default_factory=set)
    """Protocol and version whose full content is kept."""
    approved: set[tuple[str, str, str]] = field(default_factory=set)
    """Protocol, version and language."""
    paused: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Protocol: by whom, and why. Where only a step of it is paused, patients are enrolled all the same."""
    opted_out: set[str] = field(default_factory=set)
    held: dict[str, list[str]] = field(default_factory=dict)
    """Number: why its texts wait for a person, the oldest reason first."""
    in_course: set[tuple[str, str | None]] = field(default_factory=set)
    """Number and office that knows who writes: its course is not over."""
    left: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When texts have left for a number, or may have, on whatever clock it is still the same day."""
    enrollments: list[Enrollment] = field(default_factory=list)
    """Everybody on the numbers or under the external ids, whatever the state, the oldest first."""
    never_texted: dict[str, list[Person]] = field(default_factory=lambda: defaultdict(list))
    """By folded name: who of that name must never be texted."""
    anybody_erased: bool = False
    """Somebody was erased, and may have to be known again."""

    def is_never_texted(self, person: Person) -> bool | None:
        """Whether it is somebody who must never be texted; None where nobody of that name is."""
        namesakes = self.never_texted.get(person.folded_name)
        return any(is_same_person(person, one) for one in namesakes) if namesakes else None

    def refuse_unready(self, facts: EnrollmentFacts, rules: PlanningRules) -> None:
        """Raise Refused for a protocol that is paused, or that no clinician stands behind in this language."""
        protocol = facts.protocol
        if protocol.id in self.paused:
            by, reason = self.paused[protocol.id]
            raise Refused(f"{protocol.id} is paused by {by}: {reason}", "protocol")
        if rules.must_be_approved and (protocol.id, protocol.version, facts.language) not in self.approved:
            raise Refused(
                f"nobody has approved {protocol.id} {protocol.version} in {facts.language}; "
                "a clinician reads and approves it",
                "protocol",
                code=RefusalCode.NOT_APPROVED,
                protocol=protocol.id,
                language=facts.language,
            )


def refuse_unready(session: Session, facts: EnrollmentFacts, rules: PlanningRules) -> None:
    """Raise Refused for a protocol that is paused, or that no clinician stands behind in this language."""
    standing = Standing()
    _take(standing, _OF_PROTOCOLS.run(session, _protocols_of([facts])).all())
    standing.refuse_unready(facts, rules)


def lock_and_read_standing(
    session: Session, wanted: Sequence[Checked], rules: PlanningRules, now: datetime
) -> Standing:
    """`read_standing` for a session that will write: nobody else plans meanwhile, and who was erased is known again.

    Raises Refused where somebody was erased and the key file is not here.
    """
    lock_plans(session)
    standing = read_standing(session, wanted, now)
    if standing.anybody_erased:
        recall(session, [person_of(one) for one in wanted], rules.pseudonyms)
        standing = read_standing(session, wanted, now)
    return standing


def read_standing(session: Session, wanted: Sequence[Checked], now: datetime) -> Standing:
    """For all of these at once; for an import, at most some thousands."""
    session.flush()
    parameters = _protocols_of([one.facts for one in wanted]) | {
        "phones": {one.facts.phone for one in wanted},
        "names": {one.facts.folded_name for one in wanted},
        "external_ids": {one.external_id for one in wanted if one.external_id},
        "since": now - LONGEST_DAY,
        "now": now,
    }
    standing = Standing()
    known = _take(standing, _EVERYTHING.run(session, parameters).all())
    standing.enrollments = by_ids(session, known) if known else []
    return standing


def person_of(wanted: Checked) -> Person:
    """By what the patient of a request is known again."""
    return Person(wanted.facts.folded_name, wanted.facts.phone, wanted.external_id)


def _protocols_of(enrollments: Collection[EnrollmentFacts]) -> dict[str, object]:
    protocols = [facts.protocol for facts in enrollments]
    return {"protocols": {one.id for one in protocols}, "versions": {one.version for one in protocols}}


def _take(standing: Standing, rows: Sequence[Any]) -> set[int]:
    """Put each row in its place; the ids of the enrollments among them."""
    known: set[int] = set()
    for what, place, about, one, other, at in sorted(rows, key=itemgetter(1)):
        match what:
            case "stored":
                standing.stored.add((about, one))
            case "approved":
                standing.approved.add((about, one, other))
            case "paused":
                standing.paused.setdefault(about, (one, other))
            case "enrolled":
                known.add(place)
            case "never texted":
                standing.never_texted[about].append(Person(about, one, other))
            case "erased":
                standing.anybody_erased = True
            case _:
                _take_of_number(standing, what, about, one, other, at)
    return known


def _take_of_number(standing: Standing, what: str, number: str, one: str, other: str, at: Any) -> None:
    match what:
        case "opted out":
            standing.opted_out.add(number)
        case "held":
            standing.held.setdefault(number, []).append(other)
        case "open reply":
            standing.held.setdefault(number, []).append("what the patient wrote is open")
        case "in course":
            standing.in_course.add((number, one))
        case "left":
            if (instant := read_instant(at)) is not None:
                standing.left[number].append(instant)


_NO_PLACE: Final[ColumnElement[int]] = literal_column("0")
_NOTHING: Final = cast(null(), Text)
_NEVER: Final = cast(null(), UTCDateTime)


def _about_protocols() -> list[Select[Any]]:
    version, approval, pause = (table_of(model).c for model in (ProtocolVersion, Approval, Pause))
    return [
        _rows("stored", version.protocol, version.version).where(
            in_array(version.protocol, "protocols"), in_array(version.version, "versions")
        ),
        _rows("approved", approval.protocol, approval.version, approval.language).where(
            in_array(approval.protocol, "protocols"), in_array(approval.version, "versions")
        ),
        _rows("paused", pause.protocol, pause.by, pause.reason, place=pause.id).where(
            in_array(pause.protocol, "protocols"), pause.step.is_(None), pause.lifted_at.is_(None)
        ),
    ]


def _about_numbers() -> list[Select[Any]]:
    opt_out, hold, reply, on, enrolled, erasure = (
        table_of(model).c for model in (OptOut, NumberHold, Reply, ReplyPhone, Enrollment, Erasure)
    )
    anybody = _rows("erased", _NOTHING)
    return [
        _rows("opted out", opt_out.phone).where(in_array(opt_out.phone, "phones"), opt_out.ended_at.is_(None)),
        _rows("held", hold.phone, hold.by, hold.reason, place=hold.id).where(
            in_array(hold.phone, "phones"), hold.released_at.is_(None)
        ),
        _rows("open reply", on.phone, place=reply.id).where(
            in_array(on.phone, "phones"), on.reply_id == reply.id, reply.closed_at.is_(None)
        ),
        _as_row("in course", IN_A_COURSE),
        _as_row("left", LEFT),
        _rows("enrolled", _NOTHING, place=enrolled.id).where(in_array(enrolled.phone, "phones")),
        _rows("enrolled", _NOTHING, place=enrolled.id).where(in_array(enrolled.external_id, "external_ids")),
        _as_row("never texted", OF_NAMES),
        anybody.where(exists(select(erasure.enrollment_id))),
    ]


def _rows(
    what: str, about: Any, one: Any = _NOTHING, other: Any = _NOTHING, *, place: ColumnElement[Any] = _NO_PLACE
) -> Select[Any]:
    """One kind of row for all, so that one statement can ask for them: the place in an order, texts, an instant."""
    return select(literal_column(f"'{what}'"), place, about, one, other, _NEVER)


def _as_row(what: str, found: Select[*tuple[Any, ...]]) -> Select[Any]:
    """The rows of a statement of elsewhere: its texts, or a text and an instant."""
    about, *more = found.selected_columns
    texts, at = (more, _NEVER) if what != "left" else ([], more[0])
    one, other = (*texts, _NOTHING, _NOTHING)[:2]
    return found.with_only_columns(literal_column(f"'{what}'"), _NO_PLACE, about, one, other, at)


_OF_PROTOCOLS: Final = PreparedStatement(union_all(*_about_protocols()))
_EVERYTHING: Final = PreparedStatement(union_all(*_about_protocols(), *_about_numbers()))
