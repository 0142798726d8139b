"""What a patient hears: the protocol, the other treatments, and the others on the phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from notifier.domain.instants import local_date, zone_called
from notifier.domain.offices import NO_OFFICES, OfficeProfile, Offices, profile_of
from notifier.domain.own_lengths import own_lengths
from notifier.domain.planning.rule_texts import RuleRow, RuleTexts, rule_texts
from notifier.domain.planning.second_treatment import Withheld
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.staffed_hours import StaffedClock, StaffedHours
from notifier.domain.states import RUNNING, EnrollmentState
from schedules.informing import InformingFacts
from schedules.moments import Anchor, Moments
from schedules.own_lengths import AS_THE_PROTOCOL, OwnLengths
from schedules.placeholders import FACT_PLACEHOLDERS
from schedules.protocol import CareProtocol, StepKind
from schedules.send_window import SendWindow
from schedules.timeline import Timeline
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
    pseudonyms: Pseudonyms | None = None
    """By what patients who were erased are known again; None: the clinic's key is not here."""

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
    restrictions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By topic: how long it holds for this patient, where staff chose or decided it."""
    decided_by: str | None = None
    """Who decided that one of these is shorter than the protocol's."""
    cleared: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """By topic: when (ISO 8601) staff marked a gate as cleared."""
    informed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Topics whose rule a person told the patient, and how (`notifier.domain.informed.Informed`)."""
    quiet_days: str | None = None
    """On which the patient wishes no text: `Sun,2026-12-25`."""
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
    def own(self) -> OwnLengths:
        """This patient's own lengths, as the planner takes them."""
        if not (self.restrictions or self.cleared):
            return AS_THE_PROTOCOL
        return own_lengths(self.restrictions, self.decided_by, self.cleared)

    @property
    def moments(self) -> Moments:
        """The ends of this treatment's own restrictions, on the patient's clock."""
        return Moments.of(self.protocol, self.anchor, zone_called(self.timezone), self.answers, self.own)

    @property
    def unanswered(self) -> dict[str, str]:
        """The protocol's questions that nobody has answered and that texts to come hang on: none of these is sent.

        By key: how each is asked.
        """
        to_come = [step for step in self.protocol.steps if (step.kind is StepKind.PREPARE) != self.anchor.treated]
        hanging = {question for step in to_come for question in self.protocol.hangs_on(step)}
        asked = self.protocol.every_question.items()
        return {key: ask for key, ask in asked if key in hanging and key not in self.answers}

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
    withheld: tuple[Withheld, ...] = ()
    overtaken: tuple[Withheld, ...] = ()
    """Texts that a newer treatment has made too short: one to come is withheld, one on its way must not come back."""
    informing: InformingFacts | None = field(default=None, compare=False, repr=False)
    """What it takes to say the rules that its texts do not say; None before the visit."""
    uninformed: tuple[str, ...] = ()
    """Topics that no text tells, and no person has: somebody must."""


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


def for_comparison(facts: EnrollmentFacts, language: str | None = None) -> EnrollmentFacts:
    """The same without what changes the address, not the content: name, language, office, who treated.

    `language`: in which to compare; None: the protocol's first, as of everybody whom it is not about.
    """
    unsaid: dict[str, Any] = dict.fromkeys(FACT_PLACEHOLDERS)
    return replace(facts, first_name="", language=language or facts.protocol.languages[0], office=None, **unsaid)


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
