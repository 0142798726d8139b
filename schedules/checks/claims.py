"""Words may not say more than the structure: what a lift permits, what reassures, and that all languages agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from schedules.checks.findings import Finding
from schedules.checks.permission import permission
from schedules.checks.sentences import Sentence, any_of, named, sentences
from schedules.languages.registry import language_or_default
from schedules.placeholders import PLACEHOLDER
from schedules.protocol import CareProtocol, Step, StepKind

_NUMBER = re.compile(r"\d+")


def check_claims(protocol: CareProtocol, step: Step, text: str, at: Finding) -> Iterator[Finding]:
    """What one text permits or promises that its step does not, and the rules of its step that it does not say."""
    if step.kind is StepKind.RESTRICT:
        yield from _check_topics_named(step, text, at)
    words = language_or_default(at.language or "").checks
    reassuring, over = any_of(words.reassurance), any_of(words.over)
    for sentence in sentences(text):
        if step.kind is not StepKind.EXPECT and (found := reassuring.search(sentence.words)):
            what = f'"{found[0]}" says what is normal in a {step.kind} step'
            instead = 'say it in a step of kind "expect", which waits while something the patient wrote is unread'
            if step.kind is StepKind.LIFT:
                instead += "; what is allowed again say with another verb"
            yield replace(at, position=sentence.start + found.start() + 1, what=what, instead=instead)
        if step.kind is StepKind.LIFT and (permission(sentence.said) or over.search(sentence.words)):
            yield from _check_lifted(protocol, step, sentence, at)


def _check_topics_named(step: Step, text: str, at: Finding) -> Iterator[Finding]:
    """A patient counts as told what a step names, so its words must name it; topics of no list are the author's."""
    code = at.language or ""
    known = [topic for topic in step.named_topics if topic in language_or_default(code).checks.topics]
    said = {one.topic for sentence in sentences(text) for one in named(sentence, known, code)}
    for topic in known:
        if topic not in said:
            what = f'names "{topic}" among its topics, and its words do not'
            yield replace(at, what=what, instead="say it, or take it out of topics: the patient counts as told")


def _check_lifted(protocol: CareProtocol, step: Step, sentence: Sentence, at: Finding) -> Iterator[Finding]:
    """Whatever the protocol's lengths: an exception may prolong any other topic for one patient."""
    others = [topic for topic in protocol.restrictions if topic not in step.lifts]
    for topic in named(sentence, others, at.language or ""):
        what = f'permits "{topic.words}" and does not lift {topic.topic}, which may still hold'
        instead = f'leave it out, add "{topic.topic}" to lifts, or forbid it in a sentence of its own'
        yield replace(at, position=topic.start + 1, what=what, instead=instead)


def check_languages_agree(protocol: CareProtocol, step: Step) -> Iterator[Finding]:
    """Every language prints the same and has the same numbers."""
    first, *others = protocol.languages
    for late, texts in ((False, step.text), (True, step.late_text)):
        for language in others if texts else ():
            at = Finding(protocol.id, "", "", step.key, language, late=late)
            for what, of in (("prints", _printed), ("has the numbers", _numbers)):
                if (here := of(texts[language])) != (there := of(texts[first])):
                    more, less = _said(here - there), _said(there - here)
                    lacking = f"lacks {less}" if less else f"{what} {more}"
                    instead = f"say the same in {first} and {language}"
                    yield replace(at, what=f"{lacking}, unlike {first}", instead=instead)


def _printed(text: str) -> Counter[str]:
    return Counter(f"{{{one}}}" for one in PLACEHOLDER.findall(text))


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(PLACEHOLDER.sub(" ", text)))


def _said(what: Counter[str]) -> str:
    return ", ".join(sorted(what))
