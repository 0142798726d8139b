"""What patients write in one language: `replies.toml`, in whose English file each part is explained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schedules.languages.parts import LanguagePart, Patterns, SomePatterns, SomeWords, Words

Joined = Annotated[tuple[Annotated[tuple[str, str], Field(strict=False)], ...], Field(strict=False)]
"""A pattern, and the word that it is to us."""


class SpelledDigits(LanguagePart):
    """The digits that a question may be answered with, in words."""

    one: SomeWords = Field(alias="1")
    two: SomeWords = Field(alias="2")
    three: SomeWords = Field(alias="3")
    four: SomeWords = Field(alias="4")
    five: SomeWords = Field(alias="5")

    def by_word(self) -> dict[str, str]:
        """The digit that each word spells."""
        spelled: dict[str, frozenset[str]] = self.model_dump(by_alias=True)
        return {word: digit for digit, words in spelled.items() for word in words}


class ReplyWords(LanguagePart):
    """The words and patterns of replies, compared with what is normalized: small letters, no accents, no marks."""

    stop: SomeWords
    weak_stop: Words
    polite: SomeWords
    about_texts: SomeWords
    filler: SomeWords
    asking: Words
    spelled: Patterns
    joined: Joined
    but: Words
    stop_phrases: SomePatterns
    perhaps_stop: Patterns
    perhaps_stop_whole: Patterns
    not_a_request: Patterns
    our_own_words: Patterns
    wrong_person: SomePatterns
    not_wrong_person: Patterns
    start: Words
    help: SomeWords
    fine: SomeWords
    question: SomeWords
    worse: SomeWords
    urgent: SomePatterns
    alarming: Patterns
    no: SomePatterns
    between: Words
    passed: Patterns
    not_now: Patterns
    temperature: SomeWords
    not_temperature: Words
    harmless: SomeWords
    harmless_filler: Words
    sure: Words
    harmless_phrases: Patterns
    not_harmless: Patterns
    symptoms: SomeWords
    yes: SomeWords
    liked: SomePatterns
    disliked: Patterns
    names: Words
    digits: SpelledDigits
    kinds: dict[str, SomeWords]
    """By the name of the kind; the same names in every language."""
