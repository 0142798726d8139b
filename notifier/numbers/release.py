"""What staff decide about a number: no more texts, or that what held it back has been read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.outbox import in_state, look_again
from notifier.db.tables import Message
from notifier.domain.consent import check_consent
from notifier.domain.phone import parse_phone
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MessageState
from notifier.numbers.holds import release_number
from notifier.numbers.opt_outs import is_opted_out, opt_in, opt_out
from notifier.numbers.twilio_block import keeps_blocking, until_start


@dataclass(frozen=True, slots=True)
class OptedOut:
    """What an opt-out does."""

    phone: str
    """E.164."""
    already: bool
    """The number had opted out before."""
    withdrawn: tuple[Message, ...]
    """The planned texts that do not leave, the first to leave first."""


@dataclass(frozen=True, slots=True)
class Released:
    """What was ended for a number."""

    holds: int
    opt_out: bool
    still_blocked: str | None = None
    """Why texts do not arrive all the same, and what the patient must do; None where nothing is known of that."""


def plan_opt_out(session: Session, phone: str) -> OptedOut:
    """What opting this number out would do; nothing is written. Raises Refused for what is no number."""
    number = _e164(phone)
    planned = select(Message).where(in_state(MessageState.PLANNED), col(Message.phone) == number)
    texts = tuple(session.scalars(planned.order_by(col(Message.due_at), col(Message.id))))
    return OptedOut(number, is_opted_out(session, number) is not None, texts)


def opt_out_by_staff(session: Session, phone: str, *, now: datetime, by: str) -> OptedOut:
    """Never text this number again, as the patient asked at the desk or by phone. Raises Refused."""
    found = plan_opt_out(session, phone)
    new = opt_out(session, found.phone, source="staff", at=now, by=by)
    return replace(found, already=not new)


def release(session: Session, phone: str, *, now: datetime, by: str, reconsent: str | None = None) -> Released:
    """End the holds of a number: somebody has read what the patient wrote.

    An opt-out ends only with `reconsent`: how the patient said that texts are wanted again. Raises Refused without it.
    """
    number = _e164(phone)
    try:
        reconsent = check_consent(reconsent or "") or None
    except ValueError as why:
        raise Refused(f"re{why}", "reconsent") from None
    stored = is_opted_out(session, number)
    holds = release_number(session, number, at=now, by=by)
    if stored is not None and reconsent is None and not holds:
        raise Refused(
            f"this number opted out on {stored.at:%Y-%m-%d} ({stored.source}); only the patient may end that: "
            "by texting START; or say how the patient agreed",
            code=RefusalCode.OPTED_OUT,
        )
    if stored is None and not holds:
        raise Refused("this number is neither held nor opted out", code=RefusalCode.NOTHING_TO_RELEASE)
    ended = False
    if stored is not None and reconsent is not None:
        ended = opt_in(session, number, at=now, by=by)
        record_event(session, at=now, by=by, what="reconsented", why=f"opt-out {stored.id}: {reconsent}")
    look_again(session, col(Message.phone) == number, at=now)
    blocked = until_start(session, number) if ended and stored is not None and keeps_blocking(stored) else None
    return Released(holds, ended, blocked)


def _e164(phone: str) -> str:
    try:
        return parse_phone(phone, vouched=True).e164
    except ValueError as why:
        raise Refused(str(why), "phone") from None
