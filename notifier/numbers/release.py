"""What staff decide about a number: no more texts, or that what held it back has been read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.events import record_event
from notifier.db.outbox import in_state, look_again
from notifier.db.tables import Message
from notifier.domain.consent import read_reconsent
from notifier.domain.open_replies import OpenReply, TextsDecision
from notifier.domain.phone import parse_phone
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import MessageState
from notifier.numbers.held_lifts import NO_LIFTS, HeldLifts, give_back_held_time, leave_out
from notifier.numbers.holds import open_holds, release_number
from notifier.numbers.open_replies import close_open_reply, numbers_held_by, open_replies_on
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
    replies: tuple[int, ...] = ()
    """Open replies that it has closed."""
    lifts: HeldLifts = NO_LIFTS
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


def plan_release(session: Session, phone: str, yours: Collection[str] | None = None) -> list[OpenReply]:
    """What is open on this number, and would be closed by its release. Raises Refused for what is no number.

    `yours`: the offices of whoever asks; None: all.
    """
    number = _e164(phone)
    found = open_replies_on(session, {number}).get(number, [])
    return [one for one in found if yours is None or one.office is None or one.office in yours]


def release(
    session: Session,
    phone: str,
    *,
    now: datetime,
    by: str,
    reconsent: str | None = None,
    seen: Collection[int] | None = None,
    yours: Collection[str] | None = None,
    unsaid: Collection[int] = (),
) -> Released:
    """Let the texts of a number go on: what is open on it is closed, and its holds end. Somebody has read it all.

    `seen`: the open replies that were read; another one refuses (None: whatever is open). `yours`: the offices of
    whoever asks (None: all); what was written to others stays open and holds, for they have not read it. An opt-out
    ends only with `reconsent`: how the patient said that texts are wanted again. Raises Refused without it. `unsaid`:
    the messages of those lifts, held meanwhile, that shall not be said.
    """
    number = _e164(phone)
    reconsent = read_reconsent(reconsent)
    stored = is_opted_out(session, number)
    unread = plan_release(session, number, yours)
    _refuse_unseen(unread, seen)
    has_hold = bool(unread or open_holds(session, number))
    if stored is not None and reconsent is None and not has_hold:
        raise Refused(
            f"this number opted out on {stored.at:%Y-%m-%d} ({stored.source}); only the patient may end that: "
            "by texting START; or say how the patient agreed",
            code=RefusalCode.OPTED_OUT,
        )
    if not has_hold and not (stored and reconsent) and plan_release(session, number):
        raise Refused("what keeps this number was written to another office, and somebody there reads it")
    if stored is None and not has_hold:
        raise Refused("this number is neither held nor opted out", code=RefusalCode.NOTHING_TO_RELEASE)
    phones = {number}
    for reply in unread:
        phones |= set(numbers_held_by(session, reply.id))
        close_open_reply(session, reply.id, at=now, by=by, decision=TextsDecision.GO_ON)
    holds = release_number(session, number, at=now, by=by)
    ended = False
    if stored is not None and reconsent is not None:
        ended = opt_in(session, number, at=now, by=by)
        record_event(session, at=now, by=by, what="reconsented", why=f"opt-out {stored.id}: {reconsent}")
    leave_out(session, phones, unsaid, at=now, by=by)
    lifts = let_go_on(session, phones, now=now, by=by)
    blocked = until_start(session, number) if ended and stored is not None and keeps_blocking(stored) else None
    closed = tuple(reply.id for reply in unread)
    return Released(holds, ended, closed, lifts, still_blocked=blocked)


def let_go_on(session: Session, phones: Collection[str], *, now: datetime, by: str) -> HeldLifts:
    """What waited for a person on these numbers is looked at now; the lifts whose moment had come meanwhile."""
    lifts = give_back_held_time(session, phones, at=now, by=by)
    look_again(session, col(Message.phone).in_(sorted(phones)), at=now)
    return lifts


def _refuse_unseen(unread: Sequence[OpenReply], seen: Collection[int] | None) -> None:
    if seen is not None and (more := [reply.id for reply in unread if reply.id not in seen]):
        raise Refused(
            f"the patient has written again since you looked (reply {more[-1]}); read it first",
            code=RefusalCode.MESSAGE_CAME_MEANWHILE,
        )


def _e164(phone: str) -> str:
    try:
        return parse_phone(phone, vouched=True).e164
    except ValueError as why:
        raise Refused(str(why), "phone") from None
