"""The made-up messages, as the training and the tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TUNING = (HERE / "given.tsv", HERE / "tuning.tsv")
SET_ASIDE = (HERE / "set_aside.tsv",)


class Written(NamedTuple):
    label: str
    language: str
    text: str


def messages(files: tuple[Path, ...]) -> list[Written]:
    return [one for file in files for one in _read(file)]


def digest(files: tuple[Path, ...]) -> str:
    return sha256("\n".join("\t".join(one) for one in messages(files)).encode()).hexdigest()


def _read(file: Path) -> Iterator[Written]:
    for line in file.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield Written(*line.split("\t"))
