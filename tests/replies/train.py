"""Learn the weights of `notifier/conversations/reading/model.py` from the tuning half: `make train`.

The thresholds are found on messages of mouths that a fold has not learned from. The set-aside half is not looked at.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from notifier.conversations.reading.features import features
from notifier.conversations.reading.heard import hear
from notifier.conversations.reading.model import KINDS, STEPS, WEIGHTS, Opinion
from notifier.conversations.reading.vocabulary import vocabulary
from tests.replies.corpus import MORE, OTHERS, OWN, TUNING, Written, digest, messages, mouths

KIND_OF = {"wrong-person": "wrong_person", "thanks": "harmless", "help": "other"}
"""Of a label; of all others it is the label itself."""
SEEN_IN = 2
"""In how many messages a feature must be."""
FOLDS = 3
OTHERS_COUNT = 4.0
MORE_COUNT = 2.0
"""How much more a message counts that the rules were not written beside."""


class Threshold(NamedTuple):
    kinds: tuple[str, ...]
    false: float
    """The share of the messages below that may be above it."""
    among: tuple[str, ...]


THRESHOLDS = {
    "urgent": Threshold(("urgent",), 0.017, ("other", "harmless")),
    "hold": Threshold(("stop", "wrong_person"), 0.019, ("other", "harmless")),
    "surely stop": Threshold(("stop",), 0.0065, ("other", "harmless", "urgent", "start")),
    "harmless": Threshold(("harmless",), 0.016, ("other", "urgent", "stop", "wrong_person", "start")),
    "surely harmless": Threshold(("harmless",), 0.0048, ("other", "urgent", "stop", "wrong_person", "start")),
}


ALARMING_LOST = 0.005
"""The share of the urgent messages that the model may overrule where their only urgent words are alarming ones."""
ALARMING = (-2.0, -0.5)
"""The odds between which that threshold is."""


class Example(NamedTuple):
    kind: str
    blocks: tuple[set[str], ...]
    counts: float
    only_alarming: bool


class Asked(NamedTuple):
    """A message, and what a model thinks of it that knows other mouths."""

    kind: str
    only_alarming: bool
    opinion: Opinion


class Learned(NamedTuple):
    rarity: tuple[dict[str, float], ...]
    columns: dict[tuple[int, str], int]
    regression: Any

    def sums(self, examples: Sequence[Example]) -> Any:
        """Scikit-learn's own decision values: a row for each example, a column for each kind."""
        return self.regression.decision_function(_matrix(examples, self.rarity, self.columns))


def examples_of(written: Sequence[Written], counts: float = 1.0) -> list[Example]:
    known = vocabulary()
    heard = [hear(one.text, known) for one in written]
    return [
        Example(
            KIND_OF.get(one.label, one.label), features(how.said, known), counts, bool(how.alarming and not how.urgent)
        )
        for one, how in zip(written, heard, strict=True)
    ]


def learn(examples: Sequence[Example]) -> Learned:
    rarity = []
    for block in range(len(examples[0].blocks)):
        seen = Counter(feature for one in examples for feature in one.blocks[block])
        rarity.append({
            feature: _in_steps(math.log((1 + len(examples)) / (1 + times)) + 1) / STEPS
            for feature, times in sorted(seen.items()) if times >= SEEN_IN
        })  # fmt: skip
    order = [(block, feature) for block, features in enumerate(rarity) for feature in features]
    columns = {feature: at for at, feature in enumerate(order)}
    regression = LogisticRegression(C=5, max_iter=400, tol=1e-3, class_weight="balanced")
    regression.fit(
        _matrix(examples, tuple(rarity), columns),
        [KINDS.index(one.kind) for one in examples],
        sample_weight=[one.counts for one in examples],
    )
    return Learned(tuple(rarity), columns, regression)


def _matrix(
    examples: Sequence[Example], rarity: Sequence[dict[str, float]], columns: dict[tuple[int, str], int]
) -> Any:
    values, places, ends = [], [], [0]
    for one in examples:
        for block, found in enumerate(one.blocks):
            known = sorted(found & rarity[block].keys())
            length = math.sqrt(sum(rarity[block][feature] ** 2 for feature in known)) or 1.0
            values += [rarity[block][feature] / length for feature in known]
            places += [columns[block, feature] for feature in known]
        ends.append(len(values))
    return csr_matrix((values, places, ends), shape=(len(examples), len(columns)))


def _in_steps(value: float) -> int:
    return max(-127, min(127, round(value * STEPS)))


def folds() -> tuple[list[Example], list[list[list[Example]]]]:
    """What every fold learns; and by whose they are (our own, others'), the messages of each fold: a mouth of our own
    and a writer among the others is in one of them."""
    own, others = [[list[Example]() for _ in range(FOLDS)] for _ in range(2)]
    for at, mouth in enumerate(mouth for file in OWN for mouth in mouths(file)):
        own[at % FOLDS] += examples_of(mouth)
    for at, file in enumerate(OTHERS):
        others[at % FOLDS] += examples_of(messages([file]), OTHERS_COUNT)
    return examples_of(messages(MORE), MORE_COUNT), [own, others]


def asked_anew(more: list[Example], parts: list[list[list[Example]]]) -> list[list[Asked]]:
    """For each part what is thought of its messages by a model that knows other mouths."""
    asked: list[list[Asked]] = [[] for _ in parts]
    for fold in range(FOLDS):
        learned = learn([*more, *(one for part in parts for at, of in enumerate(part) if at != fold for one in of)])
        for found, part in zip(asked, parts, strict=True):
            sums = learned.sums(part[fold]).tolist()
            found += [
                Asked(one.kind, one.only_alarming, Opinion(tuple(row), ()))
                for one, row in zip(part[fold], sums, strict=True)
            ]
    return asked


def find_thresholds(asked: Sequence[Sequence[Asked]]) -> dict[str, float]:
    """Where so many of the messages of all parts are above it; beside alarming words, so few urgent ones below."""
    found = {}
    for name, (kinds, false, among) in THRESHOLDS.items():
        odds = sorted((one.opinion.odds(*kinds) for part in asked for one in part if one.kind in among), reverse=True)
        found[name] = round(odds[int(false * len(odds))], 3)
    urgent = [one for part in asked for one in part if one.kind == "urgent"]
    alarming = sorted(one.opinion.odds("urgent") for one in urgent if one.only_alarming)
    least, most = ALARMING
    found["alarming"] = max(least, min(most, round(alarming[int(ALARMING_LOST * len(urgent)) - 1], 3)))
    return found


def write(learned: Learned, thresholds: dict[str, float], file: Path = WEIGHTS) -> None:
    about = {
        "corpus": digest(TUNING),
        "bias": [round(float(one), 3) for one in learned.regression.intercept_],
        "thresholds": thresholds,
        "sizes": [len(features) for features in learned.rarity],
    }
    numbers = [
        [_in_steps(learned.rarity[block][feature]), *(_in_steps(float(one)) for one in learned.regression.coef_[:, at])]
        for (block, feature), at in learned.columns.items()
    ]
    packed = b64encode(np.array(numbers, dtype=np.int8).tobytes()).decode()
    file.write_text("\n".join([json.dumps(about), packed, *(name for _, name in learned.columns)]) + "\n", "utf-8")


def main() -> None:
    more, parts = folds()
    write(
        learn([*more, *(one for part in parts for of in part for one in of)]), find_thresholds(asked_anew(more, parts))
    )


if __name__ == "__main__":
    main()
