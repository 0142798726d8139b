"""What a change does to a patient's texts, as staff read it before they say yes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from notifier.cli.output import note, show, table
from notifier.cli.timeline_table import local
from notifier.domain.planning.difference import Difference, Entry
from notifier.enrollments.change_effect import Change
from notifier.enrollments.end_effect import Ended

_WORDS = {
    "added": "new",
    "passed": "its moment has passed",
    "moved": "moved",
    "reworded": "new words or number",
    "cancelled": "withdrawn",
    "expired": "not any more",
    "wrong_now": "SENT, WRONG NOW: call her",
}
_OPTED_OUT = "! her number has opted out: nothing will be sent; tell the patient in person"


def print_change(change: Change) -> None:
    """Every text that a change touches, hers first, then those of others on her phone."""
    zone = ZoneInfo(change.after.timezone)
    print_difference(change.difference, zone, f"enrollment {change.enrollment}")
    _print_others(change.others, zone)
    if change.after.anchor.treated:
        for ask in change.after.unanswered:
            note(f"! not answered: {ask} What hangs on it is not sent: notifier change {change.enrollment} --answer")
    if change.opted_out:
        note(_OPTED_OUT)


def _print_others(others: Mapping[int, Difference], zone: ZoneInfo) -> None:
    for whose, difference in others.items():
        print_difference(difference, zone, f"enrollment {whose}, on the same phone")


def print_difference(difference: Difference, zone: ZoneInfo, whose: str) -> None:
    """One enrollment's texts: what becomes of each, and why."""
    if not difference.changes_anything:
        show(f"{whose}: no text changes")
        return
    show(whose, style="bold")
    made = table("step", "what", "was", "leaves", "why")
    for what, entry in _entries(difference):
        was = local(entry.row.due_at, zone) if entry.row and entry.row.due_at else "-"
        made.add_row(entry.step, _WORDS[what], was, _leaves(entry, what, zone), entry.why)
    show(made)


def change_json(change: Change) -> dict[str, Any]:
    """The same for programs."""
    return {
        "enrollment": change.enrollment,
        "opted_out": change.opted_out,
        **difference_json(change.difference),
        "others": _others_json(change.others),
    }


def _others_json(others: Mapping[int, Difference]) -> list[dict[str, Any]]:
    return [{"enrollment": whose, **difference_json(one)} for whose, one in others.items()]


def difference_json(difference: Difference) -> dict[str, Any]:
    """Every step by what becomes of it."""
    answer: dict[str, Any] = {what: [] for what in _WORDS}
    for what, entry in _entries(difference):
        due = entry.planned.due_at if entry.planned else None
        message = entry.row.id if entry.row else None
        answer[what].append(
            {"step": entry.step, "message": message, "due_at": due.isoformat() if due else None, "why": entry.why}
        )
    return answer


def print_ended(ended: Ended) -> None:
    """What an ending withdraws, what it cannot, and what it does to others on her phone."""
    if ended.already:
        show(f"enrollment {ended.enrollment} has ended so already; nothing changes")
        return
    show(f"withdrawn: {', '.join(ended.withdrawn) or 'nothing was still to come'}")
    if ended.on_their_way:
        show(f"may have left a moment ago: {', '.join(ended.on_their_way)}")
    if ended.nobody_tells:
        show(f"nobody tells her any more, so call her: {', '.join(ended.nobody_tells)}")
    _print_others(ended.others, ZoneInfo(ended.timezone))
    if ended.others and ended.opted_out:
        note(_OPTED_OUT)


def ended_json(ended: Ended) -> dict[str, Any]:
    """The same for programs."""
    return {
        "enrollment": ended.enrollment,
        "already": ended.already,
        "withdrawn": list(ended.withdrawn),
        "on_their_way": list(ended.on_their_way),
        "nobody_tells": list(ended.nobody_tells),
        "opted_out": ended.opted_out,
        "others": _others_json(ended.others),
    }


def _entries(difference: Difference) -> Iterable[tuple[str, Entry]]:
    for what in _WORDS:
        for entry in getattr(difference, what):
            yield what, entry


def _leaves(entry: Entry, what: str, zone: ZoneInfo) -> str:
    if what in ("cancelled", "expired", "passed", "wrong_now") or entry.planned is None or entry.planned.due_at is None:
        return "-"
    return local(entry.planned.due_at, zone)
