"""A draft of one enrollment's plan: as if nobody counted the texts of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from notifier.domain.instants import zone_called
from notifier.domain.phone import area_zones
from notifier.domain.planning.plan import (
    EnrollmentFacts,
    Plan,
    PlanningRules,
    concerns,
    is_newer,
    rule_texts_of,
    shares,
)
from notifier.domain.planning.rule_texts import RuleTexts
from notifier.domain.planning.second_treatment import ELSEWHERE, Treatment, respect
from notifier.domain.states import RUNNING
from schedules.moments import Moments
from schedules.offsets import NOT_YET
from schedules.placeholders import FACT_PLACEHOLDERS
from schedules.quiet_days import quiet_days
from schedules.saying import say_day
from schedules.selection import Circumstances, select_steps
from schedules.timeline import Patient, Rules, draft_timeline, informing_facts


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
    patient = _patient(facts, shared_phone=any(shares(facts, other) for other in others))
    settings = _settings(rules, facts)
    treatments = [_treatment(other, facts) for other in others if concerns(facts, other)]
    until = _later_ends(facts, treatments)
    timeline = draft_timeline(
        facts.protocol, facts.anchor, patient, settings, enrolled_at=enrolled_at, until=until, over=without
    )
    texts = texts or rule_texts_of(facts, (), enrolled_at or facts.anchor.at)
    newer = (other for other in others if concerns(facts, other) and other.state in RUNNING and is_newer(other, facts))
    said_there = {topic for other in newer if other.treated_at for topic in other.protocol.restrictions}
    known = texts.known._replace(topics=texts.known.topics | said_there) if said_there else texts.known
    since = min(texts.since, enrolled_at) if texts.since and enrolled_at else enrolled_at
    informing = informing_facts(timeline, now=since, known=known)
    if not treatments:
        return Plan(timeline, informing=informing)
    timeline, withheld, overtaken = respect(timeline, treatments, timeline.hours, enrolled_at, until)
    return Plan(timeline, withheld, overtaken, informing)


def _settings(rules: PlanningRules, facts: EnrollmentFacts) -> Rules:
    said = tuple((name, value) for name in FACT_PLACEHOLDERS if (value := getattr(facts, name)))
    voice = replace(rules.voice, facts=said) if said else rules.voice
    return Rules(voice, rules.window, rules.max_texts_per_day, rules.staffed_clock)


def _later_ends(facts: EnrollmentFacts, treatments: Sequence[Treatment]) -> dict[str, datetime]:
    """Ends of restrictions that another treatment moves on: it restricted the same before they had ended."""
    if not treatments or not facts.anchor.treated:
        return {}
    found = {}
    for topic, own in facts.moments.ends.items():
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
        own=facts.own,
        quiet=quiet_days(facts.quiet_days),
    )


def when_treated(other: EnrollmentFacts, facts: EnrollmentFacts) -> str:
    """The day of another treatment of the patient, as staff of this one may read it: of another office's nothing."""
    is_elsewhere = facts.office is not None and other.office not in {None, facts.office}
    return ELSEWHERE if is_elsewhere else f"on {say_day(other.local_day)}"


def _ends_for(other: EnrollmentFacts, facts: EnrollmentFacts) -> dict[str, datetime]:
    """When the other treatment's restrictions end, as this one sees it.

    What is cleared for this treatment is cleared for the earlier ones too: it is the same skin, and it was looked at
    later.
    """
    moments = other.moments
    if is_newer(other, facts):
        return dict(moments.ends)
    cleared = facts.own.cleared
    return {
        topic: max(_over(moments, other, topic), cleared[topic]) if end >= NOT_YET and topic in cleared else end
        for topic, end in moments.ends.items()
    }


def _over(moments: Moments, other: EnrollmentFacts, topic: str) -> datetime:
    return moments.own.length_over(topic, other.protocol.restrictions[topic], moments.anchor.at, moments.zone)


def _treatment(other: EnrollmentFacts, facts: EnrollmentFacts) -> Treatment:
    zone, anchor = zone_called(facts.timezone), other.anchor
    own = facts.moments.ends
    from_the_same_moment = Moments.of(other.protocol, facts.anchor, zone, other.answers, other.own).ends
    answers = tuple(other.answers.items())
    said = select_steps(other.protocol, Circumstances(anchor.treated, answers, other.rebook_consent)).said
    lifted = {topic for step in said for topic in step.lifts}
    return Treatment(
        at=anchor.at,
        when=when_treated(other, facts),
        is_newer=is_newer(other, facts),
        is_treated=anchor.treated,
        ends=_ends_for(other, facts),
        asks=other.moments.asks,
        lifted=frozenset(lifted) if other.state in RUNNING else frozenset(),
        lasts_longer_on=frozenset(topic for topic, end in from_the_same_moment.items() if end > own.get(topic, end)),
    )
