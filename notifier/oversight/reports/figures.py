"""What a month report counts, of one group of patients, and how small counts are hidden in it.

A count of one to four of what patients did is not shown: who knows one of them could read what the patient did. A group
of fewer than five patients stands among "others" for the same reason. What could be told from the sum is hidden with
it. Five is where health statistics commonly begin; who hands the figures on may be bound to more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

FEWEST: Final = 5
"""Patients of a group, and of a count that is shown."""
HIDDEN: Final = -1
"""In the place of a count that is hidden."""


@dataclass(slots=True)
class Figures:
    """What happened with the texts of one group of patients in a month."""

    name: str | None = None
    """Of the group; None: of those of whom nobody said it."""
    others: int = 0
    """How many groups that are too small stand here together."""
    patients: int = 0
    """Enrollments that texts left for."""
    sent: int = 0
    arrived: int = 0
    asked: int = 0
    """Questions that left, each once."""
    answered: int = 0
    silent: int = 0
    """Questions whose use has passed without a word."""
    opted_out: int = 0
    segments: int = 0
    """Billed units of what the provider took."""
    minutes: list[float] = field(default_factory=list)
    """From each message that needed a person to the person who came."""

    @property
    def minutes_to_a_person(self) -> float | None:
        """The median; None where nothing needed a person, or too little to show."""
        return median(self.minutes) if len(self.minutes) >= FEWEST else None

    def add(self, other: Figures) -> None:
        """Count another group's with these."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.minutes = [*self.minutes, *other.minutes]


_COUNTS: Final = ("patients", "sent", "arrived", "asked", "answered", "silent", "opted_out", "segments")
_OF_PATIENTS: Final = ("answered", "silent", "opted_out")
"""What patients did: small counts of it are hidden. Texts are counted however few they are."""


def sum_of(groups: Iterable[Figures]) -> Figures:
    """All of them together."""
    total = Figures()
    for one in groups:
        total.add(one)
    return total


def shown(groups: Mapping[str | None, Figures]) -> list[Figures]:
    """The groups that are large enough, the largest first, then all others together; small counts are hidden."""
    ranked = sorted(groups.items(), key=lambda one: (one[1].patients, str(one[0])))
    rest, small = Figures(), 0
    while ranked and (ranked[0][1].patients < FEWEST or 0 < rest.patients < FEWEST):
        rest.add(ranked.pop(0)[1])
        small += 1
    lines = [replace(figures, name=name) for name, figures in reversed(ranked)]
    if small:
        lines.append(replace(rest, others=small))
    return _hidden(lines) if sum_of(lines).patients >= FEWEST else []


def hide_small(one: Figures) -> Figures:
    """The sum of all, with its own small counts hidden."""
    return _without(one, {name for name in _OF_PATIENTS if 0 < getattr(one, name) < FEWEST})


def _hidden(lines: Sequence[Figures]) -> list[Figures]:
    hidden: list[set[str]] = [set() for _ in lines]
    for name in _OF_PATIENTS:
        counts = [getattr(one, name) for one in lines]
        small = [number for number, count in enumerate(counts) if 0 < count < FEWEST]
        if len(small) == 1 and (larger := [number for number, count in enumerate(counts) if count >= FEWEST]):
            small.append(min(larger, key=lambda number: counts[number]))  # or the sum would tell the one
        for number in small:
            hidden[number].add(name)
    return [_without(one, names) for one, names in zip(lines, hidden, strict=True)]


def _without(one: Figures, names: set[str]) -> Figures:
    if names & {"answered", "silent"}:
        names = names | {"answered", "silent"}  # of what was asked, one nearly tells the other
    hidden = replace(one)
    for name in names:
        setattr(hidden, name, HIDDEN)
    return hidden
