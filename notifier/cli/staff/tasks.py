"""What needs a person, and what is done about it: closed, opened again, taken, handed over, put off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from notifier.cli.context import CommandContext, command_context
from notifier.cli.options import DryRun, Json
from notifier.cli.output import note, print_json, print_table
from notifier.cli.timeline_table import local
from notifier.db.engine import reading
from notifier.db.enrollments import patients_on
from notifier.domain.refused import Refused
from notifier.domain.tasks import TaskOutcome, TaskRef
from notifier.tasks.close import close_tasks
from notifier.tasks.counts import count_tasks
from notifier.tasks.imports import work_of_import
from notifier.tasks.owners import give_back_tasks, hand_over, shifts, take_tasks
from notifier.tasks.pieces import all_tasks, snoozed_tasks, task_json
from notifier.tasks.reopen import reopen_task
from notifier.tasks.snooze import snooze_tasks, wake_tasks

app = typer.Typer(help="What needs a person.", no_args_is_help=True)
Which = Annotated[list[str], typer.Argument(help="As `notifier tasks list` gives them: text-17.", metavar="TASK …")]


@app.command("list")
def list_tasks(
    put_off: Annotated[bool, typer.Option("--put-off", help="Only what is put off until later.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """What is open, urgent words first, then what has waited longest."""
    with command_context(read_only=True) as context, reading(context.engine) as session:
        listed = snoozed_tasks if put_off else all_tasks
        tasks = listed(session, context.now, limit=limit)
        counts = count_tasks(session, context.now)
        wrote = patients_on(session, {task.phone for task in tasks if task.reply is not None})
        context.shows(task.enrollment.id for task in tasks if task.enrollment is not None)
        context.shows(one.id for patients in wrote.values() for one in patients)
    if as_json:
        print_json([task_json(task) for task in tasks])
        return
    home = ZoneInfo(context.rules.timezone)
    rows = []
    for task in tasks:
        names = [one.name for one in wrote.get(task.phone, ())] if task.reply is not None else []
        if not names and task.enrollment is not None:
            names = [task.enrollment.name]
        who = ", ".join((*names, task.phone))
        about = task.message.step if task.message else ""
        owner = task.taken_by.rpartition(":")[2] if task.taken_by else "-"
        rows.append((str(task.ref), who, f"{task.what} {about}".strip(), local(task.since, home), owner))
    print_table(("task", "patient", "what", "since", "taken by"), rows, empty="nothing needs a person")
    note(f"{counts.pieces} open, {counts.older} of them for more than three days; {counts.snoozed} put off")


@app.command()
def close(
    tasks: Annotated[list[str] | None, typer.Argument(metavar="TASK …", help="Texts and silences.")] = None,
    told: Annotated[bool, typer.Option("--told", help="The patient was told in person.")] = False,
    done: Annotated[bool, typer.Option("--done", help="There is nothing to tell.")] = False,
    of_import: Annotated[
        datetime | None, typer.Option("--of-import", help="All of those who came with the import of that UTC instant.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Say that a person has seen to these texts: told the patient, or found nothing to tell."""
    if told == done:
        raise Refused("say either --told or --done")
    with command_context(dry_run=dry_run) as context:
        refs = _refs(tasks or ())
        if of_import is not None:
            with reading(context.engine) as session:
                refs += work_of_import(session, of_import.replace(tzinfo=ZoneInfo("UTC")), context.now)
        if not refs:
            raise Refused("say which: notifier tasks list shows what is open")
        with context.change() as session:
            how = TaskOutcome.TOLD if told else TaskOutcome.DONE
            found = close_tasks(session, refs, how, now=context.now, by=context.by)
        for ref in found.already:
            note(f"{ref} is closed already, or there is no such work")
        for ref, why in found.otherwise.items():
            note(f"{ref} stays open: {why}")
        context.report(f"{len(found.closed)} closed; to take it back: notifier tasks reopen TASK")


@app.command()
def reopen(task: Annotated[str, typer.Argument(metavar="TASK")], dry_run: DryRun = False) -> None:
    """Take a closing back: a reply holds again what it held."""
    with command_context(dry_run=dry_run) as context:
        with context.change() as session:
            opened = reopen_task(session, TaskRef.parse(task), now=context.now, by=context.by)
        context.report(f"{task} is open again" if opened else f"{task} was open")


@app.command()
def take(
    tasks: Which,
    take_over: Annotated[bool, typer.Option("--take-over", help="Also where a colleague has it.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Say that you are on these, until the shift ends."""

    def act(session: Session, context: CommandContext, refs: list[TaskRef]) -> str:
        ends = shifts(context.rules, context.now)
        taken = take_tasks(session, refs, now=context.now, by=context.by, shift_ends=ends, take_over=take_over)
        return "; ".join(f"{who.rpartition(':')[2]} is on {ref}" for ref, who in taken.items())

    _do(tasks, act, dry_run)


@app.command("give-back")
def give_back(tasks: Which, dry_run: DryRun = False) -> None:
    """Let somebody else see to these."""

    def act(session: Session, _context: CommandContext, refs: list[TaskRef]) -> str:
        give_back_tasks(session, refs)
        return f"{len(refs)} given back"

    _do(tasks, act, dry_run)


@app.command("hand-over")
def hand_over_tasks(
    tasks: Which, to: Annotated[str, typer.Option(help="The colleague's account.")], dry_run: DryRun = False
) -> None:
    """Give these to a colleague."""

    def act(session: Session, context: CommandContext, refs: list[TaskRef]) -> str:
        ends = shifts(context.rules, context.now)
        name = hand_over(session, refs, to, now=context.now, by=context.by, shift_ends=ends)
        return f"{name} has {len(refs)} of them"

    _do(tasks, act, dry_run)


@app.command("put-off")
def put_off(
    tasks: Which,
    until: Annotated[datetime, typer.Option(help="On the clinic's clock, like 2026-03-09T09:00.")],
    dry_run: DryRun = False,
) -> None:
    """Keep these off the list until then; not a text leaves for it."""

    def act(session: Session, context: CommandContext, refs: list[TaskRef]) -> str:
        at = until.replace(tzinfo=ZoneInfo(context.rules.timezone)) if until.tzinfo is None else until
        many = snooze_tasks(session, refs, at, now=context.now, by=context.by)
        return f"{many} put off; what they hold stays held"

    _do(tasks, act, dry_run)


@app.command("take-up")
def take_up(tasks: Which, dry_run: DryRun = False) -> None:
    """Let what was put off stand on the list again."""

    def act(session: Session, _context: CommandContext, refs: list[TaskRef]) -> str:
        wake_tasks(session, refs)
        return f"{len(refs)} on the list again"

    _do(tasks, act, dry_run)


def _do(tasks: Sequence[str], act: Callable[[Session, CommandContext, list[TaskRef]], str], dry_run: bool) -> None:
    with command_context(dry_run=dry_run) as context:
        refs = _refs(tasks)
        with context.change() as session:
            said = act(session, context, refs)
        context.report(said)


def _refs(tasks: Sequence[str]) -> list[TaskRef]:
    return [TaskRef.parse(one) for one in tasks]
