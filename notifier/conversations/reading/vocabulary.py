"""The words patients use, of all languages together: nobody knows in which of them a patient writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from notifier.conversations.reading.normalize import Said, split
from schedules.asking import AnswerMeaning
from schedules.languages.registry import Language, languages
from schedules.languages.replies import ReplyWords

Pattern = re.Pattern[str]
ANY_WORD: Final = r"(?: \w+)"
"""In a pattern of urgent words no word of negation stands for it."""
WITHIN: Final = r"(?: \w+){0,4} "
"""What `..` stands for in a pattern."""
_THEN: Final = r"(?: (?!not|isnt|never|no|hasnt|wont)\w+)?? "


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a normalized text is compared with; each part is explained in the English `replies.toml`."""

    stop: frozenset[str]
    weak_stop: frozenset[str]
    polite: frozenset[str]
    about_texts: frozenset[str]
    filler: frozenset[str]
    asking: frozenset[str]
    but: frozenset[str]
    start: frozenset[str]
    help: frozenset[str]
    answers: dict[str, AnswerMeaning]
    """What an answer in words means: the whole text, with blanks between its words."""
    digits: dict[str, str]
    """The digit that a word spells."""
    temperature: frozenset[str]
    not_temperature: frozenset[str]
    harmless: frozenset[str]
    harmless_filler: frozenset[str]
    sure: frozenset[str]
    yes: frozenset[str]
    names: frozenset[str]
    common: frozenset[str]
    """Words that are no names, however they are written."""
    kinds: dict[str, str]
    """The kind of a word, for the model."""
    stop_phrases: Pattern
    perhaps_stop: Pattern
    perhaps_stop_whole: Pattern
    not_a_request: Pattern
    our_own_words: Pattern
    wrong_person: Pattern
    not_wrong_person: Pattern
    urgent: Pattern
    alarming: Pattern
    negated: Pattern
    """At the end of what stands in front of urgent words."""
    passed: Pattern
    """At the start of what stands behind them."""
    not_now: Pattern
    symptoms: frozenset[str]
    no_symptom: Pattern
    """A symptom that is not there."""
    past_symptom: Pattern
    """A symptom that has passed."""
    harmless_phrases: Pattern
    not_harmless: Pattern
    liked: Pattern
    """Of the plain text, which still has its punctuation."""
    disliked: Pattern
    spelled: Pattern
    joined: tuple[tuple[Pattern, str], ...]


def vocabulary() -> Vocabulary:
    """The words of every language there is."""
    return _of(languages())


def vocabulary_of(language: Language) -> Vocabulary:
    """The words of one language alone."""
    return _of((language,))


