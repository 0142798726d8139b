"""The timeline: what one patient hears and when. One pure function serves preview, enrollment, demo and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from schedules.conditions import Answers, fulfillment
from schedules.daily_cap import Draft, keep_to_cap
from schedules.informing import NOTHING_KNOWN, InformingFacts, KnownRules, add_catch_up, withhold_unsaid
from schedules.moments import Anchor, Moments, Slot, is_superseded, place
from schedules.own_lengths import AS_THE_PROTOCOL, OwnLengths
from schedules.own_words import why_not_its_words
from schedules.plain import only_if_in_words
from schedules.planned import PlannedMessage, in_order
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.quiet_days import NO_QUIET_DAYS, QuietDays
from schedules.repeat import repeated_key
from schedules.segments import count_segments
from schedules.send_window import DEFAULT_WINDOW, OpenHours, SendWindow, Staffed, open_hours
from schedules.series import SERIES, check_series, is_last
from schedules.wording import Addressee, Printable, Speech, Voice

NOBODY_STAFFED = "it asks, and the staffed hours in which somebody reads the answers are not set"


@dataclass(frozen=True, slots=True)
class Patient:
    """What a plan needs to know of a patient: clock, language, answers, and how to reach them."""

    zone: ZoneInfo
    language: str = "en"
    name: str = ""
    """Her first name, already checked; opens each text on a shared phone."""
    shared_phone: bool = False
    area_zones: tuple[ZoneInfo, ...] = ()
    """The 1-4 zones that the number's area code points to, else none."""
    answers: Answers = field(default_factory=lambda: MappingProxyType({}))
    rebook_consent: bool | None = None
    """None where nobody has asked yet: rebook texts are planned with a note."""
    own: OwnLengths = AS_THE_PROTOCOL
    """What staff chose or decided for this patient alone."""
    quiet: QuietDays = NO_QUIET_DAYS
    """Days on which the patient wishes to get no text at all."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The clinic's settings that shape a plan."""

    voice: Voice
    window: SendWindow = DEFAULT_WINDOW
    max_texts_per_day: int = 2
    staffed: Staffed | None = None
    """None: nobody has said when replies are read, and nothing is asked."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A step that is not part of this patient's plan, and why, in words."""

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything one patient will hear, oldest first, and everything that is left out."""

    protocol: CareProtocol
    anchor: Anchor
    zone: ZoneInfo
    restrictions: tuple[tuple[str, datetime], ...]
    """Topic and the instant (UTC) its restriction ends for this patient."""
    messages: tuple[PlannedMessage, ...]
    unanswered: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def day0(self) -> date | None:
        """The local date of the treatment; None before it."""
        return self.anchor.at.astimezone(self.zone).date() if self.anchor.treated else None


def build_timeline(
    protocol: CareProtocol,
    anchor: Anchor,
    patient: Patient,
    rules: Rules,
    *,
    enrolled_at: datetime | None = None,
    known: KnownRules = NOTHING_KNOWN,
) -> Timeline:
    """Plan a protocol for one patient whose number nobody shares.

    `anchor` is the end of the treatment, or the appointment (then only `prepare` texts are planned: aftercare exists
    only once the patient is treated). Without `enrolled_at` nothing counts as past. `known` are the rules that the
    patient was told already: the plan tells the others, or asks a person to. Raises ValueError with a sentence
    for a language that the protocol does not have, an answer it does not know, or a date outside 2000-2100.
    """
    draft = draft_timeline(protocol, anchor, patient, rules, enrolled_at=enrolled_at)
    facts = informing_facts(draft, patient, rules, now=enrolled_at, known=known)
    draft = say_then_lift(draft, facts)
    own = Draft(draft.messages, hours_of(patient, rules), draft.day0, known.topics, since=enrolled_at)
    return placed(draft, keep_to_cap([own], rules.max_texts_per_day)[0], facts)


def informing_facts(
    timeline: Timeline, patient: Patient, rules: Rules, *, now: datetime | None, known: KnownRules = NOTHING_KNOWN
) -> InformingFacts | None:
    """What `say_then_lift` and `placed` go by; None before the visit, when there is no rule yet.

    `now` is the instant of planning (None: nothing counts as past), `known` what the patient knows already.
    """
    if not timeline.anchor.treated:
        return None
    ends, at = dict(timeline.restrictions), timeline.anchor.at
    speech = _speech(patient, rules, Printable(at, patient.zone, ends))
    hours, now = hours_of(patient, rules), max(now.astimezone(UTC), at) if now else at
    return InformingFacts(timeline.protocol, ends, hours, at, now, speech, patient.language, known)


def say_then_lift(timeline: Timeline, facts: InformingFacts | None) -> Timeline:
    """The same with a catch-up for what no text tells, and no lift of a rule that nobody tells."""
    return placed(timeline, add_catch_up(timeline.messages, facts), facts) if facts else timeline


def placed(timeline: Timeline, messages: tuple[PlannedMessage, ...], facts: InformingFacts | None) -> Timeline:
    """The same with these texts, as the daily cap has placed them: a rule that lost its text is not lifted by one."""
    if facts is None:
        return replace(timeline, messages=messages)
    messages, left = withhold_unsaid(messages, facts)
    left_out = (*timeline.left_out, *(LeftOut(step, why) for step, why in left))
    return replace(timeline, messages=tuple(sorted(messages, key=in_order)), left_out=left_out)


def draft_timeline(
    protocol: CareProtocol,
    anchor: Anchor,
    patient: Patient,
    rules: Rules,
    *,
    enrolled_at: datetime | None = None,
    until: Mapping[str, datetime] | None = None,
) -> Timeline:
    """The same as if nobody counted the texts of a day: they are counted for all the patients of a number together.

    `until` are restrictions that hold for longer than this treatment says, by topic: the words name these ends.
    """
    check_patient(protocol, patient)
    if enrolled_at is not None:
        if enrolled_at.tzinfo is None:
            raise ValueError(f"{enrolled_at.isoformat()} has no time zone; an enrollment is an aware instant")
        enrolled_at = enrolled_at.astimezone(UTC)  # two local times are compared, and added to, by their hands alone
    moments = Moments.of(protocol, anchor, patient.zone, patient.answers, patient.own)
    own = moments.own_topics(protocol)
    steps: list[Step] = []
    left_out: list[LeftOut] = []
    for step in protocol.planned_steps:
        why = why_left_out(protocol, step, anchor, patient)
        if why is None:
            why = why_not_its_words(step, own)
        if why is None and step.kind is StepKind.ASK and rules.staffed is None:
            why = NOBODY_STAFFED
        if why is None:
            steps.append(step)
        elif why and (left := LeftOut(repeated_key(step.key), why)) not in left_out:
            left_out.append(left)
    hours = hours_of(patient, rules)
    slots = place(steps, moments, hours, enrolled_at)
    slots = [slot for slot in slots if not is_superseded(slot, moments)]
    ends = {**moments.ends, **until} if until else moments.ends
    printable = Printable(anchor.at, patient.zone, ends, moments.lengths(protocol, until or {}), patient.answers)
    speech = _speech(patient, rules, printable)
    return Timeline(
        protocol=protocol,
        anchor=anchor,
        zone=patient.zone,
        restrictions=tuple(ends.items()),
        messages=tuple(_say(slot, patient, speech, slot.notes(hours, enrolled_at)) for slot in slots),
        unanswered=tuple(q for q in protocol.every_question if q not in patient.answers),
        left_out=tuple(left_out),
    )


def _speech(patient: Patient, rules: Rules, printable: Printable) -> Speech:
    return Speech(rules.voice, Addressee(patient.language, patient.name, patient.shared_phone), printable)


def hours_of(patient: Patient, rules: Rules) -> OpenHours:
    """When texts may leave for this patient."""
    return open_hours(rules.window, patient.zone, patient.area_zones, rules.staffed, patient.quiet)


def why_left_out(protocol: CareProtocol, step: Step, anchor: Anchor, patient: Patient) -> str | None:
    """None where the step is part of the plan, "" where it belongs to the other anchor, else the reason in words."""
    if (step.kind is StepKind.PREPARE) == anchor.treated:
        return ""
    if step.why_off:
        return f"off: {step.why_off}"
    condition = protocol.conditions[step.key]
    is_for_her = fulfillment(condition, patient.answers)
    if not (is_for_her.holds or is_for_her.open):
        return only_if_in_words(condition)
    if missing := [*is_for_her.open, *(one for one in step.printed_series if one not in patient.answers)]:
        return f'"{protocol.every_question[missing[0]]}" ({missing[0]}) is not answered'
    if step.kind is StepKind.REBOOK and patient.rebook_consent is False:
        return "no consent to rebook texts"
    if step.kind is StepKind.REBOOK and is_last(patient.answers):
        return "it was the last session of the series"
    return None


def check_patient(protocol: CareProtocol, patient: Patient) -> None:
    """Refuse a language or an answer that the protocol does not know; raises ValueError with a sentence."""
    if patient.language not in protocol.languages:
        raise ValueError(
            f'{protocol.id} has no texts in "{patient.language}"; say one of {", ".join(protocol.languages)}'
        )
    check_series(patient.answers)
    for question, answer in patient.answers.items():
        if question in SERIES:
            continue
        if question not in protocol.questions:
            known = ", ".join(protocol.questions) or "it asks none"
            raise ValueError(f'{protocol.id} does not ask "{question}"; its questions: {known}')
        if answer not in protocol.questions[question].answers:
            known = ", ".join(protocol.questions[question].answers)
            raise ValueError(f'"{answer}" is no answer to "{question}"; say one of {known}')


def _say(slot: Slot, patient: Patient, speech: Speech, notes: tuple[str, ...]) -> PlannedMessage:
    step = slot.step
    text = speech.say(step.text[patient.language])
    late = step.late_text.get(patient.language)
    late_text = speech.say(late) if late else None
    words = late_text if late_text and slot.is_late(patient.zone) else text
    if step.kind is StepKind.REBOOK and patient.rebook_consent is None:
        notes = (*notes, "only with the patient's own consent to rebook texts")
    if step.again_after is not None:
        again = speech.say(step.again_text[patient.language])
        notes = (*notes, f"asked once more after {step.again_after} where nothing comes: {again}")
    return PlannedMessage(
        step=step.key,
        kind=step.kind,
        topics=step.named_topics,
        nominal_at=slot.nominal_at,
        due_at=slot.due_at,
        not_before=slot.not_before,
        expires_at=slot.expires_at,
        text=words,
        late_text=late_text,
        segments=count_segments(words),
        notes=notes,
        reminds=step.occurrence is not None and step.occurrence.reminds,
    )
