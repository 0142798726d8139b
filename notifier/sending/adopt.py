"""Adopt what left after the moment of a backup: nothing of it may leave a second time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state, move_many
from notifier.db.rows import insert_rows, table_of
from notifier.db.tables import Attempt, Message, RecoveryKind
from notifier.db.threads import DatabaseThreads
from notifier.domain.counted import counted
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MAY_STILL_LEAVE, MessageState
from notifier.numbers.holds import hold_number, open_holds
from notifier.sending.compare_at_start import known_sids
from notifier.sending.gates.recoveries import end, open_recoveries
from notifier.sending.list_sent import list_sent
from notifier.sending.match_adopted import Ours, match
from notifier.sending.outcomes import receipts
from notifier.sending.outcomes.lookup import ProviderText
from notifier.sms.gateway import Gateway, GatewayUnavailable, ProviderMessage

OVERLAP: Final = timedelta(hours=1)
"""Read again from before the backup: what was on its way then, and two clocks that differ."""
_AT_ONCE: Final = 500
_NUMBERS: Final = 200
_COMPARED: Final = (
    col(Message.id), col(Message.phone), col(Message.state), col(Message.due_at),
    col(Message.text), col(Message.late_text), col(Message.sent_text),
)  # fmt: skip
_LEFT_SINCE: Final = "texts have left for it that the restored backup does not know"
_S = MessageState
_texts = table_of(Message)
_KNOWN: Final = (
    update(_texts)
    .where(_texts.c.id == bindparam("message"))
    .values(left_at=bindparam("left"), sent_text=bindparam("words"), sid=bindparam("found"))
)
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What Twilio knew and the backup did not."""

    since: datetime
    texts: int
    """Planned texts that had left."""
    held: dict[str, int]
    """Numbers with texts that nobody here knows, and how many: enrolled or changed since the backup."""


class Interrupted(GatewayUnavailable):
    """The provider's lists broke off. What they had until then is written down, and everything goes on waiting."""

    def __init__(self, error: GatewayUnavailable, texts: int) -> None:
        super().__init__(str(error))
        self.texts = texts
        """Planned texts that had left, as far as the lists were read."""


async def adopt(
    threads: DatabaseThreads, gateway: Gateway, *, now: datetime, by: str, said: Progress = lambda _read, _left: None
) -> Adopted:
    """Ask Twilio for every text since the backup, and let texts leave again once all of it is written down.

    First by date, for everybody; then by number for those whose texts that are due have not been found, as one that is
    still queued has no date. `said`: how many texts were read by now, and how many of them had left; each batch.
    Raises Refused where no backup waits for it, and Interrupted where Twilio's lists could not be read to the end:
    then everything goes on waiting, and the same again goes on from what is written down.
    """
    since = await threads.read(lambda session: _since(session, now))
    found = _Adoption(threads, now, by, said)
    try:
        await found.take(gateway.list_sent(None, since - OVERLAP))
        phones = await threads.read(lambda session: _due_still(session, now))
        for start in range(0, len(phones), _NUMBERS):
            listed = await list_sent(gateway, phones[start : start + _NUMBERS], since - OVERLAP, senders=())
            await found.write([*listed.values()])
    except GatewayUnavailable as error:
        raise Interrupted(error, found.texts) from None
    why = f"{counted(found.texts, 'text')} had left since the backup"
    await threads.write(lambda session: end(session, RecoveryKind.RESTORED, at=now, by=by, why=why))
    return Adopted(since, found.texts, found.held)


