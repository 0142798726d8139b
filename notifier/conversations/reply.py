"""Reply in staff's own words: to any open message inside the window, to a new one at any hour, never after STOP."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from notifier.conversations import inbox as replies
from notifier.conversations.auto_reply import STAFF_MAY_REPLY_FOR, USEFUL_FOR, check_staff_words
from notifier.conversations.claims import current_claim, refuse_taken
from notifier.conversations.reply_texts import EarlierReply, answers_for, one_at_a_time, replies_by_staff, same_words
from notifier.conversations.reply_texts import plan_reply as plan
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.instants import zone_called
from notifier.domain.kinds import BY_STAFF
from notifier.domain.phone import area_zones
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.numbers.opt_outs import is_opted_out
from schedules.saying import say_moment
from schedules.segments import Segments, count_segments
from schedules.send_window import LEAST_REMAINING, open_hours

_AHEAD: Final = timedelta(days=3)
"""A window opens within that time on every clock."""


@dataclass(frozen=True, slots=True)
class StaffReply:
    """What a reply by staff would be, or is."""

    enrollment: int
    reply: int
    """The message that it replies to."""
    phone: str
    words: str
    segments: Segments
    until: datetime
    """When it is no longer sent."""
    message: int | None = None
    """Its row in the outbox, once it is there."""
    earlier: tuple[EarlierReply, ...] = ()
    """What has been written to the patient since that message."""
    taken_by: str | None = None
    """Who is on that message."""

    @property
    def last(self) -> int:
        """The number of the last reply that was written already, to be handed back with `after`; 0 for none."""
        return self.earlier[-1].message if self.earlier else 0


def may_reply_until(
    session: Session, enrollment: Enrollment, phone: str, *, rules: PlanningRules, now: datetime
) -> datetime:
    """Until when a reply by hand may leave for this number now. Raises Refused with why not, and what to do.

    At any hour while the patient's last message is under 24 hours old; later while one is open, inside the send window.
    """
    if is_opted_out(session, phone):
        raise Refused("the patient has opted out, and nothing is sent after that; call the patient")
    last = replies.last_reply(session, phone, rules.yours)
    if last is None:
        raise Refused("nothing has come from this number, and by hand only a reply is sent; call instead")
    if now - last.at < STAFF_MAY_REPLY_FOR:
        return last.at + STAFF_MAY_REPLY_FOR
    if not replies.has_open(session, phone, rules.yours):
        raise Refused(
            "the patient's last message is more than 24 hours old and closed, and only an open one is replied to; "
            "call the patient"
        )
    zone = zone_called(enrollment.timezone)
    areas = tuple(zone_called(one) for one in area_zones(phone))
    hours = open_hours(rules.at(enrollment.office).window, zone, areas).on_quiet_days_too
    closes = hours.open_until(now)
    if closes is None or closes - now < LEAST_REMAINING:
        opens = hours.next_open(now, now + _AHEAD)
        then = f" from {say_moment(opens, zone, year=False)} on" if opens else ""
        raise Refused(
            "the patient's last message is more than 24 hours old, and a reply to it leaves only inside the send "
            f"window: write it{then}, or call the patient"
        )
    return closes


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
    enrollment = the_enrollment(session, whose)
    text = _checked(words, rules.at(enrollment.office).voice.clinic)
    closes = may_reply_until(session, enrollment, phone, rules=rules, now=now)
    if same_words(session, phone, text, since=now - STAFF_MAY_REPLY_FOR):
        raise Refused("these very words have gone to the patient already, or are on their way; write others")
    last = replies.last_reply(session, phone, rules.yours)
    number = reply_id or getattr(last, "id", None) or 0
    claim = current_claim(session, TaskRef(TaskKind.REPLY, number), now=now)
    return StaffReply(
        whose,
        number,
        phone,
        text,
        count_segments(text),
        until=min(now + USEFUL_FOR, closes),
        earlier=tuple(replies_by_staff(session, phone, since=replies.the_reply(session, number).at)),
        taken_by=claim.by if claim else None,
    )


def send_reply(
    session: Session,
    found: StaffReply,
    *,
    rules: PlanningRules,
    now: datetime,
    by: str,
    after: int | None = None,
    seen: int | None = None,
    take_over: bool = False,
) -> StaffReply:
    """Send it. The message that it replies to stays open, and holds what it held. Raises Refused with a sentence.

    `after`: the last reply that whoever writes has seen. Another one by a colleague refuses with the colleague's
    words. `seen`: the last message of the patient's that was read; a later one refuses with its words. `take_over`:
    also where a colleague has taken the message.
    """
    one_at_a_time(session, found.phone)
    found = find_reply(
        session, found.words, rules=rules, now=now, reply_id=found.reply,
        enrollment_id=found.enrollment)  # fmt: skip  # again, now that nobody else replies
    _refuse_unseen(found.earlier, after or 0, by)
    if seen is not None:
        _refuse_unread(session, found.phone, seen, rules)
    refuse_taken(session, found.reply, now=now, by=by, take_over=take_over)
    message = plan(
        session, the_enrollment(session, found.enrollment), found.phone, found.words,
        step=f"{BY_STAFF}-{found.reply}", now=now, until=found.until, by=by,
    )  # fmt: skip
    return replace(found, message=message)


def _refuse_unseen(earlier: Collection[EarlierReply], after: int, by: str) -> None:
    for one in earlier:
        if one.message > after and one.by != by:
            who = one.by.rpartition(":")[2]
            raise Refused(
                f'{who} has replied to this already: "{one.words}"; read it, then send yours too or not',
                code=RefusalCode.REPLIED_MEANWHILE,
                message=one.message,
            )


def _refuse_unread(session: Session, phone: str, seen: int, rules: PlanningRules) -> None:
    last = replies.last_reply(session, phone, rules.yours)
    if last is not None and (last.id or 0) > seen and last.closed_at is None:
        raise Refused(
            f'the patient has written again meanwhile: "{last.text}"; read it, then send your reply or another one',
            code=RefusalCode.MESSAGE_CAME_MEANWHILE,
        )


def _checked(words: str, clinic_name: str) -> str:
    try:
        return check_staff_words(words, clinic_name)
    except ValueError as error:
        raise Refused(str(error), "text") from None
