"""Who has some pieces of work: taken until the shift ends, given back, handed over to a colleague."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.orm import Session

from notifier.access.accounts import account_called
from notifier.conversations.claims import claim, give_back, shift_ends
from notifier.db.events import record_event
from notifier.domain.instants import zone_called
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.tasks import TaskRef
from notifier.tasks.pieces import Task, find_tasks

ShiftEnds = Callable[[str | None], datetime]
"""By office: when whoever takes something now no longer has it."""


def shifts(rules: PlanningRules, now: datetime) -> ShiftEnds:
    """When a shift that begins now ends, by the staffed hours of each office, else the clinic's."""

    def ends(office: str | None) -> datetime:
        profile = rules.offices.get(office) if office is not None else None
        staffed, timezone = (profile.staffed, profile.timezone) if profile else (rules.staffed, rules.timezone)
        return shift_ends(now, staffed, zone_called(timezone))

    return ends


def take_tasks(
    session: Session,
    refs: Collection[TaskRef],
    *,
    now: datetime,
    by: str,
    shift_ends: ShiftEnds,
    take_over: bool = False,
) -> dict[TaskRef, str]:
    """Say that one is on these; who is on each, where a colleague was faster. `take_over`: from the colleague."""
    found = _open(session, refs, now)
    return {
        ref: claim(session, ref, now=now, by=by, ends_at=shift_ends(office_of(task)), take_over=take_over)
        for ref, task in found.items()
    }


def give_back_tasks(session: Session, refs: Collection[TaskRef]) -> None:
    """Let somebody else see to these."""
    for ref in refs:
        give_back(session, ref)


def hand_over(
    session: Session, refs: Collection[TaskRef], to: str, *, now: datetime, by: str, shift_ends: ShiftEnds
) -> str:
    """Give these to a colleague, whoever has them; the colleague's name. It releases and closes nothing.

    Raises Refused where there is no such account, or one that does not see the office.
    """
    account = account_called(session, to)
    if account is None or not account.active:
        raise Refused(f'nobody with the name "{to[:40]}" may sign in; write the name as in the list of accounts', "to")
    for ref, task in _open(session, refs, now).items():
        office = office_of(task)
        if account.offices is not None and office is not None and office not in account.offices:
            raise Refused(f"{account.name} does not see the patients of {office}", "to")
        claim(session, ref, now=now, by=f"staff:{account.name}", ends_at=shift_ends(office), take_over=True)
        record_event(
            session, at=now, by=by, what="handed_over", why=f"{ref} to {account.name}",
            enrollment_id=getattr(task.enrollment, "id", None), message_id=getattr(task.message, "id", None),
        )  # fmt: skip
    return account.name


def office_of(task: Task) -> str | None:
    """Whose patient it is about; None: no office's."""
    if task.reply is not None:
        return task.reply.office
    return task.enrollment.office if task.enrollment is not None else None


def _open(session: Session, refs: Collection[TaskRef], now: datetime) -> dict[TaskRef, Task]:
    found = find_tasks(session, refs, now)
    if refs and not found:
        sentence = f"{next(iter(refs))} is closed already, or there is no such work"
        raise Refused(sentence, code=RefusalCode.TASK_UNKNOWN)
    return found
