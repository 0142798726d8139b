"""The saved answers that one patient may get now, with the patient's own dates in them; else why one may not leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.conversations.answer_texts import staffed_next
from notifier.conversations.auto_reply import AnswerRules
from notifier.conversations.reply_texts import listener_of
from notifier.db.protocols import UnreadableVersion
from notifier.db.saved_answers import saved_answers
from notifier.db.tables import Enrollment
from notifier.domain.instants import zone_called
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.outlook import plan_when_enrolled
from notifier.enrollments.plans import facts_of
from notifier.numbers.open_replies import open_replies_on
from notifier.oversight.informed import informed_of
from schedules.checks.permission import permission
from schedules.checks.sentences import any_of, named, printed, sentences
from schedules.languages.registry import language_or_default
from schedules.placeholders import FACT_PLACEHOLDERS, PLACEHOLDER, STAFFED_NEXT, VISIT_TIME
from schedules.plain import key_in_words
from schedules.saying import say_moment
from schedules.wording import Addressee, Printable, Voice, render


@dataclass(frozen=True, slots=True)
class OfferedAnswer:
    """One saved answer as this patient would read it."""

    answer: int
    title: str
    words: str | None
    why_not: str | None = None
    """In a sentence, where it may not leave."""


@dataclass(frozen=True, slots=True)
class _Patient:
    """What a saved answer may print of one patient, and what it may not permit yet."""

    printable: Printable
    voice: Voice
    addressee: Addressee
    treated: bool
    informed: Mapping[str, str]
    is_urgent: bool
    now: datetime


def offered_answers(
    session: Session, enrollment: Enrollment, *, rules: PlanningRules, answers: AnswerRules | None, now: datetime
) -> list[OfferedAnswer]:
    """Every saved answer that has words in the patient's language which may leave."""
    found = []
    patient = None
    for one in saved_answers(session):
        standing = one.wordings.get(enrollment.language)
        words = standing and standing.leaves(must_be_approved=rules.must_be_approved)
        if not words:
            continue
        patient = patient or _patient(session, enrollment, rules, answers, now)
        try:
            found.append(OfferedAnswer(one.answer.id or 0, one.answer.title, _filled(words, patient)))
        except Refused as why:
            found.append(OfferedAnswer(one.answer.id or 0, one.answer.title, None, str(why)))
    return found


def fill_saved_answer(
    session: Session,
    answer: int,
    enrollment: Enrollment,
    *,
    rules: PlanningRules,
    answers: AnswerRules | None,
    now: datetime,
) -> str:
    """The words of one saved answer for this patient. Raises Refused with why they may not leave."""
    offered = offered_answers(session, enrollment, rules=rules, answers=answers, now=now)
    found = next((one for one in offered if one.answer == answer), None)
    if found is None:
        spoken = language_or_default(enrollment.language).about.name
        raise Refused(f"there is no saved answer {answer} that may leave in {spoken}")
    if found.words is None:
        raise Refused(f'"{found.title}" is not for this patient now: {found.why_not}')
    return found.words


def _patient(
    session: Session, enrollment: Enrollment, rules: PlanningRules, answers: AnswerRules | None, now: datetime
) -> _Patient:
    zone = zone_called(enrollment.timezone)
    visit = enrollment.treated_at or enrollment.appointment_at or now
    try:
        facts = facts_of(session, enrollment)
        ends = dict(plan_when_enrolled(session, enrollment, rules).timeline.restrictions)
        moments = facts.moments
        put_off = {topic: end for topic, end in ends.items() if end != moments.ends.get(topic)}
        holding = ends if enrollment.treated_at else facts.protocol.restrictions
        lengths = {topic: one for topic, one in moments.lengths(facts.protocol, put_off).items() if topic in holding}
    except UnreadableVersion:
        ends, lengths = {}, {}
    here = answers.at(enrollment.office) if answers else None
    voice = rules.at(enrollment.office).voice
    said = [("provider", enrollment.provider)] if enrollment.provider else []
    if here is not None:
        said.append((STAFFED_NEXT, staffed_next(here, now, zone, enrollment.language)))
        voice = replace(voice, phone=here.phone(now))
    open_ones = open_replies_on(session, {enrollment.phone}).get(enrollment.phone, ())
    return _Patient(
        Printable(visit, zone, ends, lengths),
        replace(voice, facts=tuple(said)),
        listener_of(session, enrollment),
        enrollment.treated_at is not None,
        informed_of(session, enrollment),
        any(one.urgent for one in open_ones),
        now,
    )


def _filled(template: str, patient: _Patient) -> str:
    _refuse_holes(template, patient)
    _refuse_untimely(template, patient)
    return render(template, patient.voice, patient.addressee, patient.printable)


def _refuse_holes(template: str, patient: _Patient) -> None:
    """What it prints and this patient does not have."""
    known = dict(patient.voice.facts)
    for placeholder in PLACEHOLDER.findall(template):
        topic, _, field = placeholder.partition(".")
        if placeholder in FACT_PLACEHOLDERS and placeholder not in known:
            raise Refused(f"it names the {placeholder}, and nobody has written down whose patient this is")
        if placeholder == STAFFED_NEXT and placeholder not in known:
            raise Refused("it says when a person is there, and nobody has said when the clinic is staffed")
        if placeholder == VISIT_TIME and patient.treated:
            raise Refused("it says the hour of the appointment, and the treatment is over")
        ends = {"until": patient.printable.ends, "length": patient.printable.lengths}.get(field)
        if ends is not None and topic not in ends:
            raise Refused(f"it says how long {key_in_words(topic)} waits, and this patient has no such rule")


def _refuse_untimely(template: str, patient: _Patient) -> None:
    """What it permits while the rule holds, or was told by nobody, or forbids when that is over; and calm words to
    whoever may be in danger."""
    code, ends = patient.addressee.language, patient.printable.ends
    checks = language_or_default(code).checks
    for sentence in sentences(template):
        permits = permission(sentence.said) or any_of(checks.over).search(sentence.words)
        if patient.is_urgent and (permits or any_of(checks.reassurance).search(sentence.words)):
            raise Refused(
                "the patient’s words may be urgent and nobody has closed them; call, or write words of your own"
            )
        for topic in [one.topic for one in named(sentence, ends, code)] or list(ends) if permits else ():
            what = key_in_words(topic)
            if ends[topic] > patient.now:
                until = say_moment(ends[topic], patient.printable.zone)
                raise Refused(f"it permits, and {what} has to wait until {until}")
            if patient.informed.get(topic, "").startswith("not "):
                raise Refused(f"it permits, and nobody has told the patient the rule about {what} yet")
        for topic in [one.topic for one in printed(sentence)] if not permits else ():
            if topic in ends and ends[topic] <= patient.now:
                since = say_moment(ends[topic], patient.printable.zone)
                raise Refused(f"it says that {key_in_words(topic)} waits, and that was over on {since}")