class _Adoption:
    """What has been read and written so far; no more of a list is kept than one batch."""

    def __init__(self, threads: DatabaseThreads, now: datetime, by: str, said: Progress) -> None:
        self._threads, self._now, self._by, self._said = threads, now, by, said
        self._read = 0
        self._unknown, self._looked_up = set[str](), set[int]()
        self.texts = 0
        self.held = dict[str, int]()

    async def take(self, records: AsyncIterator[ProviderMessage]) -> None:
        """Write down a list as it comes. Raises GatewayUnavailable, after what came before is written down."""
        batch: list[ProviderMessage] = []
        try:
            async for record in records:
                batch.append(record)
                if len(batch) == _AT_ONCE:
                    await self.write(batch)
                    batch = []
        finally:
            await self.write(batch)

    async def write(self, records: Sequence[ProviderMessage]) -> None:
        new = {record.sid: record for record in records if record.sid not in self._unknown}
        if new:
            await self._threads.write(partial(self._adopt, records=new))
        self._read += len(records)
        self._said(self._read, self.texts)

    def _adopt(self, session: Session, *, records: Mapping[str, ProviderMessage]) -> None:
        known = known_sids(session, records)
        listed: dict[str, list[ProviderText]] = defaultdict(list)
        for one in records.values():
            if one.sid not in known:
                listed[one.to].append(ProviderText(one.sid, one.body, one.created_at))
        ours = _ours(session, listed, self._looked_up)
        left: dict[int, ProviderMessage] = {}
        for phone, unbound in listed.items():
            matched = match(ours[phone], unbound)
            left |= {message_id: records[text.sid] for message_id, text in matched.left}
            self._looked_up.update(matched.looked_up)
            if matched.unknown:
                self._hold(session, phone, [text.sid for text in matched.unknown])
        self.texts += _have_left(session, left, self._now, self._by)

    def _hold(self, session: Session, phone: str, sids: Sequence[str]) -> None:
        self._unknown.update(sids)
        self.held[phone] = self.held.get(phone, 0) + len(sids)
        if not any(hold.reason == _LEFT_SINCE for hold in open_holds(session, phone)):
            hold_number(session, phone, reason=_LEFT_SINCE, at=self._now, by=self._by)


def _since(session: Session, now: datetime) -> datetime:
    restored = open_recoveries(session).get(RecoveryKind.RESTORED)
    if restored is None:
        raise Refused("no backup waits for this", code=RefusalCode.NOTHING_TO_COMPARE)
    return min(restored.up_to, now)


def _due_still(session: Session, now: datetime) -> list[str]:
    """The numbers with a text that is due, and that the list by date did not have."""
    due = select(col(Message.phone)).where(in_state(_S.PLANNED), col(Message.due_at) <= now)
    return sorted(set(session.scalars(due)))


def _ours(session: Session, phones: Collection[str], but: Collection[int]) -> dict[str, list[Ours]]:
    found = select(*_COMPARED).where(
        in_state(*MAY_STILL_LEAVE), col(Message.phone).in_(phones), col(Message.due_at).is_not(None)
    )
    ours: dict[str, list[Ours]] = defaultdict(list)
    for message_id, phone, state, due_at, *words in session.execute(found):
        if message_id is not None and due_at is not None and message_id not in but:
            bodies = frozenset(map(str, {*words} - {None}))
            ours[phone].append(Ours(message_id, bodies, due_at, state is _S.PLANNED))
    return ours


def _have_left(session: Session, found: Mapping[int, ProviderMessage], now: datetime, by: str) -> int:
    """As if they had been claimed and accepted here; the attempts say where it is known from. How many there were."""
    why = "it had left after the backup: found in Twilio's list"
    ids = move_many(session, [*found], seen=_S.PLANNED, to=_S.ATTEMPTING, at=now, by=by, why=why)
    left = [(message_id, found[message_id]) for message_id in ids]
    if not left:
        return 0
    known = [{"message": it, "left": one.created_at, "words": one.body, "found": one.sid} for it, one in left]
    session.connection().execute(_KNOWN, known)
    same = {"finished_at": now, "outcome": "accepted", "detail": why, "worker_id": "another, before the restore"}
    calls = [
        {"id": str(uuid4()), "message_id": it, "started_at": at, "lease_until": at, "sid": one.sid, **same}
        for it, one in left
        for at in (one.created_at,)
    ]
    insert_rows(session, Attempt, calls)
    counted = {"attempts": col(Message.attempts) + 1}
    move_many(session, ids, seen=_S.ATTEMPTING, to=_S.ACCEPTED, at=now, by=by, why=why, **counted)
    receipts.store_of_list(session, [one for _, one in left], at=now)
    receipts.advance(session, [one.sid for _, one in left], at=now)
    return len(left)
