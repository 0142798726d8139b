"""Learn the weights of `notifier/conversations/reading/model.py` from the tuning half: `make train`.

The thresholds are where, in five folds of the tuning half, so many of the ordinary and harmless messages would raise a
false alarm. The set-aside half is not looked at.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from notifier.conversations.reading.features import BLOCKS, features
from notifier.conversations.reading.model import CARES, WEIGHTS
from notifier.conversations.reading.vocabulary import said_of, vocabulary
from tests.replies.corpus import TUNING, Written, digest, messages

FALSE_ALARMS = {"urgent": 0.025, "stop": 0.01, "wrong_person": 0.008}
SEEN_IN = (2, 2, 2)
"""In how many messages a feature of each block must be."""
Row = dict[str, float]


class Learned(NamedTuple):
    vectorizer: DictVectorizer
    rarity: tuple[dict[str, float], ...]
    regressions: tuple[Any, ...]

    def decide(self, texts: Sequence[str]) -> list[list[float]]:
        """Scikit-learn's own decision values: a row for each text, a column for each care."""
        matrix = self.vectorizer.transform([row(text, self.rarity) for text in texts])
        columns = [regression.decision_function(matrix) for regression in self.regressions]
        return [[float(column[at]) for column in columns] for at in range(len(texts))]


def blocks_of(text: str) -> tuple[set[str], ...]:
    known = vocabulary()
    return features(said_of(text, known), known)


def row(text: str, rarity: tuple[dict[str, float], ...]) -> Row:
    values: Row = {}
    for block, found in enumerate(blocks_of(text)):
        known = sorted(found & rarity[block].keys())
        length = math.sqrt(sum(rarity[block][one] ** 2 for one in known)) or 1.0
        values |= {f"{block}\t{one}": rarity[block][one] / length for one in known}
    return values


def learn(written: Sequence[Written]) -> Learned:
    seen = [Counter[str]() for _ in range(BLOCKS)]
    for one in written:
        for count, found in zip(seen, blocks_of(one.text), strict=True):
            count.update(found)
    rarity = tuple(
        {
            one: round(math.log((1 + len(written)) / (1 + times)) + 1, 3)
            for one, times in count.items()
            if times >= least
        }
        for count, least in zip(seen, SEEN_IN, strict=True)
    )
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform([row(one.text, rarity) for one in written])
    labels = [one.label.replace("-", "_") for one in written]
    regressions = tuple(
        LogisticRegression(C=10, max_iter=5000, class_weight="balanced").fit(matrix, [one == care for one in labels])
        for care in CARES
    )
    return Learned(vectorizer, rarity, regressions)


def _rarity(times: int, of: int) -> float:
    return round(math.log((1 + of) / (1 + times)) + 1, 3)


def find_thresholds(written: Sequence[Written]) -> list[float]:
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    ordinary: list[list[float]] = []
    for known, asked in folds.split(written, [one.label for one in written]):
        learned = learn([written[at] for at in known])
        ordinary += learned.decide([written[at].text for at in asked if written[at].label in ("other", "thanks")])
    found = []
    for care, name in enumerate(CARES):
        scores = sorted((scores[care] for scores in ordinary), reverse=True)
        found.append(round(scores[int(FALSE_ALARMS[name] * len(scores))], 3))
    return found


def write(learned: Learned, thresholds: list[float]) -> None:
    bias = [round(float(one.intercept_[0]), 3) for one in learned.regressions]
    lines = [json.dumps({"corpus": digest(TUNING), "cares": CARES, "bias": bias, "thresholds": thresholds})]
    for at, name in enumerate(learned.vectorizer.feature_names_):
        block, feature = name.split("\t")
        weights = [round(float(one.coef_[0][at]) * 1000) for one in learned.regressions]
        rare = round(learned.rarity[int(block)][feature] * 1000)
        lines.append("\t".join([block, feature, *map(str, [rare, *weights])]))
    WEIGHTS.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    written = messages(TUNING)
    write(learn(written), find_thresholds(written))


if __name__ == "__main__":
    main()
