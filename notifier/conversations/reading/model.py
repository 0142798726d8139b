"""A linear model beside the rules, for words that nobody has listed. It may add care, and never takes any away.

Its weights are learned from made-up messages (`make train`); what it says of a text is the sum of the weights of the
text's features. The rules give certainty, and this gives breadth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Final

from notifier.conversations.reading.features import BLOCKS, features
from notifier.conversations.reading.normalize import Said
from notifier.conversations.reading.vocabulary import Vocabulary

WEIGHTS: Final = Path(__file__).with_name("weights.tsv")
"""A line of JSON, then for each feature its block, itself, its rarity and a weight for each care; in thousandths."""
CARES: Final = ("urgent", "stop", "wrong_person")
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Model:
    """The weights, as they are read from the file."""

    corpus: str
    """The digest of the messages that they were learned from."""
    bias: tuple[float, ...]
    """For each care, as all that follows."""
    thresholds: tuple[float, ...]
    """From which score on a care is taken."""
    rarity: tuple[dict[str, float], ...]
    """Of each known feature, by block."""
    weights: tuple[dict[str, tuple[float, ...]], ...]

    def scores(self, blocks: Iterable[set[str]]) -> tuple[float, ...]:
        """How much the features of a text speak for each care."""
        return tuple(
            bias + sum(share for _, share in self._shares(blocks, care)) for care, bias in enumerate(self.bias)
        )

    def decisive(self, blocks: Iterable[set[str]], care: int) -> tuple[str, ...]:
        """The features that spoke most for a care."""
        shares = sorted(self._shares(blocks, care), key=lambda one: (-one[1], one[0]))
        return tuple(feature.strip() for feature, share in shares[:_SHOWN] if share > 0)

    def _shares(self, blocks: Iterable[set[str]], care: int) -> Iterable[tuple[str, float]]:
        for rarity, weights, found in zip(self.rarity, self.weights, blocks, strict=True):
            known = sorted(found & rarity.keys())
            length = sqrt(sum(rarity[feature] ** 2 for feature in known)) or 1.0
            yield from ((feature, rarity[feature] / length * weights[feature][care]) for feature in known)


@cache
def model() -> Model:
    """The model, read when it is first asked."""
    head, *lines = WEIGHTS.read_text("utf-8").splitlines()
    about = json.loads(head)
    rarity: tuple[dict[str, float], ...] = tuple({} for _ in range(BLOCKS))
    weights: tuple[dict[str, tuple[float, ...]], ...] = tuple({} for _ in range(BLOCKS))
    for line in lines:
        block, feature, rare, *spoken = line.split("\t")
        rarity[int(block)][feature] = int(rare) / 1000
        weights[int(block)][feature] = tuple(int(one) / 1000 for one in spoken)
    return Model(about["corpus"], tuple(about["bias"]), tuple(about["thresholds"]), rarity, weights)


def cares_for(said: Said, known: Vocabulary) -> dict[str, tuple[str, ...]]:
    """The cares that a text needs, and the features that spoke most for each; none for a text without words."""
    if not said.clauses:
        return {}
    asked, blocks = model(), features(said, known)
    scores = asked.scores(blocks)
    above = {care: scores[care] - asked.thresholds[care] for care in range(len(CARES))}
    return {CARES[care]: asked.decisive(blocks, care) for care in sorted(above, key=above.__getitem__, reverse=True)
            if above[care] > 0}  # fmt: skip
