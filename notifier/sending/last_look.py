"""The last look: what a claim knew is read again, and decided again, right before the call.

Between the two, others may have been called, the process may have stood still, and staff or the patient may have said
something: a claim is a promise to call soon, not a permission to call whatever happens. No claim is too young for it;
those that are about to be called within some milliseconds are looked at together, in one session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.commits import Commits
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
_HOLDS: Final = 0.1
"""Seconds for which a look ahead holds, where nothing is committed meanwhile."""
Verdict = str | datetime
"""Why a claimed text must not be called now, for staff; or until when it may be delivered if it is."""
_Asked = tuple[Claim, asyncio.Future[Verdict]]


class _Moment(NamedTuple):
    """Right before a look: both clocks, and what was committed until then."""

    at: float
    now: datetime
    committed: tuple[object, object]
    """By others and by us; None: nobody can say, and nothing that was seen holds."""


class LastLooks:
    """One worker's last looks: while one is under way, whoever asks meanwhile is looked at next, all at once.

    Where `commits` can say whether anything was committed since, those that will be called next are looked at with
    them, so that nobody has to wait for a look of its own. What was seen ahead holds until anything at all is
    committed, and for `_HOLDS` seconds at most: it is what a look right before the call would see.
    """

    def __init__(
        self,
        threads: DatabaseThreads,
        clock: Timekeeper,
        rules: SendingRules,
        *,
        next_ones: Callable[[], Iterable[Claim]] = tuple,
        ahead: int = 0,
    ) -> None:
        """`next_ones`: those that wait, in the order in which they are called; `ahead`: how many of them are seen."""
        self._threads, self._clock, self._rules = threads, clock, rules
        self._next_ones, self._most_ahead = next_ones, ahead
        self._asked: list[_Asked] = []
        self.commits: Commits | None = None
        """None: nobody is looked at ahead."""
        self._ahead: dict[str, tuple[Verdict, _Moment]] = {}
        """By attempt: seen, and not asked about yet."""
        self._under_way: tuple[Collection[str], list[_Asked], _Moment] | None = None
        """The attempts that the look under way sees ahead, whoever waits for it, and from when it is."""
        self._looking: asyncio.Task[None] | None = None

    async def look(self, one: Claim) -> Verdict:
        """What is right for a claim that is called next. Raises what the database raises."""
        seen = self._ahead.pop(one.attempt_id, None)
        now = self._moment() if seen or self._under_way else None
        if seen is not None and _holds(seen[1], now):
            if self._is_short():
                self._begin()
            return seen[0]
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        asked = self._asked
        if self._under_way and one.attempt_id in self._under_way[0] and _holds(self._under_way[2], now):
            asked = self._under_way[1]
        asked.append((one, answer))
        self._begin()
        return await answer

    def _begin(self) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_at_all())

    async def _look_at_all(self) -> None:
        try:
            soon = self._soon()
            while self._asked or soon:
                asked, self._asked = self._asked, []
                went_well = await self._look_at(asked, soon)
                soon = self._soon() if went_well else []  # a database in trouble is asked when a call needs it
        finally:
            self._looking = self._under_way = None

    async def _look_at(self, asked: list[_Asked], soon: Sequence[Claim]) -> bool:
        claims = [*(one for one, _ in asked), *soon]
        try:
            before = self._moment()
            self._under_way = {one.attempt_id for one in soon}, asked, before
            found = await self._threads.read(partial(verdicts, rules=self._rules, claims=claims, now=before.now))
        except Exception as error:  # noqa: BLE001  # whoever asked for the look gets it
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return False
        self._ahead.update({one.attempt_id: (found[one.attempt_id], before) for one in soon})
        for one, answer in asked:
            self._ahead.pop(one.attempt_id, None)
            if not answer.done():
                answer.set_result(found[one.attempt_id])
        return True

    def _soon(self) -> list[Claim]:
        """Those that are called next and were not looked at; nobody where calls take too long for that."""
        if self.commits is None:
            return []
        now = self._moment()
        held = {attempt: seen for attempt, seen in self._ahead.items() if _holds(seen[1], now)}
        is_slow = any(now.at - before.at > _HOLDS for _, before in self._ahead.values())
        self._ahead = held
        if is_slow or not self._is_short():
            return []
        unseen = (one for one in self._next_ones() if one.attempt_id not in held)
        return list(islice(unseen, self._most_ahead - len(held)))

    def _is_short(self) -> bool:
        return 2 * len(self._ahead) < self._most_ahead

    def _moment(self) -> _Moment:
        committed = None
        with suppress(Exception):  # whatever the driver raises: nobody can say
            committed = self.commits.mark() if self.commits else None
        return _Moment(self._clock.monotonic(), self._clock.now(), (committed, self._threads.written))


def _holds(before: _Moment, now: _Moment | None) -> bool:
    if now is None or None in now.committed or before.committed != now.committed or now.at - before.at > _HOLDS:
        return False
    # A machine that was suspended has a monotonic clock that stood still.
    return abs((now.now - before.now).total_seconds()) <= _HOLDS


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