@cache
def _of(spoken: tuple[Language, ...]) -> Vocabulary:
    replies = [one.replies for one in spoken]

    def words(part: Callable[[ReplyWords], frozenset[str]]) -> frozenset[str]:
        return frozenset().union(*map(part, replies))

    def patterns(part: Callable[[ReplyWords], Iterable[str]]) -> str:
        return "|".join(pattern for one in replies for pattern in part(one)).replace(" .. ", WITHIN) or "(?!)"

    polite, about_texts = words(lambda one: one.polite), words(lambda one: one.about_texts)
    symptoms, between = words(lambda one: one.symptoms), words(lambda one: one.between)
    no = patterns(lambda one: one.no)
    listed = words(
        lambda one: one.filler | one.harmless | one.harmless_filler | one.stop | one.weak_stop | one.symptoms
    )

    def emergencies(part: Callable[[ReplyWords], Iterable[str]]) -> Pattern:
        return _whole_words(patterns(part).replace(ANY_WORD, rf"(?: (?!(?:{no}) )\w+)"))

    kinds = {word: kind for one in replies for kind, said in one.kinds.items() for word in said}
    return Vocabulary(
        stop=words(lambda one: one.stop),
        weak_stop=words(lambda one: one.weak_stop),
        polite=polite,
        about_texts=about_texts,
        filler=polite | about_texts | words(lambda one: one.filler),
        asking=words(lambda one: one.asking),
        but=words(lambda one: one.but),
        start=words(lambda one: one.start),
        help=words(lambda one: one.help),
        answers={
            said.replace("_", " "): meaning for one in replies for meaning, listed in _answers(one) for said in listed
        },
        digits={word: digit for one in replies for word, digit in one.digits.by_word().items()},
        temperature=words(lambda one: one.temperature),
        not_temperature=words(lambda one: one.not_temperature),
        harmless=words(lambda one: one.harmless),
        sure=words(lambda one: one.sure),
        harmless_filler=words(lambda one: one.harmless_filler),
        yes=words(lambda one: one.yes),
        names=words(lambda one: one.names),
        common=listed | polite | about_texts | frozenset(kinds),
        kinds=kinds,
        stop_phrases=_whole_words(patterns(lambda one: one.stop_phrases)),
        perhaps_stop=_whole_words(patterns(lambda one: one.perhaps_stop)),
        perhaps_stop_whole=_whole_words(patterns(lambda one: one.perhaps_stop_whole)),
        not_a_request=_whole_words(patterns(lambda one: one.not_a_request)),
        our_own_words=_whole_words(patterns(lambda one: one.our_own_words)),
        wrong_person=_whole_words(patterns(lambda one: one.wrong_person)),
        not_wrong_person=_whole_words(patterns(lambda one: one.not_wrong_person)),
        urgent=emergencies(lambda one: one.urgent),
        alarming=emergencies(lambda one: one.alarming),
        negated=re.compile(rf"\b(?:{no})(?: (?:{'|'.join(sorted(between | symptoms))})){{0,5}} ?$"),
        passed=re.compile(rf"^{_THEN}(?:{patterns(lambda one: one.passed)})\b"),
        not_now=_whole_words(patterns(lambda one: one.not_now)),
        symptoms=symptoms,
        no_symptom=re.compile(
            rf"\b(?:{no})(?: (?:{'|'.join(sorted(between))}))* (?:{'|'.join(sorted(symptoms))})\b"
            rf"(?: (?:(?:{'|'.join(sorted(between))}) )*(?:{'|'.join(sorted(symptoms))})\b)*"
        ),
        harmless_phrases=_whole_words(patterns(lambda one: one.harmless_phrases)),
        past_symptom=re.compile(rf"\b(?:{'|'.join(sorted(symptoms))}){_THEN}(?:{patterns(lambda one: one.passed)})\b"),
        not_harmless=_whole_words(patterns(lambda one: one.not_harmless)),
        liked=_reaction(patterns(lambda one: one.liked)),
        disliked=_reaction(patterns(lambda one: one.disliked)),
        spelled=_whole_words(patterns(lambda one: one.spelled)),
        joined=tuple((re.compile(pattern), word) for one in replies for pattern, word in one.joined),
    )


def _answers(one: ReplyWords) -> Iterable[tuple[AnswerMeaning, frozenset[str]]]:
    return (AnswerMeaning.FINE, one.fine), (AnswerMeaning.QUESTION, one.question), (AnswerMeaning.WORSE, one.worse)


def said_of(text: str, known: Vocabulary) -> Said:
    """The text as it is compared, with spellings that are one word to us as that word."""
    said = split(text, but=known.but, names=known.names, common=known.common)
    return replace(said, clauses=tuple(_joined(clause, known) for clause in said.clauses))


def _joined(clause: str, known: Vocabulary) -> str:
    clause = known.spelled.sub(lambda found: found[0].replace(" ", ""), clause)
    for pattern, word in known.joined:
        clause = pattern.sub(word, clause)
    return clause


def _whole_words(patterns: str) -> Pattern:
    return re.compile(rf"(?<!\w)(?:{patterns})(?!\w)")


def _reaction(patterns: str) -> Pattern:
    return re.compile(rf"^\s*(?:{patterns})\s*[\"“«]", re.IGNORECASE)
