"""Forgetting: `notifier erase` and `notifier legal-hold`."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.bootstrap.key_set import key_set
from notifier.cli.context import command_context, enrollment_called
from notifier.cli.options import DryRun, Json, WhichEnrollment, Yes
from notifier.cli.output import is_attended, note, print_json, show
from notifier.cli.timeline_table import local
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.domain.instants import zone_called
from notifier.domain.pseudonyms import Pseudonyms
from notifier.maintenance.forgetting.erase import LONGEST_RESTORE, ErasurePlan, plan_erasure
from notifier.maintenance.forgetting.erase import erase as erase_patient
from notifier.maintenance.forgetting.leave_no_trace import leave_no_trace
from notifier.maintenance.forgetting.legal_hold import lift_hold, put_on_hold


def erase(enrollment: WhichEnrollment, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take away the patient's name, numbers and words for good; first export them to the chart."""
    only_show = dry_run or (as_json and not yes and is_attended())
    with command_context(dry_run=only_show) as context:
        with reading(context.engine) as session:
            whose = enrollment_called(session, enrollment)
            plan = plan_erasure(session, whose, context.rules)
            zone = zone_called(the_enrollment(session, whose).timezone)
        if not as_json:
            for one in plan.unheard:
                when = local(one.due_at, zone) if one.due_at else "no time"
                show(f"the patient will not hear: {one.step}, {when} (enrollment {one.enrollment})")
            context.confirm(f"Erase this patient ({_count(plan)})? It cannot be taken back.", yes=yes)
        complete = False
        if not only_show:
            keyed = Pseudonyms(key_set(context.settings, context.engine))
            with writing(context.engine) as session:
                erase_patient(session, whose, rules=context.rules, pseudonyms=keyed, now=context.now, by=context.by)
            complete = leave_no_trace(context.engine, context.now)
        if as_json:
            unheard = [
                {"enrollment": one.enrollment, "step": one.step, "due_at": one.due_at and one.due_at.isoformat()}
                for one in plan.unheard
            ]
            print_json({
                "enrollments": list(plan.subject.enrollments), "texts": plan.texts, "replies": plan.replies,
                "unheard": unheard, "shared_numbers": len(plan.subject.shared), "overwritten": complete,
                "dry_run": only_show,
            })  # fmt: skip
            return
        context.report(f"erased: {_count(plan)}")
        if plan.subject.shared:
            note("another patient is on the same number: what was written from it stays, for it may be the other's")
        if not only_show and not complete:
            note("the database is being read; the worker overwrites what is left in its file within the hour")
        note(
            f"the worker deletes the texts at Twilio {LONGEST_RESTORE.days} days after each was sent; in older backups "
            "the patient stays until their rotation"
        )


def legal_hold(
    enrollment: WhichEnrollment,
    lift: Annotated[bool, typer.Option("--lift", help="The patient may be forgotten again.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Let nothing of the patient be erased, by anybody, until it is lifted."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            whose = enrollment_called(session, enrollment)
            if lift:
                lift_hold(session, whose, now=context.now, by=context.by)
                sentence = "the legal hold is lifted"
            else:
                new = put_on_hold(session, whose, now=context.now, by=context.by)
                sentence = "nothing of the patient is erased until the hold is lifted" if new else "on hold already"
        context.report(sentence)


def _count(plan: ErasurePlan) -> str:
    many = len(plan.subject.enrollments)
    return f"{many} enrollment{'s' if many > 1 else ''}, {plan.texts} texts, {plan.replies} replies"
