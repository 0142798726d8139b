"""Cost: how many segments a text, and a patient's whole plan, takes at its longest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from schedules.checks.density import applies, fullest_answers
from schedules.checks.findings import Finding
from schedules.dates import say_until
from schedules.languages.registry import language_or_default
from schedules.placeholders import VISIT_DATE, topics_printed
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.segments import count_segments
from schedules.series import MOST_SESSIONS, SERIES
from schedules.wording import Addressee, Printable, Voice, render

LONGEST_FIRST_NAME = "N" * 40
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class PlanCost:
    """The most segments that one patient's whole plan takes in one language, on a phone of the patient's own."""

    language: str
    before: int
    """Before the visit."""
    after: int

    def __str__(self) -> str:
        visit = f" ({self.before} before the visit)" if self.before else ""
        return f"{self.language} {self.before + self.after}{visit}"


def plan_costs(protocol: CareProtocol, voice: Voice) -> tuple[PlanCost, ...]:
    """By language, for whoever gets most: every text at its longest date."""
    return tuple(_plan_cost(protocol, voice, language) for language in protocol.languages)


def _plan_cost(protocol: CareProtocol, voice: Voice, language: str) -> PlanCost:
    costs = {
        step.key: count_segments(_longest(step.text[language], voice, Addressee(language), protocol, step)).count
        for step in protocol.planned_steps
        if step.enabled
    }
    plans = []
    for answers in fullest_answers(protocol):
        steps = [step for step in protocol.planned_steps if step.enabled and applies(protocol, step, answers)]
        before = sum(costs[step.key] for step in steps if step.kind is StepKind.PREPARE)
        plans.append((before, sum(costs[step.key] for step in steps) - before))
    return PlanCost(language, *max(plans, key=sum))


def check_cost(at: Finding, text: str, voice: Voice, protocol: CareProtocol, step: Step) -> Iterator[Finding]:
    """Whether one text costs more than its language allows."""
    language = at.language or ""
    limits = language_or_default(language).about.segments
    several = len(topics_printed([text], "until")) > 1
    most = limits.catch_up if several else limits.most
    for shared, limit in ((False, most), (True, most + 1)):
        addressee = Addressee(language, LONGEST_FIRST_NAME, shared_phone=shared)
        said = _longest(text, voice, addressee, protocol, step)
        count = count_segments(said).count
        what = f"takes {count} segments ({len(said)} characters{' on a shared phone' if shared else ''})"
        if count > limit:
            yield replace(at, what=what, instead=_shorten(step, language, limit))
            return
        if not shared and not several and 0 < limits.wanted < count:
            yield replace(at, what=what, instead="160 plain characters cost only one", is_warning=True)


def _longest(text: str, voice: Voice, addressee: Addressee, protocol: CareProtocol, step: Step) -> str:
    """The text with the dates that make it cost most."""
    worst = _worst(protocol, step, addressee.language)
    return max((render(text, voice, addressee, one) for one in worst), key=lambda said: count_segments(said).count)


def _shorten(step: Step, language: str, limit: int) -> str:
    topics, ready = list(step.topics), language_or_default(language).ready
    if topics and ready.topics.keys() >= set(topics) and step.text[language] == ready.restrict_text(topics):
        return f"the ready words of so many topics are too long: name fewer in one step, or write its text.{language}"
    return f"shorten it until it takes {limit}"


def _worst(protocol: CareProtocol, step: Step, language: str) -> Iterator[Printable]:
    """The dates whose words are the longest, and those whose letters are the costliest; a midnight needs no hour."""
    lengths = {topic: one.length for topic, one in protocol.restrictions.items() if one.length}
    has_dates = step.printed_topics or any(f"{{{VISIT_DATE}}}" in text for text in step.text.values())
    for worst in _worst_dates(language) if has_dates else _worst_dates(language)[:1]:
        ends = {
            topic: worst.replace(hour=0, minute=0) if restriction.until_day is not None else worst
            for topic, restriction in protocol.restrictions.items()
        }
        yield Printable(worst, _UTC, ends, lengths, dict.fromkeys(SERIES, str(MOST_SESSIONS)))


@cache
def _worst_dates(language: str) -> tuple[datetime, ...]:
    year = [datetime(2026, 1, 1, 12, 30, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    said = {say_until(end, _UTC, language): end for end in year}
    plain = [words for words in said if count_segments(words).encoding == "GSM-7"]
    costly = [words for words in said if words not in plain]
    return tuple(said[max(words, key=len)] for words in (plain, costly) if words)
