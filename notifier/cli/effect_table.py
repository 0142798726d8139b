"""What a command does to the texts on a patient's number, as staff read it before they say yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from notifier.cli.output import note, show, table
from notifier.cli.timeline_table import local
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.instants import zone_called
from notifier.enrollments.effect import Effect, TextEffect, What

Named = Mapping[int, Enrollment]
"""By number: the enrollments that an effect names."""


def print_effect(effect: Effect, named: Named) -> None:
    """Every text that is concerned, the patient's first, then those of others on the number; then what to mind."""
    zone, own = zone_called(effect.timezone), named[effect.enrollment]
    notes = effect.notes_naming(lambda whose: called(named[whose]))
    if effect.already:
        show(f"{called(own)} is {effect.before['state'].replace('_', '-')} already; nothing changes")
    elif effect.texts or not notes:
        print_texts(effect.texts, zone, called(own))
    else:
        show(called(own), style="bold")
    for other in effect.others:
        whose = named[other.enrollment]
        same = whose.folded_name == own.folded_name
        where = "the same patient's other treatment" if same else "on the same phone"
        print_texts(other.texts, zone, f"{called(whose)}, {where}")
    for sentence in notes:
        note(f"! {sentence}")
    if effect.unanswered:
        note(f"to answer: notifier change {effect.enrollment} --answer QUESTION=ANSWER")


def named_by(session: Session, effect: Effect) -> Named:
    """The enrollments that the effect names, its own first."""
    others = {*(one.enrollment for one in effect.others), *(whose for whose, _ in effect.nobody_tells)}
    return {whose: the_enrollment(session, whose) for whose in (effect.enrollment, *sorted(others))}


def called(enrollment: Enrollment) -> str:
    """The number that commands take, and whose it is."""
    return f"enrollment {enrollment.id} ({enrollment.name})"


def print_texts(texts: Sequence[TextEffect], zone: ZoneInfo, whose: str) -> None:
    """One enrollment's texts: what becomes of each, and why."""
    if not texts:
        show(f"{whose}: no text changes")
        return
    show(whose, style="bold")
    made = table("step", "what", "was", "leaves", "why")
    for text in texts:
        made.add_row(text.step, text.words, _hour(text.was_due_at, zone), _hour(text.due_at, zone), text.why)
    show(made)
    for text in texts:
        if text.what is What.WRONG_NOW:
            show(f"the patient has read ({text.step}): {text.text}")


def _hour(at: datetime | None, zone: ZoneInfo) -> str:
    return local(at, zone) if at else "-"
