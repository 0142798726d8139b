"""Accounts that hide: where Twilio's lists show +1787420XXXX for a number, or no words, nobody reads a STOP in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Circuit, Reply
from notifier.domain.folded_words import hides_number
from notifier.sending.gates import circuits, polls
from notifier.sms.gateway import Gateway, ProviderMessage

LATELY: Final = timedelta(days=30)
"""So long after the last hidden text, a list still proves nothing by what it does not have."""
_WEBHOOK_TAKES: Final = timedelta(minutes=1)
_SWITCH_OFF: Final = (
    'nobody can read a STOP in its lists: switch off "{setting}" in the Message Redaction settings at Twilio, or let '
    "replies come by webhook (NOTIFIER_PUBLIC_URL)"
)
NUMBERS: Final = f"the Twilio account hides phone numbers, so {_SWITCH_OFF.format(setting='Phone Number Redaction')}"
WORDS: Final = f"the Twilio account hides what texts say, so {_SWITCH_OFF.format(setting='Message Body Redaction')}"


def what_it_hides(record: ProviderMessage) -> str | None:
    """The sentence that names the setting; None for a text that can be read."""
    inbound = record.direction == "inbound"
    if hides_number((record.from_ if inbound else record.to).rpartition(":")[2]):  # "rcs:+1…" is a number too
        return NUMBERS
    said = record.body.strip()
    return WORDS if not record.media_count and not said.strip("*") else None


async def what_lists_hide(gateway: Gateway, since: datetime) -> str | None:
    """The sentence that names the setting, where what the provider lists since then cannot be read; None where all can.

    Raises GatewayUnavailable.
    """
    for listed in (gateway.list_inbound(since), gateway.list_sent(None, since)):
        async for record in listed:
            if why := what_it_hides(record):
                return why
    return None


def unread(session: Session, hidden: Iterable[ProviderMessage]) -> list[ProviderMessage]:
    """Those that no webhook has brought and that no person has answered for."""
    hidden = list(hidden)
    stored = _stored(session, [one.sid for one in hidden])
    answered_for = _answered_for(session)
    return [one for one in hidden if one.sid not in stored and (answered_for is None or one.created_at > answered_for)]


def take_note(session: Session, hidden: Collection[ProviderMessage], *, at: datetime, webhooks: bool, by: str) -> None:
    """Write down that texts were hidden, and stop sending where that keeps a STOP from being read. With webhooks only a
    reply that none has brought within a minute stops anything."""
    polls.completed(session, at=at, read_up_to=at, what=polls.HIDDEN)
    missing = unread(session, hidden)
    if webhooks:
        missing = [one for one in missing if one.direction == "inbound" and at - one.created_at > _WEBHOOK_TAKES]
    if not missing or any(one.code == circuits.HIDES for one in circuits.open_circuits(session)):
        return
    circuits.provider_hides(session, reason=what_it_hides(missing[0]) or NUMBERS, at=at, by=by)


def nothing_is_missing(session: Session, *, at: datetime, by: str) -> None:
    """Webhooks have brought everything that the lists hide: send again."""
    if any(one.code == circuits.HIDES for one in circuits.open_circuits(session)):
        circuits.close_circuits(session, at=at, by=by, why="webhooks brought what was hidden", codes=(circuits.HIDES,))


def hides_lately(session: Session, now: datetime) -> bool:
    """Whether the provider's lists have hidden something of late."""
    seen = polls.last_poll(session, polls.HIDDEN)
    return seen is not None and now - seen.completed_at <= LATELY


def _stored(session: Session, sids: Collection[str]) -> set[str]:
    return set(session.scalars(select(col(Reply.sid)).where(col(Reply.sid).in_(sids)))) if sids else set()


def _answered_for(session: Session) -> datetime | None:
    """Until when a person has said that what was hidden is known."""
    by_hand = select(func.max(col(Circuit.closed_at))).where(
        col(Circuit.code) == circuits.HIDES, col(Circuit.closed_by) != "poll"
    )
    return session.scalar(by_hand)
