"""Asks: what a question offers, what each answer gets, and that all languages ask alike. None says what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from schedules.checks.findings import Finding
from schedules.checks.permission import permission
from schedules.checks.sentences import any_of
from schedules.checks.words import costly_characters, forbidden_words
from schedules.languages.registry import language_or_default
from schedules.placeholders import FACT_PLACEHOLDERS, PLACEHOLDER, STAFFED_NEXT
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.segments import count_segments
from schedules.wording import Addressee, Printable, Voice, render

_DIGIT: Final = re.compile(r"(?<![\w{])[1-9](?![\w}])")
_WAY_OUT: Final = re.compile(r"[^.;!?]*\bSTOP\b[^.;!?]*[.;!?]?\s*$")
_ENDS_IN_A_PHONE: Final = re.compile(r"(?:\{phone\}|\b911)[.!]?\s*$")
_LONGEST_NAME: Final = "N" * 40
_LONG_DATE: Final = datetime(2026, 9, 30, 14, 30, tzinfo=UTC)


def check_asks(protocol: CareProtocol, voice: Voice) -> Iterator[Finding]:
    """What is wrong with any question of a protocol, on or off."""
    for step in protocol.steps:
        if step.kind is StepKind.ASK:
            yield from _check_offers(protocol, step)
            yield from _check_again(protocol, step)
            for field, texts in step.texts_of_answers():
                for language, text in texts.items():
                    at = Finding(protocol.id, "", "", step.key, language, field=field)
                    yield from _check_words(at, text, asks=field == "again_text")
                    yield from _check_cost(at, text, voice)


def _check_offers(protocol: CareProtocol, step: Step) -> Iterator[Finding]:
    """Every answer is offered, in the same order in each language; each question ends in a phone number."""
    for field, texts in (("text", step.text), ("again_text", step.again_text)):
        for language, text in texts.items():
            at = Finding(protocol.id, "", "", step.key, language, field=field)
            offered = _DIGIT.findall(PLACEHOLDER.sub(" ", text))
            if offered != list(step.answers):
                named = ", ".join(offered) or "no answer"
                what = f"offers {named}, and its answers are {', '.join(step.answers)}"
                yield replace(at, what=what, instead='name each once: "Reply 1 fine, 2 a question, 3 worse"')
            if not _ENDS_IN_A_PHONE.search(_WAY_OUT.sub("", text).rstrip()):
                what = "does not end in a phone number before the way out"
                yield replace(
                    at, position=len(text), what=what, instead='write "... or call {phone}. STOP to opt out."'
                )
            if not re.search(r"\bSTOP\b", text) and field == "again_text":
                yield replace(at, what="offers no way out", instead='end with "STOP to opt out."')
            yield from _check_diagnosis(at, text)


def _check_again(protocol: CareProtocol, step: Step) -> Iterator[Finding]:
    for language, text in step.again_text.items():
        at = Finding(protocol.id, "", "", step.key, language, field="again_text")
        if text == step.text[language]:
            yield replace(at, what="asks in the very words of the first time", instead="say it in other words")
    if step.again_after and step.stale_after and step.again_after.length >= step.stale_after.length:
        what = f"is stale after {step.stale_after}, before it would be asked again after {step.again_after}"
        yield Finding(protocol.id, what, "lengthen `stale_after`", step.key, is_warning=True)


def _check_words(at: Finding, text: str, *, asks: bool) -> Iterator[Finding]:
    if not text.startswith("{clinic}"):
        yield replace(at, position=1, what="does not begin with who is speaking", instead="begin with {clinic}:")
    for word in (*forbidden_words(text), *costly_characters(text, at.language or "")):
        yield replace(at, position=word.position, what=word.what, instead=word.instead)
    if said := permission(text):
        what = f'says "{said.words}" to whoever answers, whatever is still restricted'
        yield replace(at, position=said.position, what=what, instead="leave it to a lift")
    if not asks:
        if "{phone}" not in text or not _ENDS_IN_A_PHONE.search(text):
            what = "does not end in a phone number"
            yield replace(at, position=len(text), what=what, instead='end with "call {phone}. Emergency: 911."')
        yield from _check_diagnosis(at, text)


def _check_diagnosis(at: Finding, text: str) -> Iterator[Finding]:
    """No answer of a machine says what the patient has, nor that it is nothing."""
    words = language_or_default(at.language or "").checks
    for patterns, what, instead in (
        (words.diagnosis, "says what the patient has", "say who answers, and when"),
        (words.reassurance, "says that it is nothing", "leave that to a person, or to an `expect` step"),
    ):
        if found := any_of(patterns).search(PLACEHOLDER.sub(lambda one: " " * len(one[0]), text)):
            yield replace(at, position=found.start() + 1, what=f'"{found[0]}" {what}', instead=instead)


def _check_cost(at: Finding, text: str, voice: Voice) -> Iterator[Finding]:
    language = at.language or ""
    staffed = language_or_default(language).about.staffed
    facts: Mapping[str, str] = {
        **{name: "N" * longest for name, longest in FACT_PLACEHOLDERS.items()},
        STAFFED_NEXT: staffed.later.format(day="N" * 28, hour="N" * 14),
    }
    said = render(
        text, replace(voice, facts=tuple(facts.items())), Addressee(language, _LONGEST_NAME, shared_phone=True),
        Printable(_LONG_DATE, ZoneInfo("UTC")),
    )  # fmt: skip
    limit = language_or_default(language).about.segments.most + 1
    if (count := count_segments(said).count) > limit:
        what = f"takes {count} segments ({len(said)} characters on a shared phone)"
        yield replace(at, what=what, instead=f"shorten it until it takes {limit}")
