"""A clinic's own words on the page: each text as it is typed, beside it as a patient reads it, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from notifier.web.widgets.protocol_examples import Piece, Reader
from schedules.catalogue import ProtocolError
from schedules.check import check_wording
from schedules.checks.findings import Finding
from schedules.overlay import read_overlay
from schedules.overlay_edit import length_field, lengths_of, say_length, text_field
from schedules.protocol import CareProtocol, Step
from schedules.segments import Segments, count_segments
from schedules.timeline import Rules

_FILE: Final = re.compile(r"^[a-z0-9-]+\.toml: |^[a-z0-9-]+\.toml, (line \d+)(?:, column \d+)?: ")
_FROM_BOTH: Final = re.compile(r" \(as [a-z0-9-]+ and this file together say\)$")
_OF_A_TEXT: Final = re.compile(
    r'step "([a-z0-9-]+)"[,:] (text|late_text|again_text|answers\.[a-z0-9-]+\.text)\.([a-z]{2})(?:, position \d+)?: '
)
_OF_A_STEP: Final = re.compile(r'step "([a-z0-9-]+)"')
_OF_A_LENGTH: Final = re.compile(r'restriction "([a-z0-9-]+)"|restrictions\.([a-z0-9-]+)')


@dataclass(frozen=True, slots=True)
class WordsProblem:
    """One thing that is wrong, and the field that it is about; of no field where it is about the whole."""

    sentence: str
    field: str = ""
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What typed words come to, and what is wrong with them."""

    words: CareProtocol | None
    """None where they cannot be read: then nothing of them can be published."""
    problems: tuple[WordsProblem, ...]

    def about(self, field: str) -> list[WordsProblem]:
        return [one for one in self.problems if one.field == field]

    @property
    def grave(self) -> list[WordsProblem]:
        """What must be changed."""
        return [one for one in self.problems if not one.is_warning]

    @property
    def places(self) -> list[str]:
        """Where on the page something must be changed."""
        kinds = [one.field.split("/") for one in self.grave if one.field]
        return list(dict.fromkeys("the-lengths" if kind == "length" else f"step-{key}" for kind, key, *_ in kinds))


@dataclass(frozen=True, slots=True)
class Saying:
    """One text of one step in one language."""

    field: str
    language: str
    when: str
    """Empty for the step's own text; else when this one is read instead, or after it."""
    typed: str
    in_base: str | None
    """As the base has it, where that is something else."""
    pieces: tuple[Piece, ...]
    """As a patient reads it."""
    segments: Segments
    characters: int


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step in the form."""

    step: Step
    is_on: bool
    why_off: str
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class ShownLength:
    """One length in the form."""

    field: str
    topic: str
    end: str
    typed: str
    in_base: str | None


def judge(base: CareProtocol, toml: str, unread: Mapping[str, str], rules: Rules) -> Judged:
    """What the overlay of `base` comes to, and what is wrong with it at a glance; the whole check takes longer."""
    found = [WordsProblem(why, field) for field, why in unread.items()]
    try:
        words = read_overlay(base, toml)
    except ProtocolError as error:
        return Judged(None, (*found, *(_problem(line) for line in str(error).split("\n"))))
    found += [_problem(one.sentence, one) for one in check_wording(words, rules)]
    return Judged(words, tuple(found))


def _problem(line: str, finding: Finding | None = None) -> WordsProblem:
    said = _FROM_BOTH.sub("", line)
    if finding is None and (file := _FILE.match(said)):
        said = said[file.end() :]
        at = f" ({file[1]} as TOML)" if file[1] and not _OF_A_STEP.match(said) else ""
        said += at
    is_warning = finding is not None and finding.is_warning
    if about := _OF_A_TEXT.match(said):
        return WordsProblem(said[about.end() :], text_field(about[1], about[2], about[3]), is_warning)
    if step := _OF_A_STEP.match(said):
        return WordsProblem(said, f"on/{step[1]}", is_warning)
    if length := _OF_A_LENGTH.match(said):
        return WordsProblem(said, length_field(length[1] or length[2]), is_warning)
    return WordsProblem(said, "", is_warning)


def shown_steps(
    base: CareProtocol, present: CareProtocol, typed: Mapping[str, str], rules: Rules, at: datetime, zone: ZoneInfo
) -> Iterator[ShownStep]:
    """Every step of `present`, with what is typed over it where that cannot be read yet."""
    own = {step.key: step for step in base.steps}
    reader = Reader(present, rules.voice, at, zone)
    for step in present.steps:
        is_on = f"on/{step.key}" in typed if typed else step.enabled
        of_base = dict(own[step.key].every_text) if step.key in own else {}
        sayings = []
        for when, field, texts in _texts(step):
            for language, text in texts.items():
                name = text_field(step.key, field, language)
                said = typed.get(name, text).replace("\r\n", "\n")
                pieces = reader.pieces(step, language, said)
                read = "".join(piece.words for piece in pieces)
                was = of_base.get(field, {}).get(language)
                differs, segments = was != said, count_segments(read)
                sayings.append(
                    Saying(name, language, when, said, was if differs else None, pieces, segments, len(read))
                )
        yield ShownStep(step, is_on, typed.get(f"why/{step.key}", step.why_off or ""), tuple(sayings))


def _texts(step: Step) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for field, texts in step.every_text:
        if field == "text":
            yield "", field, texts
        elif field == "late_text":
            yield "When it leaves on a later day", field, texts
        elif field == "again_text":
            yield "Asked once more", field, texts
        else:
            yield f"After “{field.split('.')[1]}”", field, texts


def shown_lengths(base: CareProtocol, present: CareProtocol, typed: Mapping[str, str]) -> Iterator[ShownLength]:
    """Every length of `present`, with what is typed over it where that cannot be read."""
    for topic, restriction in present.restrictions.items():
        of_base = lengths_of(base.restrictions[topic]) if topic in base.restrictions else {}
        for end, length in lengths_of(restriction).items():
            name = length_field(topic, end)
            was = say_length(of_base[end]) if end in of_base else None
            said = typed.get(name, say_length(length))
            yield ShownLength(name, topic, end, said, was if was != said else None)
