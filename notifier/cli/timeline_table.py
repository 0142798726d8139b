"""A timeline as staff read it: what leaves when, in full, then the restrictions, then what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from notifier.cli.output import out, show, table
from notifier.domain.counted import counted
from notifier.domain.planning.first_text import FirstText
from schedules.planned import PlannedMessage
from schedules.saying import ONCE_CLEARED, say_day, say_end, say_hour, say_moment
from schedules.timeline import Timeline

_DETAIL = "dim"


def print_timeline(timeline: Timeline, first: FirstText | None = None) -> None:
    """Show one patient's plan on stdout, and the text that leaves at enrollment."""
    show(_heading(timeline), style="bold")
    if first is not None:
        when = "at once" if not first.notes else f"on {local(first.due_at, timeline.zone)}"
        show(f"\nFirst, {when}: {first.text}\n")
    _print_messages(timeline)
    _print_restrictions(timeline)
    _print_absent(timeline)


def local(at: datetime, zone: ZoneInfo, home: ZoneInfo | None = None) -> str:
    """An instant as a nurse says it: Sat Mar 7 2026, 4:30 PM; with the zone's name where `home` has another hour."""
    return say_moment(at, zone, year=True, home=home)


def _heading(timeline: Timeline) -> str:
    plan, anchor = timeline.protocol, timeline.anchor
    what = "treated" if anchor.treated else "appointment"
    return f"{plan.title} ({plan.id} {plan.version})\n{what} {local(anchor.at, timeline.zone)} ({timeline.zone.key})"


def _print_messages(timeline: Timeline) -> None:
    if not timeline.messages:
        show("\nNo texts.")
        return
    day0 = timeline.anchor.at.astimezone(timeline.zone).date()
    made = table("when", "what the patient reads", leading=1)
    for message in timeline.messages:
        made.add_row(_when(message, timeline.zone, day0), _what(message))
    show(made)


def _when(message: PlannedMessage, zone: ZoneInfo, day0: date) -> Text:
    if message.waits:
        return Text(f"{ONCE_CLEARED}, asked {say_day(message.nominal_at.astimezone(zone))}", style="yellow")
    if message.due_at is None:
        return Text("not by text", style="yellow")
    there = message.due_at.astimezone(zone)
    day = (there.date() - day0).days
    separator = "\n" if out().is_terminal else ", "
    when = Text(f"{say_day(there)}{separator}{say_hour(there)}", style="bold")
    return when.append(f"{separator}day {day}", style=f"not bold {_DETAIL}")


def _what(message: PlannedMessage) -> Text:
    separator = "\n" if out().is_terminal else "  "
    words = Text(message.text)
    words.append(f"{separator}{_detail(message)}", style=_DETAIL)
    for remark in message.notes:
        words.append(f"{separator}! {remark}", style="yellow")
    return words


def _detail(message: PlannedMessage) -> str:
    about = f" ({', '.join(message.topics)})" if message.topics else ""
    segments = message.segments
    size = f"{counted(segments.count, 'segment')} {segments.encoding}"
    forced = f", because of {segments.forced_by!r}" if segments.forced_by else ""
    return f"{message.kind.replace('_', ' ')} · {message.step}{about} · {size}{forced}"


def _print_restrictions(timeline: Timeline) -> None:
    if timeline.restrictions:
        made = table("restriction", "ends")
        for topic, until in timeline.restrictions:
            made.add_row(topic, say_end(until, timeline.zone))
        show("")
        show(made)


def _print_absent(timeline: Timeline) -> None:
    absent: Mapping[str, list[str]] = {
        "Left out": [f"{one.step}: {one.why}" for one in timeline.left_out],
        "Not answered": [f"{key}: {timeline.protocol.every_question[key]}" for key in timeline.unanswered],
    }
    for title, lines in absent.items():
        if lines:
            show(f"\n{title}", style="bold")
            for line in lines:
                show(f"  {line}")
