"""Sentences of a text, and the restrictions that their words name, as the language's `checks.toml` lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from schedules.languages.registry import Language, language_or_default
from schedules.placeholders import PLACEHOLDER

_SENTENCE = re.compile(r"(?:\{[^{}]*\}|[^.;!?\u00bf\u00a1{}])+")


class Sentence(NamedTuple):
    """One sentence and where it begins in its text, counted from 0; a colon ends none ("3 days: no sun")."""

    start: int
    words: str
    """As long as in the text, with blanks in place of each placeholder."""
    said: str
    """As the text has it."""


class Named(NamedTuple):
    """A topic that some words name, and where they begin in their text, counted from 0."""

    topic: str
    start: int
    words: str


class Printed(NamedTuple):
    """A placeholder that prints an end or a length, and where it begins in its text, counted from 0."""

    topic: str
    field: str
    start: int


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text as a protocol has it, in their order."""
    for found in _SENTENCE.finditer(text):
        plain = PLACEHOLDER.sub(lambda one: " " * len(one[0]), found[0])
        yield Sentence(found.start(), plain, found[0])


def named(sentence: Sentence, topics: Iterable[str], code: str) -> list[Named]:
    """The topics, among these, that a sentence in this language names, in the order of its words."""
    found = (
        Named(topic, sentence.start + one.start(), one[0])
        for topic in topics
        for one in _words_of(language_or_default(code), topic).finditer(sentence.words)
    )
    return sorted(found, key=lambda one: one.start)


def printed(sentence: Sentence) -> list[Printed]:
    """The ends and lengths that a sentence prints, in its order."""
    parts = ((one, one[1].partition(".")) for one in PLACEHOLDER.finditer(sentence.said))
    return [
        Printed(topic, field, sentence.start + one.start())
        for one, (topic, _, field) in parts
        if field in {"until", "length"}
    ]


@cache
def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One of these, and not as a part of a longer word."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


@cache
def _words_of(spoken: Language, topic: str) -> re.Pattern[str]:
    """A topic that the language has no words for goes by its own name."""
    return any_of(spoken.checks.topics.get(topic, (re.escape(topic.replace("-", " ")),)))
