"""What a patient hears: the protocol, the other treatments, and the others on the phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.instants import local_date, zone_called
from notifier.domain.offices import NO_OFFICES, OfficeProfile, Offices, profile_of
from notifier.domain.phone import area_zones
from notifier.domain.planning.rule_texts import RuleRow, RuleTexts, rule_texts
from notifier.domain.planning.second_treatment import ELSEWHERE, Treatment, Withheld, respect
from notifier.domain.staffed_hours import StaffedClock, StaffedHours
from notifier.domain.states import RUNNING, EnrollmentState
from schedules.informing import InformingFacts
from schedules.moments import Anchor, Moments
from schedules.placeholders import FACT_PLACEHOLDERS
from schedules.protocol import CareProtocol, StepKind
from schedules.saying import say_day
from schedules.send_window import OpenHours, SendWindow
from schedules.timeline import Patient, Rules, Timeline, draft_timeline, hours_of, informing_facts, why_left_out
from schedules.wording import Voice


@dataclass(frozen=True, slots=True)
class PlanningRules:
    """The clinic's settings that shape every plan."""

    voice: Voice
    timezone: str
    """IANA name; the clock on which times without an offset are read."""
    window: SendWindow = field(default_factory=SendWindow)
    max_texts_per_day: int = 2
    staffed: StaffedHours | None = None
    """When somebody reads what patients write; None: nobody has said, and nothing is asked."""
    must_be_approved: bool = True
    """Whether a clinician must have approved a protocol's content before anyone is enrolled on it."""
    offices: Offices = field(default_factory=lambda: NO_OFFICES)
    first_text: bool = False
    """Whether a text leaves at enrollment that says who writes."""
    yours: frozenset[str] | None = None
    """The offices of whoever asks; None: all."""

    def at(self, office: str | None) -> PlanningRules:
        """The same as they hold at an office; None: the clinic's own. Raises Refused for one that the file lacks."""
        if office is None:
            return self
        profile = profile_of(self.offices, office)
        return replace(
            self, voice=profile.voice, timezone=profile.timezone, window=profile.window, staffed=profile.staffed
        )

    @property
    def staffed_clock(self) -> StaffedClock | None:
        """The staffed hours on the clinic's clock."""
        return StaffedClock(self.staffed, zone_called(self.timezone)) if self.staffed else None

    @property
    def choices(self) -> list[OfficeProfile]:
        """The offices that whoever asks may enroll at; empty where there are none."""
        return [one for one in self.offices.values() if self.is_yours(one.id)]

    def is_yours(self, office: str | None) -> bool:
        """Whether whoever asks may see what belongs there; what belongs to no office is everybody's."""
        return self.yours is None or office is None or office in self.yours


@dataclass(frozen=True, slots=True)
class EnrollmentFacts:
    """An enrollment as planning sees it."""

    enrollment: int
    """Its id; 0 until it is stored."""
    protocol: CareProtocol
    phone: str
    first_name: str
    folded_name: str
    timezone: str
    language: str
    answers: Mapping[str, str]
    rebook_consent: bool | None
    """None only in a preview: nobody has asked yet."""
    separate_areas: bool
    state: EnrollmentState
    treated_at: datetime | None
    appointment_at: datetime | None
    office: str | None = None
    """None: enrolled without offices."""
    provider: str | None = None
    """Who treated the patient, where somebody said it."""
    informed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Topics whose rule a person told the patient, and how (`notifier.domain.informed.Informed`)."""
    catches_up: bool = True
    """Whether a rule that no text has told gets a text of its own; not for those enrolled before there were any."""
    enrolled_at: datetime | None = None
    """None until it is stored."""

    @property
    def anchor(self) -> Anchor:
        """The end of the treatment, or the appointment while there is none."""
        if self.treated_at is not None:
            return Anchor(self.treated_at)
        if self.appointment_at is None:
            raise ValueError("an enrollment needs treated_at or appointment_at")
        return Anchor(self.appointment_at, treated=False)

    @property
    def unanswered(self) -> dict[str, str]:
        """The protocol's questions that nobody has answered and that texts to come hang on: none of these is sent.

        By key: how each is asked.
        """
        to_come = [step for step in self.protocol.steps if (step.kind is StepKind.PREPARE) != self.anchor.treated]
        hanging = {question for step in to_come for question in self.protocol.conditions[step.key]}
        questions = self.protocol.questions.items()
        return {key: question.ask for key, question in questions if key in hanging and key not in self.answers}

    @property
    def local_day(self) -> date:
        """The treatment's date (the appointment's, while there is none) on the patient's clock."""
        return local_date(self.anchor.at, self.timezone)

    def is_same_patient(self, other: EnrollmentFacts) -> bool:
        """Same number, same name but for case, accents and spaces."""
        return self.phone == other.phone and self.folded_name == other.folded_name


