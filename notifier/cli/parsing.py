"""Reading what a command line says. Everything wrong is `Refused`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from schedules.catalogue import load_protocol, protocols_with
from schedules.protocol import CareProtocol


def protocol_named(word: str, directory: Path | None) -> CareProtocol:
    """A protocol by its id, or by the path of its file."""
    if word.endswith(".toml"):
        return load_protocol(Path(word))
    return find_protocol(word, protocols_with(directory))


def answers(given: Iterable[str]) -> dict[str, str]:
    """`--answer shaves=yes --answer …` as a mapping."""
    read: dict[str, str] = {}
    for one in given:
        question, equals, answer = (part.strip() for part in one.partition("="))
        if not (equals and question and answer):
            raise Refused(f'--answer "{one}" is not QUESTION=ANSWER; write it like --answer shaves=yes', "answer")
        if read.setdefault(question, answer) != answer:
            raise Refused(f'--answer gives both "{read[question]}" and "{answer}" for {question}; say one', "answer")
    return read
