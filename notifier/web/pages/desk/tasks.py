"""Everything that needs a person, and what is done about it, for one piece of work or for many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import writing
from notifier.domain.refused import Refused
from notifier.domain.tasks import TaskOutcome, TaskRef
from notifier.tasks.close import close_tasks
from notifier.tasks.groups import Place
from notifier.tasks.imports import imports_with_work, work_of_import
from notifier.tasks.owners import give_back_tasks, hand_over, shifts, take_tasks
from notifier.tasks.pieces import find_closed, find_tasks
from notifier.tasks.reopen import reopen_task
from notifier.tasks.snooze import snooze_tasks, wake_tasks
from notifier.web.pages.desk.back import back_to, undoable
from notifier.web.pages.desk.marked import marked
from notifier.web.pages.desk.task_rows import snoozed_list, task_list, typed_moment
from notifier.web.view import Page, View, redirect


def show(view: View) -> Response:
    """One page of the list: what is recent, the older, or what is put off."""
    query = view.request.query_params
    older, put_off = query.get("older") == "1", query.get("put-off") == "1"
    after = Place.parse(query["after"]) if query.get("after") else None
    with view.context.visible_session() as session:
        found = snoozed_list(session, view) if put_off else task_list(session, view, older=older, after=after)
        imports = [] if older or put_off or after else imports_with_work(session, view.now)
    title = "Put off" if put_off else "Needs a person: older" if older else "Needs a person"
    back = f"/tasks?{view.request.url.query}"
    return view.page(
        "tasks.html", about="tasks", title=title, tasks=found, older=older, put_off=put_off, imports=imports, back=back,
        undo=undoable(view), marked=marked(view),
    )  # fmt: skip


def act(view: View) -> Response:
    """Do one thing about each piece of work that was ticked, and look at the page again at the same place."""
    what = view.field("do")
    if what not in _ACTS:
        raise Refused("say what is to be done about them: the form of the list has a button for each")
    with view.context.visible_session() as session:
        imported = typed_moment(view, "import")
        refs = work_of_import(session, imported, view.now) if imported else _chosen(view)
        visible = list(find_tasks(session, refs, view.now))
    if not visible:
        raise Refused("somebody has closed this meanwhile; look at the list again")
    about, action = _ACTS[what]
    with writing(view.context.engine) as session:
        undo = action(session, view, visible)
    view.note("did", f"{about}: {len(visible)}")
    return redirect(back_to(view, "/tasks", undo))


def reopen(view: View) -> Response:
    """Take back what was closed a moment ago."""
    refs = _chosen(view)
    with view.context.visible_session() as session:
        visible = find_closed(session, refs)
    with writing(view.context.engine) as session:
        for ref in visible:
            reopen_task(session, ref, now=view.now, by=view.who.by)
    view.note("did", f"reopen: {len(visible)}")
    return redirect(back_to(view, "/tasks"))


def _chosen(view: View) -> list[TaskRef]:
    refs = [TaskRef.parse(one) for typed in view.fields.getlist("task") for one in typed.split("~") if one]
    if not refs:
        raise Refused("nothing is ticked: tick the work that this is about, then press the button again")
    return refs


def _close(how: TaskOutcome) -> Callable[[Session, View, list[TaskRef]], tuple[TaskRef, ...]]:
    def close(session: Session, view: View, refs: list[TaskRef]) -> tuple[TaskRef, ...]:
        return close_tasks(session, refs, how, now=view.now, by=view.who.by).closed

    return close


def _take(session: Session, view: View, refs: list[TaskRef]) -> tuple[TaskRef, ...]:
    over = view.field("over") == "yes"
    take_tasks(
        session, refs, now=view.now, by=view.who.by, shift_ends=shifts(view.context.rules, view.now), take_over=over
    )
    return ()


def _give_back(session: Session, _view: View, refs: list[TaskRef]) -> tuple[TaskRef, ...]:
    give_back_tasks(session, refs)
    return ()


def _hand_over(session: Session, view: View, refs: list[TaskRef]) -> tuple[TaskRef, ...]:
    hand_over(
        session, refs, view.field("to"), now=view.now, by=view.who.by, shift_ends=shifts(view.context.rules, view.now)
    )
    return ()


def _put_off(session: Session, view: View, refs: list[TaskRef]) -> tuple[TaskRef, ...]:
    until = typed_moment(view, "until")
    if until is None:
        raise Refused("say until when: a day and an hour", "until")
    snooze_tasks(session, refs, until, now=view.now, by=view.who.by)
    return ()


def _wake(session: Session, _view: View, refs: list[TaskRef]) -> tuple[TaskRef, ...]:
    wake_tasks(session, refs)
    return ()


_ACTS: Final[Mapping[str, tuple[str, Callable[[Session, View, list[TaskRef]], tuple[TaskRef, ...]]]]] = {
    "told": ("told in person", _close(TaskOutcome.TOLD)),
    "done": ("seen to", _close(TaskOutcome.DONE)),
    "take": ("take work", _take),
    "give-back": ("give back work", _give_back),
    "hand-over": ("hand over work", _hand_over),
    "put-off": ("put off work", _put_off),
    "wake": ("take up work", _wake),
}
"""By the button: what the audit log calls it, and what it does."""
PAGES = (
    Page("GET", "/tasks", show, live=True),
    Page("POST", "/tasks", act),
    Page("POST", "/tasks/reopen", reopen),
)
