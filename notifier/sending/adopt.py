"""Adopt what left after the moment of a backup: nothing of it may leave a second time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state, move
from notifier.db.rows import insert_rows
from notifier.db.tables import Attempt, Message, RecoveryKind
from notifier.db.threads import DatabaseThreads
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MAY_STILL_LEAVE, MessageState
from notifier.numbers.holds import hold_number, open_holds
from notifier.sending.compare_at_start import known_sids
from notifier.sending.gates.recoveries import end, open_recoveries
from notifier.sending.list_sent import list_sent
from notifier.sending.match_adopted import Ours, match
from notifier.sending.outcomes import receipts
from notifier.sending.outcomes.lookup import ProviderText
from notifier.sms.gateway import Gateway, ProviderMessage

OVERLAP: Final = timedelta(hours=1)
"""Read again from before the backup: what was on its way then, and two clocks that differ."""
_AT_ONCE: Final = 200
_LEFT_SINCE: Final = "texts have left for it that the restored backup does not know"
_S = MessageState


@dataclass(frozen=True, slots=True)
class Adopted:
    """What Twilio knew and the backup did not."""

    since: datetime
    texts: int
    """Planned texts that had left."""
    held: dict[str, int]
    """Numbers with texts that nobody here knows, and how many: enrolled or changed since the backup."""


async def adopt(threads: DatabaseThreads, gateway: Gateway, *, now: datetime, by: str) -> Adopted:
    """Ask Twilio for every text since the backup, and let texts leave again once all of it is written down.

    Raises Refused where no backup waits for it, and GatewayUnavailable where Twilio's lists could not be read to the
    end: then everything goes on waiting, and the same again is safe.
    """
    since, phones = await threads.read(lambda session: _what_to_ask(session, now))
    listed: dict[str, list[ProviderMessage]] = defaultdict(list)
    for record in (await list_sent(gateway, phones, since - OVERLAP)).values():
        listed[record.to].append(record)
    numbers = sorted(listed)
    texts, held = 0, dict[str, int]()
    for start in range(0, len(numbers), _AT_ONCE):
        some = {phone: listed[phone] for phone in numbers[start : start + _AT_ONCE]}
        many, unknown = await threads.write(partial(_adopt_some, listed=some, now=now, by=by))
        texts, held = texts + many, held | unknown
    why = f"{texts} texts had left since the backup"
    await threads.write(lambda session: end(session, RecoveryKind.RESTORED, at=now, by=by, why=why))
    return Adopted(since, texts, held)


def _what_to_ask(session: Session, now: datetime) -> tuple[datetime, list[str]]:
    restored = open_recoveries(session).get(RecoveryKind.RESTORED)
    if restored is None:
        raise Refused("no backup waits for this", code=RefusalCode.NOTHING_TO_COMPARE)
    due = select(col(Message.phone)).where(in_state(_S.PLANNED), col(Message.due_at) <= now)
    return min(restored.up_to, now), sorted(set(session.scalars(due)))


def _adopt_some(
    session: Session, *, listed: Mapping[str, Sequence[ProviderMessage]], now: datetime, by: str
) -> tuple[int, dict[str, int]]:
    records = {record.sid: record for some in listed.values() for record in some}
    known, ours = known_sids(session, records), _ours(session, listed)
    many, held = 0, {}
    for phone, some in listed.items():
        unbound = [ProviderText(one.sid, one.body, one.created_at) for one in some if one.sid not in known]
        matched = match(ours[phone], unbound)
        for message_id, found in matched.left:
            _has_left(session, message_id, records[found.sid], now, by)
        many += len(matched.left)
        if matched.unknown:
            held[phone] = len(matched.unknown)
            if not any(hold.reason == _LEFT_SINCE for hold in open_holds(session, phone)):
                hold_number(session, phone, reason=_LEFT_SINCE, at=now, by=by)
    return many, held


def _ours(session: Session, phones: Collection[str]) -> dict[str, list[Ours]]:
    found = select(Message).where(
        in_state(*MAY_STILL_LEAVE), col(Message.phone).in_(phones), col(Message.due_at).is_not(None)
    )
    ours: dict[str, list[Ours]] = defaultdict(list)
    for one in session.scalars(found):
        assert one.id is not None
        assert one.due_at is not None
        words = {one.text, one.late_text, one.sent_text} - {None}
        ours[one.phone].append(Ours(one.id, frozenset(map(str, words)), one.due_at, one.state is _S.PLANNED))
    return ours


def _has_left(session: Session, message_id: int, record: ProviderMessage, now: datetime, by: str) -> None:
    """As if it had been claimed and accepted here; the attempt says where it is known from."""
    why = "it had left after the backup: found in Twilio's list"
    left = {"left_at": record.created_at, "sent_text": record.body}
    move(session, message_id, seen=_S.PLANNED, to=_S.ATTEMPTING, at=now, by=by, why=why, **left)
    call: dict[str, object] = {"started_at": record.created_at, "lease_until": record.created_at, "finished_at": now}
    call |= {"outcome": "accepted", "detail": why, "sid": record.sid, "worker_id": "another, before the restore"}
    insert_rows(session, Attempt, [{"id": str(uuid4()), "message_id": message_id, **call}])
    counted = {"sid": record.sid, "attempts": col(Message.attempts) + 1}
    move(session, message_id, seen=_S.ATTEMPTING, to=_S.ACCEPTED, at=now, by=by, why=why, **counted)
    receipts.store(
        session, sid=record.sid, status=record.status, error_code=record.error_code, token=None,
        at=now, source="poll")  # fmt: skip
    receipts.advance(session, [record.sid], at=now)
