"""`notifier note` and `notifier notes`: what staff tell each other about a patient."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import command_context, enrollment_called
from notifier.cli.options import DryRun, Json, WhichEnrollment
from notifier.cli.output import print_json, print_table
from notifier.conversations.notes import add_note, notes_on
from notifier.db.engine import reading
from notifier.db.enrollments import the_enrollment
from notifier.domain.instants import zone_called
from schedules.saying import say_moment


def note(
    enrollment: WhichEnrollment,
    text: Annotated[str, typer.Argument(help="What colleagues should know.")],
    dry_run: DryRun = False,
) -> None:
    """Write a note on a patient down, for colleagues; it is never sent."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            add_note(session, enrollment_called(session, enrollment), text, now=context.now, by=context.by)
        context.report("written down")


def notes(enrollment: WhichEnrollment, as_json: Json = False) -> None:
    """What staff wrote down about a patient, the latest first."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = notes_on(session, the_enrollment(session, enrollment_called(session, enrollment)))
    if as_json:
        print_json(
            [
                {"note": one.id, "enrollment": one.enrollment_id, "at": one.at, "by": one.by, "text": one.text}
                for one in found
            ]
        )
        return
    zone = zone_called(context.rules.timezone)
    rows = [(say_moment(one.at, zone, year=True), one.by.rpartition(":")[2], one.text) for one in found]
    print_table(("when", "who", "note"), rows, empty="nobody has written anything down")
