"""The last look: what a claim knew is read again, and decided again, right before the call.

Between the two, others may have been called, the process may have stood still, and staff or the patient may have said
something: a claim is a promise to call soon, not a permission to call whatever happens.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, Enrollment, Message
from notifier.domain.states import MessageState
from notifier.sending.claim import Claim, SendingRules
from notifier.sending.decide import Send
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from notifier.sending.gates.closed import Trial, closed_senders, why_closed

_COUNTED: Final = 1_000_000
"""Texts a day: the claim has counted this one among the number's, and so would the look."""
_AS_IT_IS_NOW: Final = (
    select(*DECIDED_BY)
    .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    .join(Attempt, col(Attempt.message_id) == col(Message.id))
    .where(col(Attempt.id) == bindparam("attempt"), col(Attempt.outcome).is_(None), in_state(MessageState.ATTEMPTING))
)


def why_not(session: Session, rules: SendingRules, one: Claim, now: datetime) -> str | None:
    """Why a claimed text must not be called now, for staff; None: it leaves.

    It goes back as planned, and the next claim does with it what is right now: it waits, is withdrawn, or leaves.
    """
    row = session.connection().execute(_AS_IT_IS_NOW, {"attempt": one.attempt_id}).first()
    if row is None:
        return "it was taken over"
    sender = one.sender or rules.sender
    trial = Trial(sender) if one.trial else None
    if closed := why_closed(session, now, trial=trial):
        return closed[1]
    if sender in (stopped := closed_senders(session, trial=trial)):
        return stopped[str(sender)]
    due = Due.of(row)
    if due.phone != one.phone:
        return "its number has changed"
    if one.body not in (due.text, due.late_text):
        return "its words have changed"
    facts = FactsOfBatch.of(
        session, [due], window=rules.window, offices=rules.offices, staffed=rules.staffed, most=_COUNTED, now=now,
        only_look=True)  # fmt: skip
    decision = facts.decide(due, now)
    return None if isinstance(decision, Send) else decision.why
