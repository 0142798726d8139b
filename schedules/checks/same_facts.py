"""Whether two wordings of a text say the same facts: then whoever has read the one was not told otherwise.

Facts are what can be compared without reading as a person does: numbers, lengths written out, ends and lengths that are
printed, the topics that are named, and whether a sentence permits or reassures. What else the words say a person must
read: so a text in other words is listed for staff, and never silently taken for the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from schedules.checks.permission import permission
from schedules.checks.sentences import any_of, named, sentences
from schedules.languages.registry import language_or_default
from schedules.placeholders import PLACEHOLDER

_NUMBER: Final = re.compile(r"\d+")
_OF_NOBODY: Final = frozenset({"clinic", "phone", "name", "provider"})
"""Placeholders that name people and numbers: to add or drop one changes no rule."""


def same_facts(was: str, now: str, topics: Collection[str], language: str) -> bool:
    """Of two texts in this language, as their protocols have them; `topics` are those of both protocols.

    Whatever else the language has a word for is a topic too: a protocol may name what it does not restrict.
    """
    known = {*topics, *language_or_default(language).checks.topics}
    return _facts(was, known, language) == _facts(now, known, language)


def _facts(text: str, topics: Collection[str], language: str) -> tuple[object, ...]:
    words = language_or_default(language).checks
    plain = PLACEHOLDER.sub(" ", text)
    printed = sorted(one for one in PLACEHOLDER.findall(text) if one not in _OF_NOBODY)
    lengths = sorted(one[0].casefold() for one in any_of(words.lengths).finditer(plain)) if words.lengths else []
    said = sorted(
        {
            (topic.topic, permission(sentence.said) is not None)
            for sentence in sentences(text)
            for topic in named(sentence, topics, language)
        }
    )
    reassures = any_of(words.reassurance).search(plain) is not None
    return printed, sorted(_NUMBER.findall(plain)), lengths, said, permission(text) is not None, reassures
