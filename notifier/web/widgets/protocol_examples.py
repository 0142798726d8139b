"""A protocol's texts as one patient would read them, with what is filled in for each patient told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from schedules.asking import Consequence
from schedules.moments import Anchor, Moments
from schedules.offsets import wall_first
from schedules.placeholders import STAFFED_NEXT, VISIT_DATE, VISIT_TIME
from schedules.protocol import CareProtocol, Step
from schedules.series import SESSION, SESSIONS, one_that_is
from schedules.wording import Addressee, Printable, Voice, filled_in

_AFTERNOON: Final = time(14)
_NAME: Final = "Ana"
_A_SERIES: Final = MappingProxyType({SESSION: "2", SESSIONS: "6"})
_TODAY: Final = "(today)"
_THEN: Final = {
    Consequence.FILE: "files itself",
    Consequence.TASK: "waits for a person",
    Consequence.URGENT: "tells people at once",
}
_WHAT: Final = {
    STAFFED_NEXT: "when a person will be there",
    "clinic": "the clinic’s name",
    "phone": "the clinic’s phone",
    "name": "the patient’s first name",
    "provider": "who treats the patient",
    VISIT_DATE: "the date of the visit",
    VISIT_TIME: "the hour of the visit",
    SESSION: "which session it is",
    SESSIONS: "how many sessions there are",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text, and what of each patient they are; None where they are the protocol's own."""

    words: str
    filled_with: str | None


@dataclass(frozen=True, slots=True)
class Example:
    """One step in one language, and as it is written, with its blanks."""

    pieces: tuple[Piece, ...]
    template: str
    late_pieces: tuple[Piece, ...] = ()
    late_template: str = ""
    further: tuple[tuple[str, tuple[Piece, ...], str], ...] = ()
    """Of a question: when each further text of it is read, the text, and as it is written."""


def treated_at_two(now: datetime, zone: ZoneInfo) -> datetime:
    """The example's treatment: today at 2 PM."""
    return wall_first(now.astimezone(zone).date(), _AFTERNOON, zone)


class Reader:
    """A patient who was treated then, and reads any text of a protocol, with answers under which its step applies."""

    def __init__(self, protocol: CareProtocol, voice: Voice, treated_at: datetime, zone: ZoneInfo) -> None:
        self._protocol, self._treated_at, self._zone = protocol, treated_at, zone
        self._voice = replace(voice, facts=((STAFFED_NEXT, _TODAY),))

    def pieces(self, step: Step, language: str, template: str) -> tuple[Piece, ...]:
        """The text as this patient reads it; as it is written where it has a blank that nothing fills."""
        moments = Moments.of(self._protocol, Anchor(self._treated_at), self._zone, _answers(self._protocol, step))
        printable = Printable(
            self._treated_at, self._zone, moments.ends, moments.lengths(self._protocol, {}), _A_SERIES
        )
        try:
            filled = filled_in(template, self._voice, Addressee(language, _NAME), printable)
        except KeyError:
            return (Piece(template, None),)
        return tuple(Piece(said, _what(blank)) for said, blank in filled)


def examples(
    protocol: CareProtocol, language: str, voice: Voice, treated_at: datetime, zone: ZoneInfo
) -> dict[str, Example]:
    """By step: what a patient who was treated then reads, with answers under which the step applies."""

    reader = Reader(protocol, voice, treated_at, zone)

    def pieces(step: Step, template: str) -> tuple[Piece, ...]:
        return reader.pieces(step, language, template)

    return {
        step.key: Example(
            pieces(step, step.text[language]),
            step.text[language],
            pieces(step, step.late_text[language]) if step.late_text else (),
            step.late_text.get(language, ""),
            tuple((when, pieces(step, text), text) for when, text in _further_texts(step, language)),
        )
        for step in protocol.steps
        if step.enabled
    }


def _further_texts(step: Step, language: str) -> Iterator[tuple[str, str]]:
    if step.again_text:
        yield f"Where nothing comes within {step.again_after}, once more", step.again_text[language]
    for choice, answer in step.answers.items():
        yield f"After “{choice}” ({answer.means.value}), which {_THEN[answer.then]}", answer.text[language]


def _answers(protocol: CareProtocol, step: Step) -> Mapping[str, str]:
    first = {key: question.answers[0] for key, question in protocol.questions.items()}
    needed = next(iter(protocol.conditions[step.key]), {})
    own = {question: options[0] for question, options in needed.items()}
    return {**first, **own, **one_that_is(own)}


def _what(blank: str | None) -> str | None:
    if blank is None:
        return None
    topic, _, printed = blank.partition(".")
    about = "length" if printed == "length" else "end"
    return _WHAT.get(blank) or f"the {about} of “no {topic.replace('-', ' ')}” for the patient"
