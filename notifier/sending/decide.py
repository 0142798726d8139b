"""May this text leave now? The last word before a text leaves, and a pure one: facts in, decision out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple, Protocol

from notifier.domain.counted import counted
from notifier.domain.kinds import CORRECTION, FIRST, LOOK_AGAIN, NEVER_TEXT, REPLY, TEST
from notifier.domain.open_replies import HELD_TIME_COUNTS_NOT
from notifier.domain.states import EnrollmentState, MessageState
from notifier.sending.apart import JUST_LEFT, waits_until
from schedules.moments import first_place, hours_for, leaves_late
from schedules.protocol import StepKind
from schedules.send_window import LEAST_REMAINING, OpenHours

LONGEST_VALIDITY = 14_400
"""Seconds that Twilio and the carrier may take at most; less where the window closes or the text's use ends sooner."""

TOO_LATE: Final = "it could not leave while it was still useful"
"""Alone, or with what kept it behind a semicolon."""
NO_HOUR_LEFT: Final = "no open hour was left before it expired"
NOT_SOON_ENOUGH: Final = "it could not leave soon enough"


class DueText(Protocol):
    """What the decision needs of the text itself."""

    @property
    def kind(self) -> str:
        """Of its step, or what it is besides a plan."""

    @property
    def nominal_at(self) -> datetime:
        """When it was meant to leave."""

    @property
    def not_before(self) -> datetime:
        """When its restriction has ended."""

    @property
    def expires_at(self) -> datetime:
        """When it is of no use any more."""

    @property
    def has_late_text(self) -> bool:
        """Whether it has other words for another day."""


class SendingFacts(NamedTuple):
    """What was true of its patient in the very transaction that claims it.

    What follows from it is worked out when it is asked: most texts of an outage have expired, and nobody asks."""

    enrollment: EnrollmentState
    opted_out: bool
    hours: OpenHours
    is_staffed: bool
    """Somebody has said when answers are read; those hours are in `hours`."""
    treated_at: datetime | None
    """None while the visit is only booked."""
    rebook_consent: bool
    waits_for: str | None
    """Why a person must act first (`notifier.domain.waiting`), or None."""
    number_held: bool
    """Whether that is an open reply, or a hold of the number."""
    uninformed: str | None
    """Why a lift must wait until its rule was told (`notifier.domain.informed`), or None."""
    left: Sequence[datetime]
    """When texts may have reached the number."""
    max_texts_per_day: int
    tells_untold: bool = False
    """Whether it names a rule that no text to this number has told, or may have."""
    never_text: bool = False
    """Whether the enrollment's person must never be texted."""

    @property
    def day0(self) -> date | None:
        """The local date of the treatment, where anything hangs on it: on one clock nothing does."""
        if self.treated_at is None or self.hours.on_one_clock:
            return None
        return self.treated_at.astimezone(self.hours.zone).date()

    def is_full_day(self, now: datetime) -> bool:
        """Whether as many texts as may have reached the number on this local day."""
        if len(self.left) < self.max_texts_per_day:
            return False
        begins, ends = self.hours.whole_day(now)
        return sum(begins <= at < ends for at in self.left) >= self.max_texts_per_day

    def last_left(self, now: datetime) -> datetime | None:
        """When the latest of them may have reached the number."""
        return max((at for at in self.left if at <= now), default=None) if self.left else None


