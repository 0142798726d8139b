"""Texts: who speaks, the way out, no word too many, and what each costs at its longest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from schedules.checks.claims import check_claims, check_languages_agree
from schedules.checks.cost import check_cost
from schedules.checks.findings import Finding
from schedules.checks.lengths import check_lengths
from schedules.checks.permission import permission
from schedules.checks.sentences import named, sentences
from schedules.checks.words import costly_characters, day_word, forbidden_words
from schedules.placeholders import FACT_PLACEHOLDERS
from schedules.protocol import CareProtocol, StepKind
from schedules.wording import Voice


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
                yield from check_cost(at, text, voice, protocol, step)
                if step.enabled and step.kind is not StepKind.LIFT and (said := permission(text)):
                    what = f'says "{said.words}" in a {step.kind} step, and may come before the restriction has ended'
                    yield replace(
                        at,
                        position=said.position,
                        what=what,
                        instead=_leave_it_to_a_lift(protocol, text, language, said.position),
                    )
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


def _leave_it_to_a_lift(protocol: CareProtocol, text: str, language: str, position: int) -> str:
    """What to write instead of these words of permission, with the topic that they name."""
    said = [one for sentence in sentences(text) for one in named(sentence, protocol.restrictions, language)]
    after = [one.topic for one in said if one.start >= position]
    topic = next(iter([*after, *(one.topic for one in said), *protocol.restrictions]), "")
    lifts = f'lifts = ["{topic}"]' if topic else 'a topic under [restrictions] and lifts = ["that topic"]'
    return f'only a lift may say so: write {lifts} in place of kind and at, or "no ..." or "use ..." as plain advice'
