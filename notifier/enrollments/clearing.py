"""What cannot be said of a gate: cleared where there is none, or not cleared once the patient was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notifier.domain.cleared import FIELD, Gate
from notifier.domain.instants import zone_called
from notifier.domain.planning.difference import OutboxRow
from notifier.domain.planning.gates import gates_of
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.refused import Refused
from notifier.domain.states import SAID
from notifier.enrollments.changes import ChangeRequest
from schedules.plain import key_in_words, length_in_words
from schedules.protocol import StepKind
from schedules.saying import say_moment


def refuse_gates(
    before: EnrollmentFacts,
    facts: EnrollmentFacts,
    wanted: ChangeRequest,
    company: Iterable[EnrollmentFacts],
    rows: Sequence[OutboxRow],
) -> None:
    """Raise Refused for a topic that nothing keeps until it is cleared, and for taking back what a text has said.

    `facts` are what becomes of `before`, `company` the enrollments on the number, `rows` the enrollment's own texts.
    """
    said = wanted.cleared or {}
    gates = gates_of(facts, company) if said else frozenset()
    for topic, what in said.items():
        if what is Gate.NOT_CLEARED and topic not in before.cleared:
            raise Refused(f"{topic} is not marked as cleared, so there is nothing to take back", FIELD)
        if what is Gate.NOT_CLEARED:
            _refuse_said(facts, topic, rows)
        elif topic not in gates:
            rule = facts.protocol.restrictions[topic]
            if rule.is_gate:
                raise Refused(f"{topic} does not hold for this patient, so there is nothing to clear", FIELD)
            others = f"; {', '.join(sorted(gates))} waits until cleared" if gates else ""
            raise Refused(f"{topic} ends by itself ({length_in_words(rule)}), so nobody clears it{others}", FIELD)


def _refuse_said(facts: EnrollmentFacts, topic: str, rows: Sequence[OutboxRow]) -> None:
    for row in rows:
        if row.kind == StepKind.LIFT and topic in (row.topics or ()) and row.state in SAID:
            at = row.left_at or row.due_at
            when = f" ({say_moment(at, zone_called(facts.timezone))})" if at else ""
            raise Refused(
                f"“{key_in_words(row.step)}” has left{when}, or may have, and says that {', '.join(row.topics or ())} "
                "may be again: call the patient; it cannot be taken back here",
                FIELD,
            )
