"""Plans in the database: what planning needs to know is read here, and the difference it finds is written here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.array_param import in_array
from notifier.db.events import record_event
from notifier.db.protocols import UnreadableVersion, load_version
from notifier.db.rows import Row, insert_rows
from notifier.db.seen_to import mark_planned_again, mark_reminders
from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import zone_called
from notifier.domain.kinds import step_in_words
from notifier.domain.planning.difference import OutboxRow, PlanDifference, PlannedChange
from notifier.domain.planning.plan import EnrollmentFacts, concerns
from notifier.domain.states import MessageState
from notifier.domain.tasks import AHEAD, TaskOutcome
from notifier.enrollments.field_values import stored
from notifier.enrollments.fields import BY_NAME, PLANNED
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol
from schedules.saying import say_moment

OPTED_OUT = "the number has opted out"


def lock_plans(session: Session) -> None:
    """Wait until no other transaction plans, and hold the lock until the commit; SQLite has one writer anyway.

    Two enrollments on one phone that are planned at once would not see each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('notifier plans'))"))


def facts_of(session: Session, enrollment: Enrollment) -> EnrollmentFacts:
    """A stored enrollment as planning sees it, with the protocol version that it is pinned to.

    Raises UnreadableVersion.
    """
    return _facts(enrollment, load_version(session, enrollment.protocol, enrollment.version))


def _facts(enrollment: Enrollment, protocol: CareProtocol) -> EnrollmentFacts:
    return EnrollmentFacts(
        enrollment=enrollment.id or 0,
        protocol=protocol,
        phone=enrollment.phone,
        first_name=enrollment.name.partition(" ")[0],
        folded_name=enrollment.folded_name,
        state=enrollment.state,
        informed=enrollment.informed or {},
        cleared=enrollment.cleared or {},
        catches_up=enrollment.catches_up,
        enrolled_at=enrollment.enrolled_at,
        **{name: stored(BY_NAME[name], enrollment) for name in PLANNED},
    )


def facts_without_protocol(enrollment: Enrollment) -> EnrollmentFacts:
    """The same where the protocol version cannot be read: with an empty protocol, by which nothing may be planned."""
    empty = CareProtocol.model_construct(
        id=enrollment.protocol,
        title=enrollment.protocol,
        source="",
        languages=(enrollment.language,),
        questions={},
        restrictions={},
        steps=(),
        catch_up={},
    )
    empty.__dict__["version"] = enrollment.version  # else it would be the hash of nothing
    return _facts(enrollment, empty)


def company_of(session: Session, stored: Iterable[Enrollment], *whom: EnrollmentFacts) -> list[EnrollmentFacts]:
    """These enrollments as planning `whom` beside them sees them.

    One of somebody else whose protocol version cannot be read is among them without a plan: its texts stay as they are.
    Raises UnreadableVersion where it is the same patient's, for nobody knows what it restricts.
    """
    return [_beside(session, one, whom) for one in stored]


def _beside(session: Session, stored: Enrollment, whom: Sequence[EnrollmentFacts]) -> EnrollmentFacts:
    try:
        return facts_of(session, stored)
    except UnreadableVersion:
        facts = facts_without_protocol(stored)
        if any(one.enrollment == stored.id or concerns(one, facts) for one in whom):
            raise
        return facts


def enrollments_on(session: Session, phones: Iterable[str]) -> list[Enrollment]:
    """Every enrollment on these numbers, whatever its state, the oldest first; at most some thousands of numbers."""
    return list(session.scalars(_ON_PHONES, {"phones": set(phones)}))


_ON_PHONES = (  # built once: building it takes longer than asking
    select(Enrollment)
    .where(in_array(col(Enrollment.phone), "phones"))
    .order_by(col(Enrollment.id))
    .execution_options(populate_existing=True)
)


def message_row(
    facts: EnrollmentFacts,
    message: PlannedMessage,
    *,
    at: datetime,
    state: MessageState,
    reason: str | None,
    revision: int = 0,
) -> Row:
    """The outbox row of a text that is planned at that instant."""
    return {
        "enrollment_id": facts.enrollment,
        "step": message.step,
        "revision": revision,
        "kind": message.kind.value,
        "topics": message.topics,
        "phone": facts.phone,
        "state": state,
        "reason": reason,
        "seen_to": TaskOutcome.REMINDER if message.only_reminds and state is MessageState.EXPIRED else None,
        "stands_since": max(at, message.nominal_at - AHEAD) if state is MessageState.EXPIRED else at,
        **_content(message),
    }


def first_state(message: PlannedMessage, *, opted_out: bool) -> tuple[MessageState, str | None]:
    """The state in which a planned text begins, and why."""
    if not message.is_to_come:
        return MessageState.EXPIRED, "; ".join(message.notes)
    return (MessageState.SUPPRESSED, OPTED_OUT) if opted_out else (MessageState.PLANNED, None)


