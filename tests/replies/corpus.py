"""The made-up messages, as the training and the tests read them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
OWN = (HERE / "given.tsv", HERE / "tuning.tsv")
MORE = (HERE / "tuning_more.tsv",)
OTHERS = tuple(sorted((HERE / "others").glob("tuning_*.tsv")))
"""A file is one writer's."""
TUNING = (*OWN, *MORE, *OTHERS)
SET_ASIDE = (HERE / "set_aside.tsv",)
SET_ASIDE_OTHERS = tuple(sorted((HERE / "others").glob("set_aside_*.tsv")))


class Written(NamedTuple):
    label: str
    language: str
    text: str


def messages(files: Iterable[Path]) -> list[Written]:
    return [one for file in files for mouth in mouths(file) for one in mouth]


def mouths(file: Path) -> list[list[Written]]:
    """The messages of a file, apart by who writes."""
    found: list[list[Written]] = [[]]
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#"):
            found.append([])
        elif line:
            found[-1].append(Written(*line.split("\t")))
    return [one for one in found if one]


def digest(files: Iterable[Path]) -> str:
    return sha256("\n".join("\t".join(one) for one in messages(files)).encode()).hexdigest()
