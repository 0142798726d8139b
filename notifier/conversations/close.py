"""Close what a patient wrote, with a decision about the texts that it holds: they go on, stay held, or end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.conversations.inbox import the_reply
from notifier.conversations.reply_texts import one_at_a_time
from notifier.domain.open_replies import OpenReply, TextsDecision
from notifier.domain.refused import RefusalCode, Refused
from notifier.numbers.held_lifts import NO_LIFTS, HeldLifts, leave_out
from notifier.numbers.holds import hold_number
from notifier.numbers.open_replies import close_open_reply, numbers_held_by, open_replies_on
from notifier.numbers.release import let_go_on, opt_out_by_staff


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing a reply did."""

    already: bool
    """Somebody had closed it before; nothing was changed."""
    others: tuple[OpenReply, ...] = ()
    """What is still open on its numbers, and holds their texts."""
    lifts: HeldLifts = NO_LIFTS
    withdrawn: int = 0
    """How many planned texts do not leave any more."""


def close_reply(
    session: Session,
    reply_id: int,
    decision: TextsDecision,
    *,
    now: datetime,
    by: str,
    unsaid: Collection[int] = (),
) -> Closed:
    """Somebody has read it and decided about the texts of its numbers.

    `unsaid`: the messages of those lifts, held meanwhile, that shall not be said where the others go on.

    Raises Refused where texts shall go on behind urgent words, or on a number that is held whole: that is a release of
    the number, by somebody who has read all that is open on it.
    """
    if unsaid and decision is not TextsDecision.GO_ON:
        raise Refused('a "you may" is left out only where the other texts go on')
    reply = the_reply(session, reply_id)
    one_at_a_time(session, reply.phone)
    session.refresh(reply)
    if reply.closed_at is not None:
        return Closed(already=True)
    as_open = OpenReply(reply_id, reply.at, reply.meaning, reply.urgent)
    phones = numbers_held_by(session, reply_id)
    if decision is TextsDecision.GO_ON and phones and as_open.must_be_released:
        raise Refused(
            f"{as_open.reason}; read all that is open on this number, then release it: that closes it too",
            code=RefusalCode.NUMBER_TO_RELEASE,
            phone=reply.phone,
        )
    close_open_reply(session, reply_id, at=now, by=by, decision=decision)
    withdrawn = 0
    for phone in phones or [reply.phone]:
        if decision is TextsDecision.STAY_HELD:
            hold_number(session, phone, reason=f"decided when reply {reply_id} was closed", at=now, by=by,
                        kinds=as_open.kinds)  # fmt: skip
        elif decision is TextsDecision.END:
            withdrawn += len(opt_out_by_staff(session, phone, now=now, by=by).withdrawn)
    leave_out(session, phones, unsaid, at=now, by=by)
    lifts = let_go_on(session, phones, now=now, by=by) if decision is TextsDecision.GO_ON else NO_LIFTS
    still = {one.id: one for found in open_replies_on(session, phones).values() for one in found}
    return Closed(False, tuple(still.values()), lifts, withdrawn)
