"""How the set-aside half is read: `python -m tests.replies.measure [FILE ...]`; `--misses` adds each misread one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from notifier.conversations.reading.classify import read_reply
from notifier.conversations.reading.features import features
from notifier.conversations.reading.meanings import Meaning, Reading
from notifier.conversations.reading.model import model
from notifier.conversations.reading.vocabulary import said_of, vocabulary
from tests.replies.corpus import SET_ASIDE, SET_ASIDE_OTHERS, Written, messages

HELD = (Meaning.STOP, Meaning.PERHAPS_STOP, Meaning.WRONG_PERSON)


def _left_alone(read: Reading) -> bool:
    return not read.urgent and read.meaning not in (*HELD, Meaning.START)


SHARES: dict[str, tuple[str, Callable[[Reading], bool]]] = {
    "urgent": ("urgent", lambda read: read.urgent),
    "stop held": ("stop", lambda read: read.meaning in HELD),
    "stop honored": ("stop", lambda read: read.meaning is Meaning.STOP),
    "wrong person held": ("wrong-person", lambda read: read.meaning in HELD),
    "ordinary left alone": ("other", _left_alone),
    "ordinary open": ("other", lambda read: read.meaning not in (Meaning.HARMLESS, Meaning.STOP, Meaning.START)),
    "harmless filed": ("thanks", lambda read: read.meaning is Meaning.HARMLESS and not read.urgent),
}
"""Of which label, and what is good there."""


HALVES = {"own": SET_ASIDE, "others": SET_ASIDE_OTHERS}
"""The set-aside messages by whose they are: the hand that wrote the words, and people who had seen nothing."""


def counted(written: list[Written]) -> dict[tuple[str, str], tuple[int, int]]:
    """By language and share: how many are read well, of how many."""
    read = [(one, read_reply(one.text)) for one in written]
    return {
        (language, share): (sum(good(how) for how in found), len(found))
        for language in ("en", "es")
        for share, (label, good) in SHARES.items()
        if (found := [how for one, how in read if (one.language, one.label) == (language, label)])
    }


def curve(written: list[Written]) -> list[str]:
    """What the model alone recognizes, by how many of the messages that are none of it it would take for it."""
    known, asked = vocabulary(), model()
    opinions = [(one.label, asked.weigh(features(said_of(one.text, known), known))) for one in written]
    lines = []
    for name, kinds, labels, others in CURVES:
        wanted = [opinion.odds(*kinds) for label, opinion in opinions if label in labels]
        unwanted = sorted((opinion.odds(*kinds) for label, opinion in opinions if label in others), reverse=True)
        points = []
        for alarms in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1):
            above = unwanted[int(alarms * len(unwanted))]
            points.append(f"{sum(odds > above for odds in wanted) / len(wanted):.1%} at {alarms:.1%}")
        lines.append(f"{name}: {', '.join(points)}")
    return lines


CURVES = (
    ("urgent", ("urgent",), ("urgent",), ("other", "thanks")),
    ("stop or wrong person", ("stop", "wrong_person"), ("stop", "wrong-person"), ("other", "thanks")),
    ("surely a stop", ("stop",), ("stop",), ("other", "thanks", "urgent", "start")),
    ("harmless", ("harmless",), ("thanks",), ("other", "urgent", "stop", "wrong-person", "start")),
)
"""A name, the kinds whose odds are asked, the labels that they should find, and those that they should not."""


def main() -> None:
    lines = []
    halves = {name: messages(files) for name, files in HALVES.items()}
    if files := [Path(name) for name in sys.argv[1:] if not name.startswith("--")]:
        halves = {"given": messages(files)}
    for name, written in halves.items():
        lines += [
            f"{name:6} {language} {share:20} {good / of:6.1%} ({good} of {of})"
            for (language, share), (good, of) in counted(written).items()
        ]
        lines += ["", f"{name}: the model alone, recognized at false alarms:", *curve(written), ""]
        for one in written if "--misses" in sys.argv else ():
            read = read_reply(one.text)
            missed = [share for share, (label, good) in SHARES.items() if label == one.label and not good(read)]
            if missed:
                lines.append(
                    f"{one.language} not {', '.join(missed)}: {one.text}  [{read.meaning}{' urgent' * read.urgent}]"
                )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