@dataclass(frozen=True, slots=True)
class Plan:
    """A timeline that respects the other treatments, and the lifts that were withheld for their sake."""

    timeline: Timeline
    hours: OpenHours = field(compare=False, repr=False)
    """When its texts may leave."""
    withheld: tuple[Withheld, ...] = ()
    overtaken: tuple[Withheld, ...] = ()
    """Texts that a newer treatment has made too short: one to come is withheld, one on its way must not come back."""
    informing: InformingFacts | None = field(default=None, compare=False, repr=False)
    """What it takes to say the rules that its texts do not say; None before the visit."""
    uninformed: tuple[str, ...] = ()
    """Topics that no text tells, and no person has: somebody must."""


def draft_for(
    facts: EnrollmentFacts,
    on_this_phone: Sequence[EnrollmentFacts],
    rules: PlanningRules,
    *,
    enrolled_at: datetime | None,
    without: frozenset[str] = frozenset(),
    texts: RuleTexts | None = None,
) -> Plan:
    """Plan one enrollment as if nobody counted the texts of a day; `on_this_phone` are all enrollments on the number.

    She herself may be among them. Steps in `without` are not planned: they are over. `texts`: what has become of those
    that tell rules. Raises ValueError with a sentence, as the timeline does.
    """
    rules = rules.at(facts.office)
    others = [other for other in on_this_phone if other.enrollment != facts.enrollment]
    protocol = facts.protocol
    if without:
        remaining = tuple(step for step in protocol.steps if step.key not in without)
        protocol = protocol.model_copy(update={"steps": remaining})
    patient = _patient(facts, shared_phone=any(shares(facts, other) for other in others))
    settings = _settings(rules, facts)
    hours = hours_of(patient, settings)
    treatments = [_treatment(other, facts) for other in others if concerns(facts, other)]
    until = _later_ends(facts, patient.zone, treatments)
    timeline = draft_timeline(protocol, facts.anchor, patient, settings, enrolled_at=enrolled_at, until=until)
    texts = texts or rule_texts_of(facts, (), enrolled_at or facts.anchor.at)
    newer = (other for other in others if concerns(facts, other) and other.state in RUNNING and is_newer(other, facts))
    said_there = {topic for other in newer if other.treated_at for topic in other.protocol.restrictions}
    known = replace(texts.known, topics=texts.known.topics | said_there)
    since = min(texts.since, enrolled_at) if texts.since and enrolled_at else enrolled_at
    informing = informing_facts(timeline, patient, settings, now=since, known=known)
    if not treatments:
        return Plan(timeline, hours, informing=informing)
    timeline, withheld, overtaken = respect(timeline, treatments, hours, enrolled_at, until)
    return Plan(timeline, hours, withheld, overtaken, informing)


def rule_texts_of(facts: EnrollmentFacts, rows: Iterable[RuleRow], now: datetime) -> RuleTexts:
    """What has become of the texts that tell the rules of one enrollment."""
    return rule_texts(
        rows,
        protocol=facts.protocol,
        informed=facts.informed,
        phone=facts.phone,
        catches_up=facts.catches_up,
        enrolled_at=facts.enrolled_at,
        now=now,
    )


def for_comparison(facts: EnrollmentFacts) -> EnrollmentFacts:
    """The same without what changes the address, not the content: name, language, office, who treated."""
    unsaid: dict[str, Any] = dict.fromkeys(FACT_PLACEHOLDERS)
    return replace(facts, first_name="", language=facts.protocol.languages[0], office=None, **unsaid)


