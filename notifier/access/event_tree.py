"""Events as the chain reads them: lines, commitments to what an erasure may take, and a tree over the lines.

An event is a line of JSON: [id, the event before it of the same enrollment or 0, at, by, what, enrollment, text, from
state, to state, commitment]. The commitment is the SHA-256 of the salt's 16 bytes and the line [id, why, words]; null
where there is neither. A leaf of the tree is the SHA-256 of "leaf" and the line, a node that of "node" and
the hex of its two children; one that has no neighbor moves up as it is. So one event is shown to be in a seal by some
digests beside it, and nothing of the others is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: a million events are read in a row."""


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """One event, and what opens its commitment."""

    id: int
    enrollment: int | None
    values: list[Any]
    """What its line says."""
    salt: str | None = None
    """None, as the two below, where nothing is committed to, or an erasure has taken it."""
    why: str | None = None
    words: str | None = None

    def leaf(self) -> str:
        """In the tree, in hex."""
        return hashlib.sha256(f"leaf{line(self.values)}".encode()).hexdigest()


def commitment(salt: str, event_id: int, why: str | None, words: str | None) -> str:
    """What an event is sealed as in place of why it happened and of its words, in hex."""
    return hashlib.sha256(bytes.fromhex(salt) + line([event_id, why, words]).encode()).hexdigest()


def root(leaves: Sequence[str]) -> str:
    """Of the tree over these leaves, in hex; empty where there are none."""
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else ""


def path(leaves: Sequence[str], place: int) -> list[tuple[str, str]]:
    """From a leaf to the root: on which side (L or R) which digest stands beside it."""
    level, beside = list(leaves), list[tuple[str, str]]()
    while len(level) > 1:
        neighbor = place ^ 1
        if neighbor < len(level):
            beside.append(("L" if neighbor < place else "R", level[neighbor]))
        level, place = _above(level), place // 2
    return beside


def line(values: Sequence[Any]) -> str:
    """As it is hashed."""
    return _encode(values) + "\n"


def stamp(at: datetime) -> str:
    """An instant as the chain writes it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _above(level: list[str]) -> list[str]:
    pairs = [_node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _node(left: str, right: str) -> str:
    return hashlib.sha256(f"node{left}{right}".encode()).hexdigest()