def carry_out(
    session: Session, facts: EnrollmentFacts, difference: PlanDifference, *, at: datetime, by: str, opted_out: bool
) -> None:
    """Write a difference, in the transaction in which it was found."""
    _add(session, facts, (*difference.added, *difference.passed), at, opted_out=opted_out)
    for entry in difference.moved:
        why = _how_it_moved(entry, zone_called(facts.timezone))
        _rewrite(session, entry, at, by, why, phone=facts.phone, **_content(_planned(entry)))
        if not opted_out:
            _resume(session, entry, at, by)
    for entry in difference.adjusted:
        _rewrite(session, entry, at, by, "how early or late it may leave", **_content(_planned(entry)))
    for entry in difference.reworded:
        why = "its words or its number follow"
        _rewrite(session, entry, at, by, why, phone=facts.phone, **_but_when(entry))
    for entry in difference.on_their_way:
        # What left stands in `sent_text`; only what would leave on a second attempt changes.
        if entry.planned is None:
            _rewrite(session, entry, at, by, entry.why, expires_at=at)
        else:
            _rewrite(session, entry, at, by, "should it come back, it says this", **_content(_planned(entry)))
    for entry in difference.cancelled:
        _end(session, entry, MessageState.CANCELLED, at, by)
    for entry in difference.expired:
        _end(session, entry, MessageState.EXPIRED, at, by)
    if difference.expired:
        mark_reminders(session, [_stored(entry)[0] for entry in difference.expired])
    _record_wrong(session, facts, difference, at, by)


def _add(
    session: Session, facts: EnrollmentFacts, entries: Iterable[PlannedChange], at: datetime, *, opted_out: bool
) -> None:
    """New texts. Where a step comes back, nobody has to make up for what became of its earlier ones."""
    new = []
    for entry in entries:
        message = _planned(entry)
        state, reason = first_state(message, opted_out=opted_out)
        new.append(message_row(facts, message, at=at, state=state, reason=reason, revision=entry.revision))
        if entry.revision:
            mark_planned_again(session, facts.enrollment, message.step, entry.revision)
    insert_rows(session, Message, new)


def at_number(facts: EnrollmentFacts, on_these_phones: Iterable[EnrollmentFacts]) -> list[EnrollmentFacts]:
    """The enrollments that are on the same number."""
    return [other for other in on_these_phones if other.phone == facts.phone]


def stored_as(facts: EnrollmentFacts, enrollment_id: int) -> EnrollmentFacts:
    """The same facts, once they have an id."""
    return replace(facts, enrollment=enrollment_id)


def _planned(entry: PlannedChange) -> PlannedMessage:
    if entry.planned is None:
        raise ValueError(f"{entry.step} is not in the plan")
    return entry.planned


def _stored(entry: PlannedChange) -> tuple[int, OutboxRow]:
    if entry.row is None or entry.row.id is None:
        raise ValueError(f"{entry.step} is not in the outbox")
    return entry.row.id, entry.row


def _content(message: PlannedMessage) -> dict[str, object]:
    return {
        "nominal_at": message.nominal_at,
        "not_before": message.not_before,
        "due_at": message.due_at,
        "expires_at": message.expires_at,
        "text": message.text,
        "late_text": message.late_text,
        "notes": message.notes,
    }


def _but_when(entry: PlannedChange) -> dict[str, object]:
    """What the plan says, at the hour that the row has: the sender may have put it off."""
    return _content(_planned(entry)) | {"due_at": _stored(entry)[1].due_at}


def _rewrite(session: Session, entry: PlannedChange, at: datetime, by: str, why: str, **values: object) -> None:
    message_id, row = _stored(entry)
    outbox.rewrite(session, message_id, seen=row.state, at=at, by=by, why=why, **values)


def _end(session: Session, entry: PlannedChange, to: MessageState, at: datetime, by: str) -> None:
    message_id, row = _stored(entry)
    seen = row.state
    if seen is MessageState.SUPPRESSED:
        # The table of moves has no other way out of suppressed. Nobody else sees it planned: this is one transaction.
        outbox.move(session, message_id, seen=seen, to=MessageState.PLANNED, at=at, by=by, why="withdrawn below")
        seen = MessageState.PLANNED
    outbox.move(session, message_id, seen=seen, to=to, at=at, by=by, why=entry.why)


def _resume(session: Session, entry: PlannedChange, at: datetime, by: str) -> None:
    """A text that was missed during an opt-out and is still to come again, now that the opt-out has ended."""
    message_id, row = _stored(entry)
    if row.state is MessageState.SUPPRESSED and _planned(entry).nominal_at > at:
        why, to = "the number takes texts again", MessageState.PLANNED
        outbox.move(session, message_id, seen=MessageState.SUPPRESSED, to=to, at=at, by=by, why=why)


def _how_it_moved(entry: PlannedChange, zone: ZoneInfo) -> str:
    moments = (_stored(entry)[1].due_at, _planned(entry).due_at)
    was, becomes = (say_moment(at, zone) if at else "no moment yet" for at in moments)
    return f"moved from {was} to {becomes}"


def _record_wrong(session: Session, facts: EnrollmentFacts, difference: PlanDifference, at: datetime, by: str) -> None:
    for entry in difference.wrong_now:
        why = f"“{step_in_words(entry.step)}”: {entry.why}; call the patient"
        record_event(
            session, at=at, by=by, what="wrong_now", why=why,
            enrollment_id=facts.enrollment, message_id=_stored(entry)[0])  # fmt: skip