@dataclass(frozen=True, slots=True)
class Send:
    """It leaves now."""

    validity_seconds: int
    late: bool
    """In its late wording."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It may still leave, at `until`."""

    until: datetime
    why: str
    for_a_person: bool = False
    """Somebody must act first; at `until` it is looked at again."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """It never leaves."""

    to: MessageState
    why: str


Decision = Send | Wait | Withdraw


def decide(text: DueText, facts: SendingFacts, now: datetime) -> Decision:
    """Whether a due text leaves at `now`, waits, or is withdrawn."""
    if facts.opted_out:
        return Withdraw(MessageState.SUPPRESSED, "the number has opted out")
    if facts.never_text:
        return Withdraw(MessageState.SUPPRESSED, NEVER_TEXT)
    return _answer(text, facts, now) if text.kind in (REPLY, TEST) else _planned(text, facts, now)


def _planned(text: DueText, facts: SendingFacts, now: datetime) -> Decision:
    withdrawn = _not_for_this_patient(text, facts)
    if withdrawn:
        return Withdraw(MessageState.CANCELLED, withdrawn)
    until = text.expires_at
    if facts.number_held and text.kind == StepKind.LIFT:
        until += HELD_TIME_COUNTS_NOT
    if until <= now:
        kept = f"; {facts.waits_for}" if facts.waits_for else ""
        return _expired(facts.uninformed or f"{TOO_LATE}{kept}")
    if text.not_before > now:
        return Wait(text.not_before, "not before its restriction has ended")
    if why := facts.waits_for or facts.uninformed:
        return Wait(min(now + LOOK_AGAIN, until), why, for_a_person=facts.waits_for is not None)
    may_exceed = text.kind in (FIRST, CORRECTION, StepKind.WARNING) or facts.tells_untold
    hours = hours_for(text.kind, facts.hours, tells_a_rule=may_exceed)
    if hours is not facts.hours:
        facts = facts._replace(hours=hours)
    closes = facts.hours.open_until(now, day0=facts.day0)
    if closes is None or closes - now < LEAST_REMAINING:
        return _at_the_next_opening(text, facts, now, facts.hours.why_closed(now, now))
    if text.kind == StepKind.ASK and (decision := _nobody_to_answer(text, facts, now)):
        return decision
    is_full = not may_exceed and facts.is_full_day(now)
    if decision := _on_a_full_day(text, facts, now) if is_full else _close_to_another(text, facts, closes, now):
        return decision
    validity = max(1, min(LONGEST_VALIDITY, int((min(closes, text.expires_at) - now).total_seconds())))
    return Send(validity, late=text.has_late_text and leaves_late(text.nominal_at, now, facts.hours.zone))


def _on_a_full_day(text: DueText, facts: SendingFacts, now: datetime) -> Decision:
    _, tomorrow = facts.hours.whole_day(now)
    many = counted(facts.max_texts_per_day, "text has", "texts have")
    return _at_the_next_opening(text, facts, tomorrow, f"{many} left for this number today")


def _close_to_another(text: DueText, facts: SendingFacts, closes: datetime, now: datetime) -> Decision | None:
    """What is due at once to one number leaves a quarter of an hour apart."""
    until = waits_until(
        text.kind, facts.hours, last_left=facts.last_left(now), closes=closes, expires_at=text.expires_at, now=now,
        day0=facts.day0)  # fmt: skip
    return Wait(until, JUST_LEFT) if until else None


def _nobody_to_answer(text: DueText, facts: SendingFacts, now: datetime) -> Decision | None:
    """A question leaves only while somebody has time for the answers."""
    if not facts.is_staffed:
        why = "nobody is there to read an answer: the staffed hours are not set"
        return Wait(min(now + LOOK_AGAIN, text.expires_at), why, for_a_person=True)
    first = facts.hours.first_staffed(now, text.expires_at, day0=facts.day0)
    return None if first == now else _at_the_next_opening(text, facts, now, "under two staffed hours are left that day")


def _answer(text: DueText, facts: SendingFacts, now: datetime) -> Decision:
    """She has just written: no hour, hold, cap or end of an enrollment keeps it; only STOP, above, and its age.

    So with a test on a staff member's own phone: it was planned inside the send window, and expires within it."""
    if facts.number_held:
        return Withdraw(MessageState.CANCELLED, "something else from this number is unread")
    if text.expires_at <= now:
        return _expired(NOT_SOON_ENOUGH)
    return Send(max(1, min(LONGEST_VALIDITY, int((text.expires_at - now).total_seconds()))), late=False)


def _not_for_this_patient(text: DueText, facts: SendingFacts) -> str | None:
    if facts.enrollment is EnrollmentState.CANCELLED:
        return "the enrollment was cancelled"
    if facts.enrollment is EnrollmentState.NO_SHOW:
        return "the patient did not come"
    if facts.enrollment is EnrollmentState.BOOKED and text.kind not in (StepKind.PREPARE, FIRST):
        return "the patient has not been treated"
    if facts.enrollment is EnrollmentState.ACTIVE and text.kind == StepKind.PREPARE:
        return "the visit is over"
    if text.kind == StepKind.REBOOK and not facts.rebook_consent:
        return "no consent to rebook texts"
    return None


def _at_the_next_opening(text: DueText, facts: SendingFacts, since: datetime, why: str) -> Decision:
    opens = first_place(text.kind, facts.hours, since, text.expires_at, day0=facts.day0)
    return Wait(opens, why) if opens else _expired(f"{why}, and {NO_HOUR_LEFT}")


def _expired(why: str) -> Withdraw:
    return Withdraw(MessageState.EXPIRED, why)
