"""Forgetting: `notifier erase`, `legal-hold`, `retention`, and `export` before it."""

from __future__ import annotations

from typing import Annotated

import typer

from notifier.bootstrap.key_set import key_set
from notifier.cli.context import command_context, patient_called
from notifier.cli.options import DryRun, Json, WhichPatient, Yes
from notifier.cli.output import is_attended, note, print_json, show, write
from notifier.cli.timeline_table import local
from notifier.db.engine import is_sqlite, reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.domain.counted import counted
from notifier.domain.instants import zone_called
from notifier.domain.pseudonyms import Pseudonyms
from notifier.domain.refused import Refused
from notifier.maintenance.forgetting.copies import copies_with
from notifier.maintenance.forgetting.erase import ErasurePlan, plan_erasure
from notifier.maintenance.forgetting.erase import erase as erase_patient
from notifier.maintenance.forgetting.export import export_patient, export_text, plain
from notifier.maintenance.forgetting.leave_no_trace import leave_no_trace
from notifier.maintenance.forgetting.legal_hold import lift_hold, put_on_hold
from notifier.maintenance.forgetting.provider_deletions import LONGEST_RESTORE
from notifier.maintenance.forgetting.retention import approve_retention, approved_days, plan_retention


def erase(patient: WhichPatient, yes: Yes = False, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Take away the patient's name, numbers and words for good; first export them to the chart."""
    only_show = dry_run or (as_json and not yes and is_attended())
    with command_context(dry_run=only_show) as context:
        with reading(context.engine) as session:
            whose = patient_called(session, patient)
            plan = plan_erasure(session, whose, context.rules)
            zone = zone_called(the_enrollment(session, whose).timezone)
        copies = copies_with(context.engine, context.settings.backup_dir, plan.subject)
        if not as_json:
            for one in plan.unheard:
                when = local(one.due_at, zone) if one.due_at else "no time"
                show(f"the patient will not hear: {one.step}, {when} (enrollment {one.enrollment})")
            for copy in copies:
                show(f"the patient stays in: {copy}")
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
                "copies": [{"file": str(copy.file), "goes": copy.goes} for copy in copies], "dry_run": only_show,
            })  # fmt: skip
            return
        context.report(f"erased: {_count(plan)}")
        if plan.subject.shared:
            note("another patient is on the same number: what was written from it stays, for it may be the other's")
        if not only_show and not complete:
            note("the database is being read; the worker overwrites what is left in its file within the hour")
        if not only_show and not is_sqlite(context.engine):
            note("PostgreSQL keeps erased rows in its files until VACUUM FULL, and in its log until that is used anew")
        for copy in copies if not only_show else ():
            note(f"the patient is still in: {copy}")
        note(
            f"the worker deletes the texts at Twilio {LONGEST_RESTORE.days} days after each was sent; in backups "
            "elsewhere the patient stays until their rotation"
        )


def legal_hold(
    patient: WhichPatient,
    lift: Annotated[bool, typer.Option("--lift", help="The patient may be forgotten again.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Let nothing of the patient be erased, by anybody, until it is lifted."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            whose = patient_called(session, patient)
            if lift:
                lift_hold(session, whose, now=context.now, by=context.by, yours=context.rules.yours)
                sentence = "the legal hold is lifted"
            else:
                new = put_on_hold(session, whose, now=context.now, by=context.by, yours=context.rules.yours)
                sentence = "nothing of the patient is erased until the hold is lifted" if new else "on hold already"
        context.report(sentence)


def _count(plan: ErasurePlan) -> str:
    enrollments, texts = counted(len(plan.subject.enrollments), "enrollment"), counted(plan.texts, "text")
    return f"{enrollments}, {texts}, {counted(plan.replies, 'reply', 'replies')}"


def export(
    patient: WhichPatient,
    as_json: Json = False,
) -> None:
    """Print everything that is kept of the patient, to read or as JSON."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = export_patient(session, patient_called(session, patient), context.rules.yours)
        context.shows(one["id"] for one in found["enrollments"])
    if as_json:
        print_json(plain(found))
    else:
        write(export_text(found, zone_called(context.rules.timezone)))


def retention(
    plan: Annotated[bool, typer.Option("--plan", help="Say whose time has come; nothing is changed.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Forget them, and from now on let the worker do it by itself.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Whom NOTIFIER_RETENTION_DAYS forgets; the first time it waits for --apply."""
    if plan == apply:
        raise Refused("say --plan to see whose time has come, or --apply to forget them", "--plan")
    with command_context(dry_run=dry_run or plan) as context:
        days = context.settings.retention_days
        if days is None:
            raise Refused("NOTIFIER_RETENTION_DAYS is not set; write after how many days patients are forgotten")
        with reading(context.engine) as session:
            found = plan_retention(session, days, context.rules, context.now)
            agreed = approved_days(session)
        context.shows(found.patients)
        shown = ", ".join(map(str, found.patients[:20])) + (" …" if len(found.patients) > 20 else "")
        many = counted(len(found.patients), "patient")
        whom = f": {shown}" if shown else ""
        show(f"{many} whose last treatment, text and message are older than {counted(days, 'day')}{whom}")
        for why, stay in found.kept.items():
            show(f"{counted(stay, 'stays', 'stay')}: {why}")
        if plan:
            note("the worker forgets by itself" if agreed == days else "to forget them: notifier retention --apply")
            return
        context.confirm(f"Forget {many} now, and others when their time comes? It cannot be taken back.", yes=yes)
        erased = 0
        if not context.dry_run:
            keyed = Pseudonyms(key_set(context.settings, context.engine))
            with writing(context.engine) as session:
                approve_retention(session, days, now=context.now, by=context.by)
            for one in found.patients:
                with writing(context.engine) as session:  # each by itself: a kill leaves whole patients, and it goes on
                    erase_patient(session, one, rules=context.rules, pseudonyms=keyed, now=context.now, by=context.by)
                erased += 1
            leave_no_trace(context.engine, context.now)
        context.report(f"{erased or many} forgotten; from now on the worker forgets after {counted(days, 'day')}")
