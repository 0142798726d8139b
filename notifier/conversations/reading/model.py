"""A linear model beside the rules, for words that nobody has listed.

Its weights are learned from made-up messages (`make train`). What it says of a text for each kind of message is the
sum of the weights of the text's features. The rules give certainty, and this gives breadth.
"""

from __future__ import annotations

import json
from array import array
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log, sqrt
from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).with_name("weights.txt")
"""A line of JSON, a line of numbers, then a feature a line. The numbers are a byte each, in steps of `1 / STEPS`: for
each feature its rarity and its weight for each kind."""
KINDS: Final = ("urgent", "stop", "wrong_person", "start", "harmless", "other")
"""The kinds of messages it tells apart."""
STEPS: Final = 12
_COLUMNS: Final = 1 + len(KINDS)
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model thinks of one text."""

    sums: tuple[float, ...]
    """By kind."""
    shares: tuple[tuple[str, tuple[float, ...]], ...]
    """Of each feature, what it adds to each sum."""

    def odds(self, *kinds: str) -> float:
        """How much likelier the text is of one of these kinds than of all others, as a logarithm."""
        top = max(self.sums)
        parts = {kind: exp(one - top) for kind, one in zip(KINDS, self.sums, strict=True)}
        wanted = sum(parts[kind] for kind in kinds)
        return log(wanted + _TINY) - log(sum(parts.values()) - wanted + _TINY)

    def decisive(self, kind: str) -> tuple[str, ...]:
        """The features that spoke most for a kind."""
        at = KINDS.index(kind)
        spoken = [one for one in self.shares if one[1][at] > 0 and one[0][0] not in "(<"]
        most = sorted(spoken, key=lambda one: (-one[1][at], one[0]))
        return tuple(dict.fromkeys(feature.strip() for feature, _ in most))[:_SHOWN]


@dataclass(frozen=True, slots=True)
class Model:
    """The weights, as they are read from the file."""

    corpus: str
    """The digest of the messages that they were learned from."""
    bias: tuple[float, ...]
    """By kind."""
    thresholds: Mapping[str, float]
    """From which odds on what is done."""
    rows: tuple[Mapping[str, int], ...]
    """Where the numbers of each known feature begin, by block."""
    numbers: array[int]

    def weigh(self, blocks: Iterable[set[str]]) -> Opinion:
        """How much the features of a text speak for each kind."""
        shares: list[tuple[str, tuple[float, ...]]] = []
        for rows, found in zip(self.rows, blocks, strict=True):
            known = [(feature, rows[feature]) for feature in sorted(found & rows.keys())]
            length = sqrt(sum(self.numbers[at] ** 2 for _, at in known)) * STEPS or 1.0
            for feature, at in known:
                rarity, *weights = self.numbers[at : at + _COLUMNS]
                shares.append((feature, tuple(rarity * weight / length for weight in weights)))
        sums = (sum(column) for column in zip(self.bias, *(share for _, share in shares), strict=True))
        return Opinion(tuple(sums), tuple(shares))


@cache
def model() -> Model:
    """The model, read when it is first asked."""
    return read_model(WEIGHTS)


def read_model(file: Path) -> Model:
    head, numbers, *features = file.read_text("utf-8").removesuffix("\n").split("\n")
    about = json.loads(head)
    rows: list[dict[str, int]] = []
    begin = 0
    for size in about["sizes"]:
        rows.append({feature: at * _COLUMNS for at, feature in enumerate(features[begin : begin + size], begin)})
        begin += size
    return Model(
        about["corpus"], tuple(about["bias"]), about["thresholds"], tuple(rows), array("b", b64decode(numbers))
    )


_TINY: Final = 1e-9
