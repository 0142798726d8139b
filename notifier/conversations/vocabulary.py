"""The words patients use, of all languages together: nobody knows in which of them a patient writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from schedules.languages.registry import Language, languages
from schedules.languages.replies import ReplyWords

Pattern = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a normalized text (small letters, no accents, no punctuation) is compared with."""

    stop: frozenset[str]
    """Clear by themselves, and with nothing but filler around them."""
    weak_stop: frozenset[str]
    """Clear alone or with talk of texts."""
    unclear: frozenset[str]
    """With other words around them a person must read the text."""
    polite: frozenset[str]
    about_texts: frozenset[str]
    filler: frozenset[str]
    asking: frozenset[str]
    start: frozenset[str]
    help: frozenset[str]
    thanks: frozenset[str]
    thanks_filler: frozenset[str]
    stop_phrases: Pattern
    not_a_request: Pattern
    our_own_words: Pattern
    urgent: Pattern
    liked: Pattern
    """Of the plain text, which still has its punctuation."""
    disliked: Pattern
    spelled: Pattern
    joined: tuple[tuple[Pattern, str], ...]


def vocabulary() -> Vocabulary:
    """The words of every language there is."""
    return _of(languages())


@cache
def _of(spoken: tuple[Language, ...]) -> Vocabulary:
    replies = [one.replies for one in spoken]

    def words(part: Callable[[ReplyWords], frozenset[str]]) -> frozenset[str]:
        return frozenset().union(*map(part, replies))

    def patterns(part: Callable[[ReplyWords], Iterable[str]]) -> str:
        return "|".join(pattern for one in replies for pattern in part(one))

    stop, weak_stop = words(lambda one: one.stop), words(lambda one: one.weak_stop)
    polite, about_texts = words(lambda one: one.polite), words(lambda one: one.about_texts)
    return Vocabulary(
        stop=stop,
        weak_stop=weak_stop,
        unclear=(stop | weak_stop) - words(lambda one: one.plain_talk),
        polite=polite,
        about_texts=about_texts,
        filler=polite | about_texts | words(lambda one: one.filler),
        asking=words(lambda one: one.asking),
        start=words(lambda one: one.start),
        help=words(lambda one: one.help),
        thanks=words(lambda one: one.thanks),
        thanks_filler=words(lambda one: one.thanks_filler),
        stop_phrases=_words_among(patterns(lambda one: one.stop_phrases)),
        not_a_request=re.compile(rf"\b(?:{patterns(lambda one: one.not_a_request)})"),
        our_own_words=_words_among(patterns(lambda one: one.our_own_words)),
        urgent=_words_among(patterns(lambda one: one.urgent)),
        liked=_reaction(patterns(lambda one: one.liked)),
        disliked=_reaction(patterns(lambda one: one.disliked)),
        spelled=_words_among(patterns(lambda one: one.spelled)),
        joined=tuple((re.compile(pattern), word) for one in replies for pattern, word in one.joined),
    )


def _words_among(patterns: str) -> Pattern:
    return re.compile(rf"\b(?:{patterns})\b")


def _reaction(patterns: str) -> Pattern:
    return re.compile(rf"^\s*(?:{patterns})\s*[\"“«]", re.IGNORECASE)
