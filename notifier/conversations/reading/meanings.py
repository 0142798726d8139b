"""What a patient's text can mean to us, and how one is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """What a reply asks of us."""

    STOP = "stop"
    """Opt the number out, at once."""
    WRONG_PERSON = "wrong_person"
    """Perhaps somebody else's phone: the number is held whole, and staff are alerted."""
    PERHAPS_STOP = "perhaps_stop"
    """May be a wish to stop: the number is held whole, and staff are alerted."""
    START = "start"
    """Opt the number in again; texts still in the future resume."""
    HELP = "help"
    HARMLESS = "harmless"
    """Files itself."""
    ANSWER = "answer"
    """The answer to an open question of ours, and nothing else."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one text is read."""

    meaning: Meaning
    urgent: bool = False
    """May be a medical emergency, whatever else it means: staff are alerted. Never automatic medical advice."""
    why: tuple[str, ...] = ()
    """The words that decided."""
    alone: bool = True
    """It says nothing else."""
    choice: str | None = None
    """Of an answer to a question of ours: the digit that it stands for."""


UNSURE: Final = frozenset({Meaning.OTHER, Meaning.HARMLESS})
"""What the rules leave open to the model."""
