"""The life of an enrollment: treated, no-show, cancel, hold, resume. Each shows the difference and asks."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.cli.context import enrollment_called, office
from notifier.cli.effect_table import change_json, ended_json, print_change, print_ended
from notifier.cli.options import Json, WhichEnrollment, Yes
from notifier.cli.output import ask, note, print_json
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.domain.instants import read_instant
from notifier.enrollments.cancel import cancel as cancel_enrollment
from notifier.enrollments.cancel import plan_cancel
from notifier.enrollments.hold import hold as hold_enrollment
from notifier.enrollments.hold import plan_resume
from notifier.enrollments.hold import resume as resume_enrollment
from notifier.enrollments.no_show import no_show as record_no_show
from notifier.enrollments.no_show import plan_no_show
from notifier.enrollments.treated import plan_treated
from notifier.enrollments.treated import treated as record_treated


def treated(
    enrollment: WhichEnrollment,
    at: Annotated[str, typer.Option(help="The END of the treatment, like 2026-03-07T15:30.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """She was treated: her aftercare is planned from there."""
    with office(writes_texts=True) as desk:
        with reading(desk.engine) as session:
            whose = enrollment_called(session, desk.clinic_id, enrollment)
            stored = the_enrollment(session, desk.clinic_id, whose)
            here = desk.rules.at(stored.office)
            end = read_instant(at, stored.timezone, "at", clinic_zone=here.timezone)
            planned = plan_treated(session, whose, end, rules=desk.rules, now=desk.now)
        if not as_json:
            print_change(planned)
            ask(f"Treated at {at}?", yes=yes)
        with writing(desk.engine) as session:
            done = record_treated(session, whose, end, rules=desk.rules, now=desk.now, by=desk.by)
    if as_json:
        print_json(change_json(done))
    else:
        note("done")


def no_show(enrollment: WhichEnrollment, yes: Yes = False, as_json: Json = False) -> None:
    """She did not come: nothing more is sent."""
    with office(writes_texts=True) as desk:
        with reading(desk.engine) as session:
            whose = enrollment_called(session, desk.clinic_id, enrollment)
            planned = plan_no_show(session, whose, rules=desk.rules, now=desk.now)
        if not as_json:
            print_ended(planned)
            if planned.already:
                return
            ask("She did not come?", yes=yes)
        with writing(desk.engine) as session:
            done = record_no_show(session, whose, rules=desk.rules, now=desk.now, by=desk.by)
    if as_json:
        print_json(ended_json(done))
    else:
        note("done")


def cancel(
    enrollment: WhichEnrollment,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "cancelled by staff",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Stop her texts for good."""
    with office(writes_texts=True) as desk:
        with reading(desk.engine) as session:
            whose = enrollment_called(session, desk.clinic_id, enrollment)
            planned = plan_cancel(session, whose, rules=desk.rules, now=desk.now)
        if not as_json:
            print_ended(planned)
            if planned.already:
                return
            ask("Stop these texts for good?", yes=yes)
        with writing(desk.engine) as session:
            done = cancel_enrollment(session, whose, rules=desk.rules, now=desk.now, by=desk.by, why=reason)
    if as_json:
        print_json(ended_json(done))
    else:
        note("done")


def hold(
    enrollment: WhichEnrollment,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "held by staff",
    yes: Yes = False,
) -> None:
    """Let nothing leave until she is resumed."""
    with office() as desk:
        with reading(desk.engine) as session:
            whose = enrollment_called(session, desk.clinic_id, enrollment)
            the_enrollment(session, desk.clinic_id, whose)
        ask(f"Hold every text of enrollment {whose}?", yes=yes)
        with writing(desk.engine) as session:
            held = hold_enrollment(session, desk.clinic_id, whose, now=desk.now, by=desk.by, why=reason)
    note("held; to go on: notifier resume " + str(whose) if held else "it is held already")


def resume(enrollment: WhichEnrollment, yes: Yes = False, as_json: Json = False) -> None:
    """Take back a hold, a no-show or a cancellation: what is still useful leaves."""
    with office(writes_texts=True) as desk:
        with reading(desk.engine) as session:
            whose = enrollment_called(session, desk.clinic_id, enrollment)
            planned = plan_resume(session, whose, rules=desk.rules, now=desk.now)
        if not as_json:
            print_change(planned)
            ask("Go on?", yes=yes)
        with writing(desk.engine) as session:
            done = resume_enrollment(session, whose, rules=desk.rules, now=desk.now, by=desk.by)
    if as_json:
        print_json(change_json(done))
    else:
        note("done")
