"""Reply to a patient in staff's own words, within a day of the last message, at any hour, and never after STOP."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.conversations import inbox as replies
from notifier.conversations.auto_reply import STAFF_MAY_REPLY_FOR, USEFUL_FOR, check_staff_words
from notifier.conversations.reply_texts import answers_for, one_at_a_time, same_words
from notifier.conversations.reply_texts import plan_reply as plan
from notifier.db.enrollments import the_enrollment
from notifier.domain.kinds import BY_STAFF
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.numbers.opt_outs import is_opted_out
from schedules.segments import Segments, count_segments


@dataclass(frozen=True, slots=True)
class StaffReply:
    """What a reply by staff would be, or is."""

    enrollment: int
    reply: int
    phone: str
    words: str
    segments: Segments
    until: datetime
    """When it is no longer sent."""
    message: int | None = None
    """Its row in the outbox, once it is there."""


def may_reply_until(session: Session, phone: str, *, now: datetime, yours: Collection[str] | None = None) -> datetime:
    """Until when this number may be replied to by hand, by somebody of these offices (None: of all).

    Raises Refused with why not, and what to do.
    """
    if is_opted_out(session, phone):
        raise Refused("the patient has opted out, and nothing is sent after that; call the patient")
    last = replies.last_reply(session, phone, yours)
    if last is None:
        raise Refused("nothing has come from this number, and by hand only a reply is sent; call instead")
    if now - last.at > STAFF_MAY_REPLY_FOR:
        raise Refused(
            "the patient's last message is more than 24 hours old, and only a reply to a newer one is sent; "
            "call the patient"
        )
    return last.at + STAFF_MAY_REPLY_FOR


def find_reply(
    session: Session,
    words: str,
    *,
    rules: PlanningRules,
    now: datetime,
    reply_id: int | None = None,
    enrollment_id: int | None = None,
) -> StaffReply:
    """What a reply to this message, or to the last words from this enrollment's number, would be; writes nothing.

    The name of the patient's office, or the clinic, stands in front of the words. Raises Refused with a sentence.
    """
    if enrollment_id is not None:
        phone, whose = the_enrollment(session, enrollment_id).phone, enrollment_id
    else:
        asked = replies.the_reply(session, reply_id or 0)
        phone = asked.phone
        whose = getattr(answers_for(session, phone, office=asked.office), "id", None) or 0
    if not whose:
        raise Refused("nobody with this number is enrolled, so no text goes there; call instead")
    clinic_name = rules.at(the_enrollment(session, whose).office).voice.clinic
    text = _checked(words, clinic_name)
    closes = may_reply_until(session, phone, now=now, yours=rules.yours)
    if same_words(session, phone, text, since=now - STAFF_MAY_REPLY_FOR):
        raise Refused("these very words have gone to the patient already, or are on their way; write others")
    last = replies.last_reply(session, phone, rules.yours)
    return StaffReply(
        whose,
        reply_id or getattr(last, "id", None) or 0,
        phone,
        text,
        count_segments(text),
        until=min(now + USEFUL_FOR, closes),
    )


def send_reply(session: Session, found: StaffReply, *, rules: PlanningRules, now: datetime, by: str) -> StaffReply:
    """Send it. The message that it replies to stays open, and holds what it held. Raises Refused with a sentence."""
    one_at_a_time(session, found.phone)
    found = find_reply(
        session, found.words, rules=rules, now=now, reply_id=found.reply,
        enrollment_id=found.enrollment)  # fmt: skip  # again, now that nobody else replies
    message = plan(
        session, the_enrollment(session, found.enrollment), found.phone, found.words,
        step=f"{BY_STAFF}-{found.reply}", now=now, until=found.until, by=by,
    )  # fmt: skip
    return replace(found, message=message)


def _checked(words: str, clinic_name: str) -> str:
    try:
        return check_staff_words(words, clinic_name)
    except ValueError as error:
        raise Refused(str(error), "text") from None
