"""Texts: who speaks, the way out, no word too many, and what each costs at its longest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from schedules.checks.claims import check_claims, check_languages_agree
from schedules.checks.findings import Finding
from schedules.checks.lengths import check_lengths
from schedules.checks.permission import permission
from schedules.checks.words import costly_characters, day_word, forbidden_words
from schedules.dates import say_until
from schedules.languages.registry import language_or_default
from schedules.placeholders import FACT_PLACEHOLDERS, VISIT_DATE, topics_printed
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.segments import count_segments
from schedules.wording import Addressee, Printable, Voice, render

LONGEST_FIRST_NAME = "N" * 40
_UTC = ZoneInfo("UTC")


def check_texts(protocol: CareProtocol, voice: Voice) -> Iterator[Finding]:
    """What is wrong with the wording of any step, on or off."""
    voice = replace(voice, facts=tuple((name, "N" * longest) for name, longest in FACT_PLACEHOLDERS.items()))
    for step in protocol.steps:
        for late, texts in ((False, step.text), (True, step.late_text)):
            for language, text in texts.items():
                at = Finding(protocol.id, "", "", step.key, language, late=late)
                yield from _check_words(at, text)
                yield from check_lengths(protocol, step, text, at)
                yield from check_claims(protocol, step, text, at)
                yield from _check_cost(at, text, voice, protocol, step)
                if step.enabled and step.kind is not StepKind.LIFT and (said := permission(text)):
                    what = f'says "{said.words}" in a {step.kind} step, and may come before the restriction has ended'
                    yield replace(at, position=said.position, what=what, instead=_leave_it_to_a_lift(protocol, step))
                if (day := day_word(text)) and (late or step.kind is StepKind.PREPARE):
                    moved = "leaves on a later date" if late else "may move to an earlier date"
                    yield replace(at, what=f'says "{day}" and {moved}', instead="count no days from its own date")
                own = protocol.languages[0]
                if language != own and text == texts[own]:
                    yield replace(at, what=f"reads like {own}", instead="translate it")
        yield from check_languages_agree(protocol, step)


def _check_words(at: Finding, text: str) -> Iterator[Finding]:
    if not text.startswith("{clinic}"):
        yield replace(at, position=1, what="does not begin with who is speaking", instead="begin with {clinic}:")
    if not re.search(r"\bSTOP\b", text):
        yield replace(at, position=len(text), what="offers no way out", instead='end with "STOP to opt out."')
    for word in (*forbidden_words(text), *costly_characters(text, at.language or "")):
        yield replace(at, position=word.position, what=word.what, instead=word.instead)


def _leave_it_to_a_lift(protocol: CareProtocol, step: Step) -> str:
    words = " ".join(step.text.values()).casefold()
    named = [topic for topic in protocol.restrictions if topic.replace("-", " ") in words]
    topic = next(iter([*named, *protocol.restrictions]), "")
    lifts = f'lifts = ["{topic}"]' if topic else 'a topic under [restrictions] and lifts = ["that topic"]'
    return f'only a lift may say so: write {lifts} in place of kind and at, or "no ..." or "use ..." as plain advice'


def _check_cost(at: Finding, text: str, voice: Voice, protocol: CareProtocol, step: Step) -> Iterator[Finding]:
    language = at.language or ""
    limits = language_or_default(language).about.segments
    several = len(topics_printed([text], "until")) > 1
    most = limits.catch_up if several else limits.most
    worst = list(_worst(protocol, step, language))
    for shared, limit in ((False, most), (True, most + 1)):
        addressee = Addressee(language, LONGEST_FIRST_NAME, shared_phone=shared)
        said = max((render(text, voice, addressee, one) for one in worst), key=lambda s: count_segments(s).count)
        count = count_segments(said).count
        what = f"takes {count} segments ({len(said)} characters{' on a shared phone' if shared else ''})"
        if count > limit:
            yield replace(at, what=what, instead=_shorten(step, language, limit))
            return
        if not shared and not several and 0 < limits.wanted < count:
            yield replace(at, what=what, instead="160 plain characters cost only one", is_warning=True)


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
        yield Printable(worst, _UTC, ends, lengths)


@cache
def _worst_dates(language: str) -> tuple[datetime, ...]:
    year = [datetime(2026, 1, 1, 12, 30, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    said = {say_until(end, _UTC, language): end for end in year}
    plain = [words for words in said if count_segments(words).encoding == "GSM-7"]
    costly = [words for words in said if words not in plain]
    return tuple(said[max(words, key=len)] for words in (plain, costly) if words)
