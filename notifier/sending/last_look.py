"""The last look: what a claim knew is read again, and decided again, right before the call.

Between the two, others may have been called, the process may have stood still, and staff or the patient may have said
something: a claim is a promise to call soon, not a permission to call whatever happens. No claim is too young for it;
those that are about to be called at the same time are looked at together, in one session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.tables import Attempt, Enrollment, Message
from notifier.db.threads import DatabaseThreads
from notifier.domain.clocks import Timekeeper
from notifier.domain.states import MessageState
from notifier.sending.claim import Claim, SendingRules
from notifier.sending.decide import Send
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from notifier.sending.gates.closed import Gates, Trial

_AS_THEY_ARE_NOW: Final[Select[Any]] = (
    select(*DECIDED_BY, col(Attempt.id), col(Message.state), col(Attempt.outcome))
    .select_from(Attempt)
    .join(Message, col(Message.id) == col(Attempt.message_id))
    .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id), isouter=True)
    .where(in_array(col(Attempt.id), "attempts"))  # and no more: PostgreSQL would read all that is in flight for each
)
Verdict = str | datetime
"""Why a claimed text must not be called now, for staff; or until when it may be delivered if it is."""


class LastLooks:
    """One worker's last looks: while one is under way, whoever asks meanwhile is looked at next, all at once."""

    def __init__(self, threads: DatabaseThreads, clock: Timekeeper, rules: SendingRules) -> None:
        self._threads, self._clock, self._rules = threads, clock, rules
        self._asked: list[tuple[Claim, asyncio.Future[Verdict]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def look(self, one: Claim) -> Verdict:
        """Look at a claim that is called next. Raises what the database raises."""
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._asked.append((one, answer))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_at_all())
        return await answer

    async def _look_at_all(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                claims, at = [one for one, _ in asked], self._clock.now()
                try:
                    found = await self._threads.read(partial(verdicts, rules=self._rules, claims=claims, now=at))
                except Exception as error:  # noqa: BLE001  # whoever asked for the look gets it
                    for _, answer in asked:
                        if not answer.done():
                            answer.set_exception(error)
                    continue
                for one, answer in asked:
                    if not answer.done():
                        answer.set_result(found[one.attempt_id])
        finally:
            self._looking = None


def verdicts(session: Session, rules: SendingRules, claims: Sequence[Claim], now: datetime) -> dict[str, Verdict]:
    """What is right for each of these claims now, by its attempt.

    One that must not be called goes back as planned, and the next claim does with it what is right then: it waits, is
    withdrawn, or leaves.
    """
    found = session.connection().execute(_AS_THEY_ARE_NOW, {"attempts": [one.attempt_id for one in claims]}).all()
    are_open = (row for row in found if row[-2] is MessageState.ATTEMPTING and row[-1] is None)
    rows = {row[-3]: Due.of(row) for row in are_open}
    facts = FactsOfBatch.of(
        session, list(rows.values()), window=rules.window, offices=rules.offices, staffed=rules.staffed,
        most=rules.max_texts_per_day, now=now, only_look=True)  # fmt: skip
    gates = Gates.at(session, now)
    closed: dict[Trial | None, tuple[str | None, dict[str, str]]] = {}
    judged: dict[str, Verdict] = {}
    for one in claims:
        sender = one.sender or rules.sender
        trial = Trial(sender) if one.trial else None
        if trial not in closed:
            gate = gates.why_closed(trial)
            closed[trial] = (gate[1] if gate else None, gates.closed_senders(trial))
        shut, senders = closed[trial]
        due = rows.get(one.attempt_id)
        if due is None:
            judged[one.attempt_id] = "it was taken over"
        elif why := shut or senders.get(sender or ""):
            judged[one.attempt_id] = why
        else:
            judged[one.attempt_id] = _as_it_is(one, due, facts, now)
    return judged


def _as_it_is(one: Claim, due: Due, facts: FactsOfBatch, now: datetime) -> Verdict:
    if due.phone != one.phone:
        return "its number has changed"
    if not isinstance(decision := facts.decide(due, now), Send):
        return decision.why
    if one.body != (due.late_text if decision.late else due.text):  # a corrected date may have made it one of today
        return "its words have changed"
    return now + timedelta(seconds=decision.validity_seconds)
