"""What a command does to the texts on a patient's number, as staff read it before they say yes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.cli.output import note, show, table
from notifier.cli.timeline_table import local
from notifier.domain.instants import zone_called
from notifier.enrollments.effect import Effect, TextEffect, What


def print_effect(effect: Effect) -> None:
    """Every text that is concerned, the patient's first, then those of others on the number; then what to mind."""
    zone = zone_called(effect.timezone)
    if effect.already:
        show(f"enrollment {effect.enrollment} is {effect.before['state'].replace('_', '-')} already; nothing changes")
    else:
        print_texts(effect.texts, zone, f"enrollment {effect.enrollment}")
    for other in effect.others:
        print_texts(other.texts, zone, f"enrollment {other.enrollment}, on the same phone")
    for sentence in effect.notes:
        note(f"! {sentence}")
    if effect.unanswered:
        note(f"to answer: notifier change {effect.enrollment} --answer QUESTION=ANSWER")


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
