"""Before a worker's first claim: does the provider list texts that these tables still call planned?

Then the database went back in time while no worker ran, and nobody said `restore`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.outbox import in_state
from notifier.db.tables import Attempt, Message, Recovery, RecoveryKind
from notifier.db.threads import DatabaseThreads
from notifier.domain.counted import counted
from notifier.domain.folded_words import folded
from notifier.domain.states import MessageState
from notifier.sending.gates.hidden import LATELY, take_note, what_it_hides
from notifier.sending.gates.own_writes import last_call, went_back
from notifier.sending.gates.recoveries import open_recoveries
from notifier.sending.list_sent import list_sent
from notifier.sending.match_adopted import EARLY
from notifier.sending.outcomes.lookup import EARLIEST, LATEST
from notifier.sms.gateway import Gateway, ProviderMessage

LOOK_BACK: Final = timedelta(days=1)
"""Of how long the provider's texts are compared at least; else since the last call that is written down here."""
_AT_ONCE: Final = 500
_ASKED: Final = 100
"""Texts whose numbers are asked about one by one: a second or two at a start."""
log = structlog.get_logger()


async def compare(
    threads: DatabaseThreads,
    gateway: Gateway,
    *,
    senders: Collection[str | None],
    now: datetime,
    webhooks: bool = False,
) -> None:
    """Where a listed text that no row knows has the words of one still planned for its number, let nothing leave.

    So too where the list hides numbers or words: without `webhooks` nobody could read a STOP in it, and that is known
    before the first text leaves. `senders`: the numbers and services that texts leave through. Raises
    GatewayUnavailable where a list could not be read to its end.
    """
    since, phones = await threads.read(lambda session: (_since(session, now), _first_to_leave(session, now)))
    if since is None:
        return
    numbers = {one for one in senders if one and one.startswith("+")}
    ask = numbers if numbers and len(numbers) == len(senders) else {None, *numbers}
    listed = await list_sent(gateway, phones, since, senders=ask)
    records, left = list(listed.values()), list[ProviderMessage]()
    if hidden := [one for one in records if what_it_hides(one)]:
        await threads.write(partial(_nobody_can_read, hidden=hidden, now=now, webhooks=webhooks))
    for start in range(0, len(records), _AT_ONCE):
        left += await threads.read(partial(_still_planned, records=records[start : start + _AT_ONCE]))
    if left:
        first = min(one.created_at for one in left)
        why = f"{counted(len(left), 'text that is planned here has', 'texts that are planned here have')} left"
        await threads.write(lambda session: went_back(session, missing_since=first, now=now, why=why))


def _nobody_can_read(session: Session, *, hidden: Sequence[ProviderMessage], now: datetime, webhooks: bool) -> None:
    """Of our own texts we know what they said, and some were made unreadable on our behalf."""
    known = known_sids(session, [one.sid for one in hidden])
    strange = [one for one in hidden if one.sid not in known]
    if strange:
        take_note(session, strange, at=now, webhooks=webhooks, by="poll")


def known_sids(session: Session, sids: Collection[str]) -> set[str]:
    """Those that are some text's or attempt's here."""
    texts = select(col(Message.sid)).where(col(Message.sid).in_(sids))
    attempts = select(col(Attempt.sid)).where(col(Attempt.sid).in_(sids))
    return {str(sid) for query in (texts, attempts) for sid in session.scalars(query)}


def _since(session: Session, now: datetime) -> datetime | None:
    """What was compared after a restore is not asked about again; None where that waits for a person anyhow."""
    if RecoveryKind.RESTORED in open_recoveries(session):
        return None
    ended = select(func.max(col(Recovery.ended_at))).where(col(Recovery.kind) == RecoveryKind.RESTORED)
    last = last_call(session)
    since = min(now - LOOK_BACK, last - EARLY) if last else now - LATELY
    return max(since, session.scalar(ended) or since)


def _first_to_leave(session: Session, now: datetime) -> list[str]:
    """The numbers that would be texted first, and so were texted first if these tables went back since.

    Their texts may still be queued at the provider, so each is asked about. Where more are due, those that left went on
    to a carrier meanwhile, and the list by date has them.
    """
    due = select(col(Message.phone)).where(in_state(MessageState.PLANNED), col(Message.due_at) <= now)
    first = due.order_by(col(Message.need).nulls_last(), col(Message.due_at), col(Message.id)).limit(_ASKED)
    return sorted(set(session.scalars(first)))


def _still_planned(session: Session, *, records: Sequence[ProviderMessage]) -> list[ProviderMessage]:
    known = known_sids(session, [one.sid for one in records])
    unknown = [one for one in records if one.sid not in known]
    if not unknown:
        return []
    found = select(Message).where(in_state(MessageState.PLANNED), col(Message.phone).in_({one.to for one in unknown}))
    planned: dict[str, list[Message]] = defaultdict(list)
    for text in session.scalars(found):
        planned[text.phone].append(text)
    return [one for one in unknown if any(_is_it(session, text, one) for text in planned[one.to])]


def _is_it(session: Session, text: Message, listed: ProviderMessage) -> bool:
    """The same words; where the provider hides them, one that was due when the listed text was made."""
    words = folded(listed.body)
    due = text.due_at is not None and text.due_at <= listed.created_at + EARLY
    same = words in {folded(text.text), folded(text.late_text or "")} if words else due
    return same and not _accounted_for(session, text, listed)


def _accounted_for(session: Session, text: Message, listed: ProviderMessage) -> bool:
    """A call that these tables know was made at that time: what became of it was looked up, or a person has said."""
    near = col(Attempt.started_at).between(listed.created_at - LATEST, listed.created_at + EARLIEST)
    called = select(func.count()).where(col(Attempt.message_id) == text.id, near)
    return bool(session.scalar(called))
