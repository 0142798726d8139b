"""What an author may not write in one language: `checks.toml`, in whose English file each part is explained."""

from __future__ import annotations

from schedules.languages.parts import LanguagePart, Patterns, SomePatterns


class CheckWords(LanguagePart):
    """Patterns of words; all but keywords in capitals are found without regard to capitals."""

    procedures: SomePatterns
    prices: Patterns
    offers: SomePatterns
    keywords: SomePatterns
    ask: SomePatterns
    day_words: SomePatterns
    permission: SomePatterns
    no_permission: SomePatterns
    addressed: Patterns
    over: SomePatterns
    reassurance: SomePatterns
    diagnosis: SomePatterns
    lengths: SomePatterns
    topics: dict[str, SomePatterns]
    """By the key of a restriction; each language has words for those that English has words for."""
