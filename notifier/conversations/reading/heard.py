"""A text as it is compared, and what the listed words say of it, before the model is asked."""

from __future__ import annotations

from typing import Final, NamedTuple

from notifier.conversations.reading.meanings import UNSURE, Reading
from notifier.conversations.reading.normalize import Said
from notifier.conversations.reading.reactions import Reaction, reaction_in
from notifier.conversations.reading.rules import read_by_rules
from notifier.conversations.reading.urgent_words import alarming_words, urgent_words
from notifier.conversations.reading.vocabulary import Vocabulary, said_of


class Heard(NamedTuple):
    """A text, and what the rules say of it."""

    said: Said
    reaction: Reaction | None
    urgent: tuple[str, ...]
    """The words that are certainly urgent: also alarming ones in a text that says hardly more, beside a photo, or
    beside a stop and the like, which the model hears louder than the rest."""
    alarming: tuple[str, ...]
    """The words that are urgent too, unless the model hears clearly no emergency."""
    by_rules: Reading


def hear(text: str, known: Vocabulary, media_count: int = 0) -> Heard:
    """The text as it is compared, and what the rules say of it."""
    reaction = reaction_in(text, known)
    said = said_of(text if reaction is None else reaction.behind, known)
    urgent, alarming = (tuple(dict.fromkeys(found(said, known))) for found in (urgent_words, alarming_words))
    by_rules = read_by_rules(text, said, reaction, known)
    is_bare = len(said.whole.split()) <= _BARE and not said.asks
    if is_bare or media_count or by_rules.meaning not in UNSURE:
        urgent, alarming = urgent + alarming, ()
    return Heard(said, reaction, urgent, alarming, by_rules)


_BARE: Final = 5
"""A text of so many words that asks nothing gives its alarming words no innocent company."""
