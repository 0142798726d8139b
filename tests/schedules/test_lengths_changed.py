"""A clinic changes a length: every text follows, or `check` names the step that does not. No text lies.

Every length of every shipped protocol, up and down. What a text says is read from the words as the patient reads them:
the date that follows a topic must be that topic's end, and whatever a lift permits must be over when it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from schedules.catalogue import shipped
from schedules.check import EXAMPLE
from schedules.checks.permission import permission
from schedules.checks.sentences import any_of, named, sentences
from schedules.checks.texts import check_texts
from schedules.dates import say_until
from schedules.languages.registry import language, languages
from schedules.moments import Anchor
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol, StepKind
from schedules.timeline import Patient, Rules, Timeline, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, at

PROTOCOLS = shipped()
TREATED = tuple(at(f"2026-03-06T{hour}") for hour in ("08:00", "10:00", "14:10", "19:30", "21:20"))
UNCAPPED = Rules(RULES.voice, max_texts_per_day=99)
CHANGES = {"hours": (-12, 24, 48), "days": (-1, 1, 3), "until_day": (-1, 2)}


def _changed(plan: CareProtocol) -> Iterator[tuple[str, CareProtocol]]:
    """The protocol with one length changed, as a clinic that changes one line of its file has it."""
    for topic, restriction in plan.restrictions.items():
        unit = next(unit for unit in CHANGES if getattr(restriction, unit) is not None)
        for by in CHANGES[unit]:
            content: dict[str, Any] = json.loads(plan.content)
            content["restrictions"][topic][unit] += by
            yield f"{topic} {by:+} {unit}", CareProtocol.from_content(json.dumps(content))


def _lies(timeline: Timeline, message: PlannedMessage, code: str) -> Iterator[str]:
    """What the words of this text say of a restriction that is not so."""
    ends = dict(timeline.restrictions)
    dates = {say_until(end, NEW_YORK, code): end for end in ends.values()}
    literal = any_of(language(code).checks.lengths)
    for sentence in sentences(message.text):
        printed = sorted((sentence.said.index(said), end, said) for said, end in dates.items() if said in sentence.said)
        inside = {sentence.start + place for where, _, said in printed for place in range(where, where + len(said))}
        topics = [one for one in named(sentence, ends, code) if one.start not in inside]  # "Sun Mar 8" is no sun
        permits = message.kind is StepKind.LIFT and permission(sentence.said)
        for topic in topics:
            end = ends[topic.topic]
            if printed and _read_for(topic.start - sentence.start, printed) != end:
                yield f'"{topic.words}" is told the wrong end'
            if permits and message.due_at and message.due_at < end:
                yield f'"{topic.words}" is permitted before its end'
        if topics and (found := literal.search(sentence.words)):
            yield f'"{found[0]}" stands beside "{topics[0].words}"'


def _read_for(place: int, printed: list[tuple[int, datetime, str]]) -> datetime:
    return next((end for where, end, _ in printed if where > place), printed[-1][1])


@pytest.mark.parametrize("plan", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_every_text_follows_a_changed_length_or_check_names_its_step(
    subtests: pytest.Subtests, plan: CareProtocol
) -> None:
    answers = {key: question.answers[0] for key, question in plan.questions.items()}
    for change, changed in _changed(plan):
        with subtests.test(change=change):
            told = {finding.step for finding in check_texts(changed, EXAMPLE.voice) if not finding.is_warning}
            for treated_at, code in product(TREATED, [one.code for one in languages()]):
                patient = Patient(NEW_YORK, code, "Ana", answers=answers)
                timeline = build_timeline(changed, Anchor(treated_at), patient, UNCAPPED)
                ends = dict(timeline.restrictions)
                for message in timeline.messages:
                    if message.kind is StepKind.LIFT and message.due_at:
                        assert message.due_at >= max(ends[topic] for topic in message.topics)
                    if message.step not in told:
                        assert [] == list(_lies(timeline, message, code)), message.text
