"""After a backup was put in place: which of the provider's texts are ones that the backup still calls planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifier.domain.folded_words import folded
from notifier.sending.outcomes.lookup import ProviderText

EARLY: Final = timedelta(minutes=5)
"""A text does not leave before it is due, but two clocks differ."""


@dataclass(frozen=True, slots=True)
class Ours:
    """One text to a number, as the backup knows it."""

    id: int
    bodies: frozenset[str]
    """Its words, and its late ones."""
    due_at: datetime
    planned: bool
    """Else somebody was about to send it: the attempt itself will be looked up."""


@dataclass(frozen=True, slots=True)
class Matched:
    """What the provider's list says about the texts to one number."""

    left: list[tuple[int, ProviderText]]
    """Planned texts that have left."""
    unknown: list[ProviderText]
    """Texts that the backup does not know."""


def match(ours: Sequence[Ours], listed: Sequence[ProviderText]) -> Matched:
    """Give each of the provider's texts to the first of ours with the same words that was due when it was created."""
    free = sorted(ours, key=lambda one: (one.planned, one.due_at, one.id))
    matched = Matched([], [])
    for record in sorted(listed, key=lambda one: (one.created_at, one.sid)):
        same = (
            one
            for one in free
            if folded(record.body) in map(folded, one.bodies) and one.due_at <= record.created_at + EARLY
        )
        found = next(same, None)
        if found is None:
            matched.unknown.append(record)
            continue
        free.remove(found)
        if found.planned:
            matched.left.append((found.id, record))
    return matched
