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
    plain_talk: Words
    polite: SomeWords
    about_texts: SomeWords
    filler: SomeWords
    asking: Words
    spelled: Patterns
    joined: Joined
    stop_phrases: SomePatterns
    not_a_request: Patterns
    our_own_words: Patterns
    start: Words
    help: SomeWords
    urgent: SomePatterns
    thanks: SomeWords
    thanks_filler: Words
    liked: SomePatterns
    disliked: Patterns
