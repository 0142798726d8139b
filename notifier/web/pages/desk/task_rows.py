"""What needs a person, as the pages show it: one row for each patient, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifier.access.accounts import accounts
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.oversight.gates import gates_to_clear
from notifier.oversight.worklists import ReplyRow, reply_rows
from notifier.tasks.counts import TaskCounts, count_tasks
from notifier.tasks.groups import Place, TaskGroup, task_page
from notifier.tasks.pieces import Task, snoozed_tasks
from notifier.tasks.sources import Snoozed, snoozed
from notifier.web.view import View

_MOST_SNOOZED = 100
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TaskList:
    """One page of the list, and how much there is."""

    groups: tuple[TaskGroup, ...]
    replies: Mapping[TaskRef, ReplyRow]
    """Of each message, what whoever closes it must know."""
    gates: Mapping[TaskRef, Sequence[str]]
    """Of each lift that waits until something is cleared: what."""
    in_a_week: datetime
    """Until when work is put off that is asked about again in a week."""
    counts: TaskCounts
    next: Place | None
    colleagues: tuple[str, ...]
    """Everybody to whom work may be handed over, whoever looks among them."""


def task_list(session: Session, view: View, *, older: bool = False, after: Place | None = None) -> TaskList:
    """The page after that place: of what is recent or urgent, or of the older."""
    hidden = snoozed(session, view.now)
    page = task_page(session, view.now, hidden, older=older, after=after)
    return _filled(session, view, page.groups, page.next, hidden)


def snoozed_list(session: Session, view: View) -> TaskList:
    """What is put off, whatever comes back first standing first."""
    by_phone: dict[str, list[Task]] = {}
    for one in snoozed_tasks(session, view.now, limit=_MOST_SNOOZED):
        by_phone.setdefault(one.phone, []).append(one)
    groups = tuple(TaskGroup(phone, tuple(tasks)) for phone, tasks in by_phone.items())
    return _filled(session, view, groups, None, None)


def _filled(
    session: Session, view: View, groups: tuple[TaskGroup, ...], further: Place | None, hidden: Snoozed | None
) -> TaskList:
    tasks = [task for group in groups for task in group.tasks if task.reply is not None]
    whose = {task.phone: task.enrollment for task in tasks if task.enrollment is not None}
    rows = reply_rows(session, [(task.reply, task.taken_by) for task in tasks], view.now, whose)
    by_task = {task.ref: row for task, row in zip(tasks, rows, strict=True)}
    names = tuple(one.name for one in accounts(session) if one.active)
    gates = {
        one.ref: gates_to_clear(session, one.enrollment, one.message)
        for group in groups
        for one in group.tasks
        if one.ref.kind is TaskKind.GATE and one.enrollment is not None and one.message is not None
    }
    return TaskList(groups, by_task, gates, view.now + _WEEK, count_tasks(session, view.now, hidden), further, names)


def typed_moment(view: View, field: str) -> datetime | None:
    """A moment that was typed on the clinic's clock; None where nothing was."""
    typed = view.field(field)
    try:
        found = datetime.fromisoformat(typed) if typed else None
    except ValueError:
        return None
    return found.replace(tzinfo=view.context.zone) if found is not None and found.tzinfo is None else found
