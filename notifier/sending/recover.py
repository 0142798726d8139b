"""Recover from an outage: show what became of the texts that are late, and let go of those that are still useful."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row, Select, case, literal, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.outbox import in_state, is_reply_or_test
from notifier.db.tables import Enrollment, Message, RecoveryKind
from notifier.domain.counted import counted
from notifier.domain.id_set import IdSet
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MessageState
from notifier.sending.apart import JUST_LEFT
from notifier.sending.claim import SendingRules
from notifier.sending.decide import Decision, Send, Wait
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from notifier.sending.gates.recoveries import BY_WORKER, LATE, last_departure, open_recoveries, release_late, waits
from schedules.moments import NOT_TOLD

_AT_ONCE: Final = 2000
_STREAMED: Final = {"yield_per": _AT_ONCE}
_LOOK_BACK: Final = timedelta(days=60)
"""No text stays useful for so long."""
LISTED: Final = 1000
"""So many texts are listed one by one, the first to have been due; the others are counted."""
_WORDLESS: Final[dict[str, Any]] = {  # what a text says decides nothing, and there may be hundreds of thousands
    "text": literal("").label("text"),
    "late_text": case((col(Message.late_text).is_(None), None), else_="").label("late_text"),
}
_DECIDED_BY: Final[tuple[Any, ...]] = tuple(_WORDLESS.get(one.key, one) for one in DECIDED_BY)
_S = MessageState


class LateFate(StrEnum):
    """What becomes of a late text once nobody keeps it."""

    LEAVES = "leaves"
    MOVED = "moved"
    """It is useful still, and waits for its next open moment."""
    WAITS = "waits"
    """Somebody must act first, outage or not."""
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    """It is no longer useful: staff tell the patient."""


@dataclass(frozen=True, slots=True)
class LateText:
    """One text that an outage made late, and whose it is."""

    message: int
    enrollment: int
    external_id: str | None
    name: str
    phone: str
    step: str
    due_at: datetime
    timezone: str
    fate: LateFate
    leaves_at: datetime | None
    """Not before; the sender's rate spreads them."""
    why: str | None


@dataclass(frozen=True, slots=True)
class RecoveryPlan:
    """What a person looks at before the late texts leave."""

    restored_to: datetime | None
    """These tables are a backup of that moment; Twilio must be asked first."""
    went_back: bool
    """They are no backup that somebody put there: the database went back in time by itself."""
    waiting: bool
    """The late texts wait for this person; else they leave by themselves."""
    up_to: datetime
    """What was due by then is late."""
    late: list[LateText]
    """Those still planned, the first to have been due; no more than are listed."""
    expired: list[LateText]
    """Those that were given up since the outage began; no more than are listed."""
    fates: Counter[LateFate]
    """How many of each fate, all of them."""
    patients: int
    """How many enrollments they are of."""
    too_late: int
    """How many of those still planned have expired: staff tell the patient."""
    texts: IdSet
    """All that are still planned, listed or not."""
    digest: str
    """Of which texts they are, and what becomes of each."""

    @property
    def useful(self) -> int:
        """How many a release is about."""
        return len(self.texts) - self.too_late

    @property
    def excerpt(self) -> list[LateText]:
        """What is shown one by one."""
        return [*self.late, *self.expired][:LISTED]

    @property
    def omitted(self) -> int:
        """How many more there are."""
        return sum(self.fates.values()) - len(self.excerpt)

    def counts(self) -> dict[str, int]:
        """How many of each fate."""
        return {fate.value: self.fates[fate] for fate in LateFate}


def plan_recovery(session: Session, rules: SendingRules, now: datetime) -> RecoveryPlan:
    """What is late and what would become of it now. Changes nothing."""
    found = open_recoveries(session)
    late, restored = found.get(RecoveryKind.LATE), found.get(RecoveryKind.RESTORED)
    up_to = late.up_to if late else now - LATE
    began = last_departure(session, late.at) if late else now - timedelta(days=1)
    seen = _Seen()
    for decided in _late(session, rules, up_to, now):
        seen.late(decided, now)
    too_late = seen.fates[LateFate.EXPIRED]
    gave_up = session.execute(_expired(began or now - _LOOK_BACK, now), execution_options=_STREAMED)
    for rows in gave_up.partitions():
        seen.expired(rows)
    return RecoveryPlan(
        restored_to=restored.up_to if restored else None,
        went_back=restored is not None and restored.by == BY_WORKER,
        waiting=late is not None,
        up_to=up_to,
        late=_with_names(session, seen.first()),
        expired=_with_names(session, seen.gave_up),
        fates=seen.fates,
        patients=len(seen.patients),
        too_late=too_late,
        texts=seen.texts,
        digest=seen.digest.hexdigest()[:16],
    )


def release(session: Session, plan: RecoveryPlan, *, now: datetime, by: str) -> int:
    """Let the late texts that `plan` shows leave, each by its own checks; how many.

    Raises Refused where texts would leave that it does not show, and where Twilio must be asked first.
    """
    if RecoveryKind.RESTORED in open_recoveries(session):
        sentence = "this database is a backup: Twilio must be asked what left since"
        raise Refused(sentence, code=RefusalCode.BACKUP_NOT_COMPARED)
    these = (in_state(_S.PLANNED), waits(plan.up_to, now))
    many = more = 0
    for ids in session.scalars(select(col(Message.id)).where(*these), execution_options=_STREAMED).partitions():
        many += len(ids)
        more += sum((one or 0) not in plan.texts for one in ids)
    if more:
        sentence = (
            f"{counted(more, 'more text is late than was', 'more texts are late than were')} shown; look at them again"
        )
        raise Refused(sentence, code=RefusalCode.MORE_ARE_LATE)
    release_late(session, texts=many, up_to=plan.up_to, now=now, by=by)
    return many