def shares(facts: EnrollmentFacts, other: EnrollmentFacts) -> bool:
    """Whether the other one is somebody else whose texts arrive on the same phone now."""
    return other.phone == facts.phone and other.folded_name != facts.folded_name and other.state in RUNNING


def concerns(facts: EnrollmentFacts, other: EnrollmentFacts) -> bool:
    """Whether the other treatment of the same patient restricts what this one may say.

    One whose texts were cancelled still does: the skin was treated all the same. Only where it was the same day it is
    taken for a mistake that was enrolled again.
    """
    if other.enrollment == facts.enrollment or not other.is_same_patient(facts):
        return False
    if other.state is EnrollmentState.NO_SHOW:
        return False
    if other.state is EnrollmentState.CANCELLED and (other.treated_at is None or other.local_day == facts.local_day):
        return False
    newer, older = (other, facts) if is_newer(other, facts) else (facts, other)
    enrolled_knowingly = older.separate_areas and _enrolled_after(older, newer)
    return not (newer.separate_areas or enrolled_knowingly)


def is_newer(facts: EnrollmentFacts, than: EnrollmentFacts) -> bool:
    """Whether this is the later treatment; of two at the same instant, the one enrolled later."""
    if facts.anchor.at == than.anchor.at:
        return _enrolled_after(facts, than)
    return facts.anchor.at > than.anchor.at


def _enrolled_after(facts: EnrollmentFacts, other: EnrollmentFacts) -> bool:
    return facts.enrollment == 0 or 0 < other.enrollment < facts.enrollment


def _settings(rules: PlanningRules, facts: EnrollmentFacts) -> Rules:
    said = tuple((name, value) for name in FACT_PLACEHOLDERS if (value := getattr(facts, name)))
    voice = replace(rules.voice, facts=said) if said else rules.voice
    return Rules(voice, rules.window, rules.max_texts_per_day, rules.staffed_clock)


def _later_ends(facts: EnrollmentFacts, zone: ZoneInfo, treatments: Sequence[Treatment]) -> dict[str, datetime]:
    """Ends of restrictions that another treatment moves on: it restricted the same before they had ended."""
    if not treatments or not facts.anchor.treated:
        return {}
    found = {}
    for topic, own in Moments.of(facts.protocol, facts.anchor, zone, facts.answers).ends.items():
        end = own
        for other in sorted(treatments, key=lambda treatment: treatment.at):
            if topic in other.ends and other.at < end:
                end = max(end, other.ends[topic])
        if end > own:
            found[topic] = end
    return found


def _patient(facts: EnrollmentFacts, *, shared_phone: bool = False) -> Patient:
    return Patient(
        zone=zone_called(facts.timezone),
        language=facts.language,
        name=facts.first_name,
        shared_phone=shared_phone,
        area_zones=tuple(zone_called(zone) for zone in area_zones(facts.phone)) if facts.phone else (),
        answers=facts.answers,
        rebook_consent=facts.rebook_consent,
    )


def when_treated(other: EnrollmentFacts, facts: EnrollmentFacts) -> str:
    """The day of another treatment of the patient, as staff of this one may read it: of another office's nothing."""
    is_elsewhere = facts.office is not None and other.office not in {None, facts.office}
    return ELSEWHERE if is_elsewhere else f"on {say_day(other.local_day)}"


def _treatment(other: EnrollmentFacts, facts: EnrollmentFacts) -> Treatment:
    patient, zone = _patient(other), zone_called(facts.timezone)
    anchor = other.anchor
    own = Moments.of(facts.protocol, facts.anchor, zone, facts.answers).ends
    from_the_same_moment = Moments.of(other.protocol, facts.anchor, zone, other.answers).ends
    lifted = {
        topic
        for step in other.protocol.steps
        if step.kind is StepKind.LIFT and why_left_out(other.protocol, step, anchor, patient) is None
        for topic in step.lifts
    }
    return Treatment(
        at=anchor.at,
        when=when_treated(other, facts),
        is_newer=is_newer(other, facts),
        is_treated=anchor.treated,
        ends=Moments.of(other.protocol, anchor, patient.zone, other.answers).ends,
        lifted=frozenset(lifted) if other.state in RUNNING else frozenset(),
        lasts_longer_on=frozenset(topic for topic, end in from_the_same_moment.items() if end > own.get(topic, end)),
    )
