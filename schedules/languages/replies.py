"""What patients write in one language: `replies.toml`, in whose English file each part is explained."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schedules.languages.parts import LanguagePart, Patterns, SomePatterns, SomeWords, Words

Joined = Annotated[tuple[Annotated[tuple[str, str], Field(strict=False)], ...], Field(strict=False)]
"""A pattern, and the word that it is to us."""


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
    kinds: dict[str, SomeWords]
    """By the name of the kind; the same names in every language."""
