"""What a patient reads after an answer to a question: the protocol's approved words, with when a person comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from notifier.conversations.answers import AnswerOutcome
from notifier.conversations.auto_reply import USEFUL_FOR, AnswerRules
from notifier.conversations.reply_texts import listener_of, plan_reply
from notifier.domain.instants import zone_called
from notifier.domain.kinds import AFTER_ANSWER, AFTER_FINE
from notifier.domain.staffed_hours import StaffedClock
from notifier.numbers.open_replies import what_holds
from schedules.dates import say_date, say_time
from schedules.languages.registry import language_or_default
from schedules.placeholders import STAFFED_NEXT
from schedules.protocol import StepKind
from schedules.wording import Printable, render

_TIME_TO_REPLY: Final = timedelta(hours=1)
"""With less of the day's staffed hours left, a reply is promised for the next ones."""


def plan_words(
    session: Session, given: AnswerOutcome, reply_id: int, rules: AnswerRules, *, written_at: datetime, now: datetime
) -> None:
    """Plan what the question says for this answer, in the voice and by the hours of the patient's office."""
    until = written_at + USEFUL_FOR
    if given.question is None or given.choice is None or until <= now:
        return
    enrollment = given.question.enrollment
    words = given.question.answers[given.choice].text.get(enrollment.language)
    held = what_holds(session, {enrollment.phone, given.question.ask.phone}).values()
    if words is None or (given.files_itself and any(hold.covers(StepKind.EXPECT) for some in held for hold in some)):
        return  # nobody whose words are unread hears that all is well
    rules, zone = rules.at(enrollment.office), zone_called(enrollment.timezone)
    facts = [("provider", enrollment.provider)] if enrollment.provider else []
    comes = (STAFFED_NEXT, staffed_next(rules, now, zone, enrollment.language))
    visit = enrollment.treated_at or enrollment.appointment_at or now
    voice = replace(rules.voice, phone=rules.phone(now), facts=(*facts, comes))
    said = render(words, voice, listener_of(session, enrollment), Printable(visit, zone))
    step = f"{AFTER_FINE if given.files_itself else AFTER_ANSWER}-{reply_id}"
    plan_reply(session, enrollment, given.question.ask.phone, said, step=step, now=now, until=until, by="worker")


def staffed_next(rules: AnswerRules, now: datetime, zone: ZoneInfo, code: str) -> str:
    """When a person will be there, as a part of a sentence in the patient's language and on the patient's clock."""
    words = language_or_default(code).about.staffed
    if rules.staffed is None:
        return words.unknown
    clock = StaffedClock(rules.staffed, rules.zone)
    if clock.left(now) >= _TIME_TO_REPLY:
        return words.today
    opens = clock.next_opening(now)
    if opens is None:
        return words.unknown
    return words.later.format(day=say_date(opens, zone, code), hour=say_time(opens, zone, code))
