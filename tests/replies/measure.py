"""How the set-aside half is read: `python -m tests.replies.measure`; with `--misses`, each message that was misread."""

from __future__ import annotations

import sys
from collections.abc import Callable

from notifier.conversations.reading.classify import Meaning, Reading, read_reply
from notifier.conversations.reading.features import features
from notifier.conversations.reading.model import CARES, model
from notifier.conversations.reading.vocabulary import said_of, vocabulary
from tests.replies.corpus import SET_ASIDE, Written, messages

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


def counted(written: list[Written] | None = None) -> dict[tuple[str, str], tuple[int, int]]:
    """By language and share: how many are read well, of how many."""
    read = [(one, read_reply(one.text)) for one in written or messages(SET_ASIDE)]
    return {
        (language, share): (sum(good(how) for how in found), len(found))
        for language in ("en", "es")
        for share, (label, good) in SHARES.items()
        if (found := [how for one, how in read if (one.language, one.label) == (language, label)])
    }


def curve() -> list[str]:
    """What the model alone recognizes, by how many of the ordinary and harmless it would alarm about."""
    known, asked = vocabulary(), model()
    written = messages(SET_ASIDE)
    scores = [asked.scores(features(said_of(one.text, known), known)) for one in written]
    lines = []
    for care, name in enumerate(CARES):
        label = name.replace("_", "-")
        wanted = [score[care] for one, score in zip(written, scores, strict=True) if one.label == label]
        others = sorted(
            (score[care] for one, score in zip(written, scores, strict=True) if one.label in ("other", "thanks")),
            reverse=True,
        )
        points = []
        for alarms in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1):
            above = others[int(alarms * len(others))]
            points.append(f"{sum(score > above for score in wanted) / len(wanted):.1%} at {alarms:.1%}")
        lines.append(f"{name}: {', '.join(points)}")
    return lines


def main() -> None:
    lines = [
        f"{language} {share:20} {good / of:6.1%} ({good} of {of})"
        for (language, share), (good, of) in counted().items()
    ]
    lines += ["", "the model alone, recognized at false alarms:", *curve()]
    if "--misses" in sys.argv:
        for one in messages(SET_ASIDE):
            read = read_reply(one.text)
            missed = [share for share, (label, good) in SHARES.items() if label == one.label and not good(read)]
            if missed:
                lines.append(
                    f"{one.language} not {', '.join(missed)}: {one.text}  [{read.meaning}{' urgent' * read.urgent}]"
                )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
