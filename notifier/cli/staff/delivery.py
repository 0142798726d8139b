"""What became of the texts of some days, what patients answered, and who has written nothing."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from notifier.cli.context import command_context
from notifier.cli.options import DryRun, Json, Yes
from notifier.cli.output import note, print_json, print_table
from notifier.db.engine import reading
from notifier.domain.counted import counted
from notifier.oversight.delivery import day_edges, delivery_of_days
from notifier.tasks import silence
from notifier.tasks.silence import silent_patients
from schedules.asking import AnswerMeaning
from schedules.saying import say_day, say_moment

_MOST = 500


def delivery(
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days back, today included.")] = 14,
    as_json: Json = False,
) -> None:
    """Texts and answers by day, how soon a person came, and how many patients are silent."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        zone = ZoneInfo(context.rules.timezone)
        found = delivery_of_days(session, day_edges(context.now, zone, days), now=context.now)
    if as_json:
        print_json(found.to_json(zone))
        return
    rows = [
        (say_day(one.since.astimezone(zone).date()), str(one.sent), str(one.delivered), str(one.not_delivered),
         str(one.asked), *(str(one.answers[meaning]) for meaning in AnswerMeaning))
        for one in found.days
    ]  # fmt: skip
    columns = ("day", "sent", "delivered", "not delivered", "asked", *(one.value for one in AnswerMeaning))
    print_table(columns, rows, empty="no text left in these days")
    if found.minutes_to_a_person is not None:
        minutes = counted(round(found.minutes_to_a_person), "minute")
        note(f"median until a person took or closed what needed one: {minutes}")
    note(f"silent patients: {found.silent} (notifier silent)")


def silent(as_json: Json = False) -> None:
    """Who was asked and has written nothing; nobody has to call."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = silent_patients(session, context.now, _MOST)
        context.shows(whose.id for _, whose in found)
    if as_json:
        print_json([
            {"message": message.id, "enrollment": whose.id, "name": whose.name, "phone": whose.phone,
             "step": message.step, "asked_at": message.left_at.isoformat() if message.left_at else None}
            for message, whose in found
        ])  # fmt: skip
        return
    home = ZoneInfo(context.rules.timezone)
    rows = [
        (str(message.id), str(whose.id), f"{whose.name}, {whose.phone}", message.step,
         say_moment(message.left_at, home) if message.left_at else "-")
        for message, whose in found
    ]  # fmt: skip
    print_table(("message", "enrollment", "patient", "step", "asked"), rows, empty="nobody is silent")


def close_silent(dry_run: DryRun = False, yes: Yes = False) -> None:
    """Say that somebody has read the list of silent patients: it is empty then."""
    with command_context(dry_run=dry_run) as context:
        with reading(context.engine) as session:
            found = [message.id or 0 for message, _ in silent_patients(session, context.now, _MOST)]
        if found:
            context.confirm(f"Has somebody read these {len(found)} (notifier silent)?", yes=yes)
        with context.change() as session:
            closed = silence.close_silent(session, found, now=context.now, by=context.by)
        context.report(f"{closed} closed")