_Found = tuple[Due, LateFate, datetime | None, str | None]
"""A text, what becomes of it, when it leaves and why."""


class _Seen:
    """What a plan keeps of texts that are looked at one after the other: numbers of all, and the first few."""

    def __init__(self) -> None:
        self.fates: Counter[LateFate] = Counter()
        self.patients, self.texts = IdSet(), IdSet()
        self.gave_up: list[_Found] = []
        self.digest = sha256()
        self._first: list[_Found] = []
        self._before: tuple[datetime, int] | None = None

    def late(self, decided: Sequence[tuple[Due, Decision]], now: datetime) -> None:
        fates = [_fate(decision, now) for _, decision in decided]
        ids = [due.id for due, _ in decided]
        self.fates.update([fate for fate, _, _ in fates])
        self.patients.update([due.enrollment_id or 0 for due, _ in decided])
        self.texts.update(ids)
        self.digest.update("".join([f"{id_}:{fate}," for id_, (fate, _, _) in zip(ids, fates, strict=True)]).encode())
        last = self._before
        self._first += [
            (due, *fate)
            for (due, _), fate in zip(decided, fates, strict=True)
            if last is None or due.due_at < last[0] or (due.due_at == last[0] and due.id < last[1])
        ]
        if len(self._first) > 2 * LISTED:
            self._first = self.first()
            latest, *_ = self._first[-1]
            self._before = latest.due_at, latest.id

    def first(self) -> list[_Found]:
        return sorted(self._first, key=lambda one: (one[0].due_at, one[0].id))[:LISTED]

    def expired(self, rows: Sequence[Row[Any]]) -> None:
        self.fates[LateFate.EXPIRED] += len(rows)
        self.patients.update([row.enrollment_id for row in rows])
        listed = map(Due.of, rows[: LISTED - len(self.gave_up)])
        self.gave_up += [(due, LateFate.EXPIRED, None, due.reason) for due in listed]


def _late(
    session: Session, rules: SendingRules, up_to: datetime, now: datetime
) -> Iterator[list[tuple[Due, Decision]]]:
    """Decided as a claim would; one number's texts together, for its daily limit. What has expired is shown too."""
    found = (
        select(*_DECIDED_BY)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(in_state(_S.PLANNED), col(Message.due_at) <= up_to, ~is_reply_or_test())
        .order_by(col(Message.phone), col(Message.due_at), col(Message.id))
    )
    for rows in session.connection().execute(found, execution_options=_STREAMED).partitions(_AT_ONCE):
        batch = [Due.of(row) for row in rows]
        facts = FactsOfBatch.of(
            session, batch, window=rules.window, offices=rules.offices, staffed=rules.staffed,
            most=rules.max_texts_per_day, now=now, only_look=True)  # fmt: skip
        yield [(due, _decided(facts, due, now)) for due in batch]


def _decided(facts: FactsOfBatch, due: Due, now: datetime) -> Decision:
    decision = facts.decide(due, now)
    match decision:
        case Send():
            facts.count(due, now)
        case Wait(until, why) if why == JUST_LEFT:
            facts.count(due, until)
    return decision


def _fate(decision: Decision, now: datetime) -> tuple[LateFate, datetime | None, str | None]:
    match decision:
        case Send(late=late):
            return LateFate.LEAVES, now, "in its late wording" if late else None
        case Wait(for_a_person=True) as wait:
            return LateFate.WAITS, None, wait.why
        case Wait() as wait if wait.why.startswith(NOT_TOLD):  # it is withheld until a person has told its rule
            return LateFate.WAITS, None, wait.why
        case Wait() as wait:
            return LateFate.MOVED, wait.until, wait.why
        case withdraw:
            return (LateFate.EXPIRED if withdraw.to is _S.EXPIRED else LateFate.WITHDRAWN), None, withdraw.why


def _expired(since: datetime, now: datetime) -> Select[Any]:
    """What was planned to leave since then and was given up."""
    return (
        select(*_DECIDED_BY)
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(
            in_state(_S.EXPIRED),
            col(Message.nominal_at) > now - _LOOK_BACK,
            col(Message.nominal_at) <= now,
            col(Message.due_at).is_not(None),
            col(Message.expires_at) > since,
        )
        .order_by(col(Message.due_at), col(Message.id))
    )


def _with_names(session: Session, found: Sequence[_Found]) -> list[LateText]:
    """Who they are of: read of those that are listed alone."""
    known = {
        id_: (own_id, name) for id_, own_id, name in session.execute(_NAMES, {"ids": [due.id for due, *_ in found]})
    }
    return [
        LateText(
            due.id, due.enrollment_id or 0, *known[due.id], due.phone, due.step, due.due_at, due.timezone, fate,
            leaves_at, why,
        )
        for due, fate, leaves_at, why in found
    ]  # fmt: skip


_NAMES: Final = (
    select(col(Message.id), col(Enrollment.external_id), col(Enrollment.name))
    .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    .where(in_array(col(Message.id), "ids"))
)
