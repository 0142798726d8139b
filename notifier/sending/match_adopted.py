"""After a backup was put in place: which of the provider's texts are ones that the backup still calls planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    looked_up: list[int] = field(default_factory=list)
    """Those of ours that somebody was about to send, and that stand for one of the provider's."""


def match(ours: Sequence[Ours], listed: Sequence[ProviderText]) -> Matched:
    """Give each of the provider's texts to the last of ours with the same words that was due when it was created.

    So no earlier one is taken from a text that is listed later: what is listed may come in parts, in any order.
    """
    free = sorted(sorted(ours, key=lambda one: (one.due_at, one.id), reverse=True), key=lambda one: one.planned)
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
        else:
            matched.looked_up.append(found.id)
    return matched
