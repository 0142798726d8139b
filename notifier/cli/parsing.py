"""Reading what a command line says. Everything wrong is `Refused`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from notifier.bootstrap.planning import protocols
from notifier.config.settings import load_settings
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from schedules.catalogue import load_protocol
from schedules.protocol import CareProtocol

_SQLITE = "sqlite:///"


def protocol_named(word: str) -> CareProtocol:
    """A protocol by its id, or by the path of its file."""
    if word.endswith(".toml"):
        return load_protocol(Path(word))
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        return find_protocol(word, protocols(settings))
    from notifier.bootstrap.known_protocols import known_protocols  # noqa: PLC0415  # what stores takes 0.3 s to load

    return find_protocol(word, known_protocols(settings))


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
