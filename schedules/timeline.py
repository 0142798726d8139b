"""The timeline: what one patient hears and when. One pure function serves preview, enrollment, demo and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from schedules.conditions import Answers
from schedules.daily_cap import Draft, keep_to_cap
from schedules.informing import NOTHING_KNOWN, InformingFacts, KnownRules, add_catch_up, withhold_unsaid
from schedules.moments import Anchor, Moments, Slot, is_superseded, place
from schedules.own_lengths import AS_THE_PROTOCOL, OwnLengths
from schedules.planned import PlannedMessage, in_order
from schedules.protocol import CareProtocol, StepKind
from schedules.quiet_days import NO_QUIET_DAYS, QuietDays
from schedules.segments import count_segments
from schedules.selection import Circumstances, LeftOut, select_steps
from schedules.send_window import DEFAULT_WINDOW, OpenHours, SendWindow, Staffed, open_hours
from schedules.series import SERIES, check_series
from schedules.wording import Addressee, Printable, Speech, Voice


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
    hours: OpenHours = field(compare=False, repr=False)
    """When its texts may leave."""
    speech: Speech = field(compare=False, repr=False)
    """In which they are said."""

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
    facts = informing_facts(draft, now=enrolled_at, known=known)
    draft = say_then_lift(draft, facts)
    own = Draft(draft.messages, draft.hours, draft.day0, known.topics, since=enrolled_at)
    return placed(draft, keep_to_cap([own], rules.max_texts_per_day)[0], facts)


def informing_facts(
    timeline: Timeline, *, now: datetime | None, known: KnownRules = NOTHING_KNOWN
) -> InformingFacts | None:
    """What `say_then_lift` and `placed` go by; None before the visit, when there is no rule yet.

    `now` is the instant of planning (None: nothing counts as past), `known` what the patient knows already.
    """
    if not timeline.anchor.treated:
        return None
    at = timeline.anchor.at
    now = max(now.astimezone(UTC), at) if now else at
    ends = dict(timeline.restrictions)
    return InformingFacts(timeline.protocol, ends, timeline.hours, at, now, timeline.speech, known)


def say_then_lift(timeline: Timeline, facts: InformingFacts | None) -> Timeline:
    """The same with a catch-up for what no text tells, and no lift of a rule that nobody tells."""
    return placed(timeline, add_catch_up(timeline.messages, facts), facts) if facts else timeline


def placed(timeline: Timeline, messages: tuple[PlannedMessage, ...], facts: InformingFacts | None) -> Timeline:
    """The same with these texts, as the daily cap has placed them: a rule that lost its text is not lifted by one."""
    if facts is None:
        return replace(timeline, messages=messages)
    messages, left = withhold_unsaid(messages, facts)
    if messages == timeline.messages and not left:
        return timeline
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
    over: frozenset[str] = frozenset(),
) -> Timeline:
    """The same as if nobody counted the texts of a day: they are counted for all the patients of a number together.

    `until` are restrictions that hold for longer than this treatment says, by topic: the words name these ends. `over`
    are steps, by their keys in a plan, that are not planned any more.
    """
    check_patient(protocol, patient)
    if enrolled_at is not None:
        if enrolled_at.tzinfo is None:
            raise ValueError(f"{enrolled_at.isoformat()} has no time zone; an enrollment is an aware instant")
        enrolled_at = enrolled_at.astimezone(UTC)  # two local times are compared, and added to, by their hands alone
    moments = Moments.of(protocol, anchor, patient.zone, patient.answers, patient.own)
    own, is_staffed = moments.own_topics(protocol), rules.staffed is not None
    answers = tuple(patient.answers.items())
    circumstances = Circumstances(anchor.treated, answers, patient.rebook_consent, own, is_staffed)
    selected = select_steps(protocol, circumstances).without(over)
    hours = hours_of(patient, rules)
    slots = place(selected.said, moments, hours, enrolled_at)
    slots = [slot for slot in slots if not is_superseded(slot, moments)]
    ends = {**moments.ends, **until} if until else moments.ends
    printable = Printable(anchor.at, patient.zone, ends, moments.lengths(protocol, until or {}), patient.answers)
    speech = Speech(rules.voice, Addressee(patient.language, patient.name, patient.shared_phone), printable)
    return Timeline(
        protocol=protocol,
        anchor=anchor,
        zone=patient.zone,
        restrictions=tuple(ends.items()),
        messages=tuple([_say(slot, patient, speech, slot.notes(hours, enrolled_at)) for slot in slots]),
        unanswered=selected.unanswered,
        left_out=selected.left_out,
        hours=hours,
        speech=speech,
    )


def hours_of(patient: Patient, rules: Rules) -> OpenHours:
    """When texts may leave for this patient."""
    return open_hours(rules.window, patient.zone, patient.area_zones, rules.staffed, patient.quiet)


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
