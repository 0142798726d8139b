"""An effect as the page shows it before anybody presses the button."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from notifier.db.tables import Enrollment
from notifier.domain.instants import zone_called
from notifier.enrollments.effect import Effect, TextEffect, What
from notifier.numbers.held_lifts import NO_LIFTS, HeldLifts
from notifier.web.widgets.formats import day, moment


@dataclass(frozen=True, slots=True)
class EffectRow:
    """What becomes of one text."""

    what: str
    words: str
    step: str
    was: str
    becomes: str
    why: str
    text: str = ""
    """The words, where they are to be read: new ones, and what somebody must say in person."""


@dataclass(frozen=True, slots=True)
class EffectView:
    """A question, what happens on a yes, and the button."""

    question: str
    button: str
    digest: str = "seen"
    """Tells whether what is done is still what was seen."""
    rows: Sequence[EffectRow] = ()
    others: Sequence[tuple[Enrollment, Sequence[EffectRow]]] = ()
    """Enrollments on the same phone whose texts change too."""
    notes: Sequence[str] = ()
    lifts: HeldLifts = NO_LIFTS
    """Held meanwhile: what is of use yet is offered, to be said or left out."""


_SHOWN: Final = frozenset({What.WRONG_NOW, What.ADDED, What.REWORDED, What.EXPIRED, What.PASSED})
"""What is to be read before a yes: new words, what somebody must say in person, and what the patient has read that is
wrong; also what waited until now."""


def effect_view(effect: Effect, question: str, button: str, others: Mapping[int, Enrollment]) -> EffectView:
    """What a command does to an enrollment, and to others on the number; times are on the patient's clock.

    `others`: the enrollments that the effect names besides its own.
    """
    zone = zone_called(effect.timezone)
    rows = [(others[other.enrollment], effect_rows(other.texts, zone)) for other in effect.others]
    notes = effect.notes_naming(lambda whose: f"{others[whose].name} ({day(others[whose].treated_on)})")
    return EffectView(question, button, effect.digest, effect_rows(effect.texts, zone), rows, notes)


def effect_rows(texts: Iterable[TextEffect], zone: ZoneInfo) -> list[EffectRow]:
    return [
        EffectRow(
            text.what,
            text.words,
            text.step,
            _at(text.was_due_at, zone),
            _at(text.due_at, zone),
            text.why,
            text.text or "" if text.what in _SHOWN or (text.due_at and not text.was_due_at) else "",
        )
        for text in texts
    ]


def _at(at: datetime | None, zone: ZoneInfo) -> str:
    return moment(at, zone) if at else ""
