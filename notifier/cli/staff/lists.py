"""Lists: what will be sent and to whom, and what patients said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from notifier.cli.context import command_context, enrollment_called
from notifier.cli.options import Json, WhichEnrollment
from notifier.cli.output import note, print_json, print_table
from notifier.cli.timeline_table import local
from notifier.db.engine import reading
from notifier.db.enrollments import ids_on
from notifier.domain.counted import counted
from notifier.domain.informed import in_full
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.fields import FILTERS
from notifier.oversight import forecast
from notifier.oversight.forecast import TextLine
from schedules.saying import ONCE_CLEARED

SCREENFUL: Final = 100
"""Lines of a table for which nobody has named a limit."""
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many.")]


def due(
    within: Annotated[str | None, typer.Option(help="How far ahead, like 7d or 12h; everything unless said.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """What will be sent, and what waits for somebody.

    A table shows the first 100; --json and a --limit of your own show what you ask for.
    """
    with command_context(read_only=True) as context, reading(context.engine) as session:
        until = context.now + _length(within) if within else None
        most = limit or (None if as_json else SCREENFUL)
        lines = forecast.due(session, until=until, limit=most)
        context.shows(line.enrollment for line in lines)
        count = forecast.count_due(session, until=until) if len(lines) == most else len(lines)
    _print_texts(lines, as_json, context.rules, empty="nothing is due")
    _note_more(len(lines), count)


def show(enrollment: WhichEnrollment, as_json: Json = False) -> None:
    """Every text of one enrollment."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        whose = enrollment_called(session, enrollment)
        lines = forecast.show(session, whose)
    _print_texts(lines, as_json, context.rules, empty="no text was ever planned for this patient")


def enrollments(
    state: Annotated[EnrollmentState | None, typer.Option(help="Only those in this state.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only those treated by this person.")] = None,
    limit: Limit = None,
    before: Annotated[
        int | None, typer.Option(min=1, help="Only those with a lower number than this: the next page.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Who is enrolled, the latest first.

    A table shows the first 100; --json and a --limit of your own show what you ask for.
    """
    with command_context(read_only=True) as context, reading(context.engine) as session:
        said = {"provider": provider} if provider else {}
        most = limit or (None if as_json else SCREENFUL)
        lines = forecast.enrollments(session, state=state, said=said, before=before, limit=most and most + 1)
        more, lines = most is not None and len(lines) > most, lines[:most]
        context.shows(line.id for line in lines)
    if as_json:
        print_json([forecast.enrollment_json(line) for line in lines])
        return
    noted = [one.name for one in FILTERS if any(getattr(line, one.name) for line in lines)]
    rows = []
    for line in lines:
        zone, home = ZoneInfo(line.timezone), ZoneInfo(context.rules.timezone)
        when = "-"
        if line.treated_at:
            when = local(line.treated_at, zone, home)
        elif line.appointment_at:
            when = f"visit {local(line.appointment_at, zone, home)}"
        number = f"{line.id}{f' ({line.external_id})' if line.external_id else ''}"
        state_word = line.state.value.replace("_", "-")
        notes = (getattr(line, name) or "-" for name in noted)
        rows.append((number, line.name, line.phone, line.protocol, when, state_word, *notes, line.office or "-"))
    columns = ("enrollment", "name", "phone", "protocol", "treated", "state", *noted, "office")
    _print(columns, rows, empty=_nobody(state, provider, before), offices=bool(context.rules.offices))
    if more:
        note(f"there are more: --before {lines[-1].id} shows the next, --limit more at once")


def _nobody(*filters: object) -> str:
    return "nobody like that is enrolled" if any(filters) else "nobody is enrolled"


def opt_outs(as_json: Json = False) -> None:
    """Numbers that must not be texted."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        lines = forecast.opt_outs(session)
        zone = ZoneInfo(context.rules.timezone)
    if as_json:
        print_json(_plain(lines))
        return
    rows = [(line.phone, line.source, local(line.at, zone), line.by) for line in lines]
    print_table(("phone", "source", "at", "by"), rows, empty="nobody has opted out")


def replies(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has dealt with.")] = False,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """What patients wrote, the latest first."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        lines = forecast.replies(session, only_open=only_open, limit=limit)
        context.shows(ids_on(session, {line.phone for line in lines}))
        zone = ZoneInfo(context.rules.timezone)
    if as_json:
        print_json(_plain(lines))
        return
    rows = []
    for line in lines:
        photos = f"[{counted(line.media_count, 'photo')} received]" if line.media_count else ""
        state = "" if line.closed_at else " (open)"
        said = " ".join(part for part in (line.text, photos) if part)
        meaning = f"{line.meaning}, urgent" if line.urgent else line.meaning
        who = ", ".join((*line.patients, line.phone))
        rows.append((str(line.reply), who, local(line.at, zone), said, f"{meaning}{state}", line.office or "-"))
    columns = ("reply", "from", "at", "text", "meaning", "office")
    _print(columns, rows, empty="nobody has written", offices=bool(context.rules.offices))


def _print_texts(lines: Sequence[TextLine], as_json: bool, rules: PlanningRules, *, empty: str) -> None:
    if as_json:
        print_json(_plain(lines))
        return
    columns = ("message", "enrollment", "patient", "step", "leaves", "state", "office")
    home = ZoneInfo(rules.timezone)
    _print(columns, [_text_row(line, home) for line in lines], empty=empty, offices=bool(rules.offices))


def _print(columns: Sequence[str], rows: Sequence[tuple[str, ...]], *, empty: str, offices: bool) -> None:
    """A table whose last column is the office, where there are any."""
    print_table(*((columns, rows) if offices else (columns[:-1], [row[:-1] for row in rows])), empty=empty)


def _text_row(line: TextLine, home: ZoneInfo) -> tuple[str, ...]:
    leaves = line.due_at if line.state is not MessageState.EXPIRED else None
    no_moment = ONCE_CLEARED if line.state is MessageState.PLANNED else "not by text"
    when = local(leaves, ZoneInfo(line.timezone), home) if leaves else no_moment
    if line.waits:
        when = f"waits ({when})"
    state = line.state.value.replace("_", " ")
    whose = f"{line.enrollment}{f' ({line.external_id})' if line.external_id else ''}"
    reason = f": {in_full(line.reason)}" if line.reason else ""
    return (
        str(line.message),
        whose,
        f"{line.name}, {line.phone}",
        line.step,
        when,
        f"{state}{reason}",
        line.office or "-",
    )


def _note_more(shown: int, count: int) -> None:
    if shown < count:
        note(f"the first {shown:,} of {count:,}: --limit {count} shows all, --json gives them to a program")


def _plain(lines: Sequence[Any]) -> list[dict[str, Any]]:
    return [forecast.as_json(line) for line in lines]


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,4})\s*([hdw])", text.strip().lower())
    if found is None:
        raise Refused(f'--within "{text}" is no length of time; write it like 7d, 12h or 2w', "within")
    unit = {"h": "hours", "d": "days", "w": "weeks"}[found[2]]
    return timedelta(**{unit: int(found[1])})
