"""A length is written once: under [restrictions]. A text prints it, or its end, and never writes it out.

Whoever changes a length changes one line; what every text says of it follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schedules.checks.findings import Finding
from schedules.checks.sentences import Named, Printed, any_of, named, printed, sentences
from schedules.languages.registry import language_or_default
from schedules.placeholders import topics_printed
from schedules.plain import length_in_words
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.restriction import Restriction


def check_lengths(protocol: CareProtocol, step: Step, text: str, at: Finding) -> Iterator[Finding]:
    """What one text says of lengths and ends that only its protocol's restrictions should say."""
    code = at.language or ""
    literal = any_of(language_or_default(code).checks.lengths)
    for sentence in sentences(text):
        topics = named(sentence, protocol.restrictions, code)
        for found in literal.finditer(sentence.words):
            if topics:
                start = sentence.start + found.start()
                beside = min(topics, key=lambda one: abs(one.start - start))
                what = f'"{found[0].strip()}" is written out beside "{beside.words}"'
                instead = f"print it: {_write(protocol, step, beside.topic)}; its length stands under [restrictions]"
                yield replace(at, position=start + 1, what=what, instead=instead)
        for topic, said in _spoken_for(topics, printed(sentence)):
            own, other = protocol.restrictions[topic.topic], protocol.restrictions[said.topic]
            if _lasts(own) != _lasts(other):
                shown = f"{{{said.topic}.{said.field}}}"
                what = f'prints {shown} for "{topic.words}", which lasts {length_in_words(own)}'
                instead = (
                    f"print {_write(protocol, step, topic.topic)} for it; {said.topic} lasts {length_in_words(other)}"
                )
                yield replace(at, position=said.start + 1, what=what, instead=instead)
    if step.kind is StepKind.RESTRICT:
        yield from _check_restrict(protocol, step, text, at)


def _spoken_for(topics: list[Named], ends: list[Printed]) -> Iterator[tuple[Named, Printed]]:
    """Each topic of a sentence that prints ends, but none of its own, with the end that a reader takes for its."""
    own = {one.topic for one in ends}
    for topic in topics:
        if ends and topic.topic not in own:
            yield topic, next((one for one in ends if one.start > topic.start), ends[-1])


def _check_restrict(protocol: CareProtocol, step: Step, text: str, at: Finding) -> Iterator[Finding]:
    ends = topics_printed([text], "until")
    by_length: dict[str, list[str]] = {}
    gates = {topic for topic in step.named_topics if protocol.restrictions[topic].is_gate}
    for topic in step.named_topics:
        if topic in gates:
            continue
        by_length.setdefault(length_in_words(protocol.restrictions[topic]), []).append(topic)
    for length, topics in by_length.items():
        if len(by_length) + bool(gates) > 1 and not set(topics) & set(ends):
            what = f"names topics with different ends and does not print that of {', '.join(topics)} ({length})"
            yield replace(
                at, what=what, instead=f"print {{{topics[0]}.until}} too; such a text may cost one more segment"
            )
    if at.late:
        return
    late = topics_printed(step.late_text.values(), "until")
    for topic in topics_printed([text], "length"):
        if topic not in late:
            what = f"prints {{{topic}.length}}, and a reader would count it from the day it arrives"
            instead = f"print {{{topic}.until}}, or add late_text.{at.language} that does"
            yield replace(at, position=text.index(f"{{{topic}.length}}") + 1, what=what, instead=instead)


def _write(protocol: CareProtocol, step: Step, topic: str) -> str:
    """What to print of this topic in this step: before the visit nothing has an end yet, in a lift it is past."""
    by_length = step.kind in {StepKind.PREPARE, StepKind.LIFT} and protocol.restrictions[topic].length is not None
    return f"{{{topic}.length}}" if by_length else f"{{{topic}.until}}"


def _lasts(one: Restriction) -> tuple[object, ...]:
    return (*(getattr(one, unit) for unit in one.UNITS), one.up_to, one.usual, one.until)
