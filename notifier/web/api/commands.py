"""The life of an enrollment: treated, change, no-show, cancel, hold, resume. Each can say first what it would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from notifier.enrollments.cancel import cancel, plan_cancel
from notifier.enrollments.change import change, plan_change
from notifier.enrollments.hold import hold, plan_hold, plan_resume, resume
from notifier.enrollments.no_show import no_show, plan_no_show
from notifier.enrollments.treated import plan_treated, treated
from notifier.web.api.callers import Caller, Changer
from notifier.web.api.effects import ChangeTold, EndedTold, HeldTold, change_told, ended_told
from notifier.web.api.enrollments import the_enrollment
from notifier.web.api.requests import ChangeAsked, EndAsked, Number, ReasonAsked, TreatedAsked, instant
from notifier.web.api.route import keyed_router

_T = TypeVar("_T")
router = keyed_router("life")


@router.post("/enrollments/{enrollment}/treated")
def record_treated(enrollment: Number, asked: TreatedAsked, caller: Changer) -> ChangeTold:
    """She was treated: her aftercare is planned from the END of the treatment. Said again, it moves."""
    at, rules, now = instant(asked.at, "at"), caller.office.rules, caller.now
    done = _tell(
        caller,
        enrollment,
        asked.dry_run,
        lambda session: plan_treated(session, enrollment, at, rules=rules, now=now),
        lambda session: treated(session, enrollment, at, rules=rules, now=now, by=caller.by),
    )
    return change_told(done, dry_run=asked.dry_run)


@router.post("/enrollments/{enrollment}/change")
def change_enrollment(enrollment: Number, asked: ChangeAsked, caller: Changer) -> ChangeTold:
    """Put right what is known of her, or move the visit; unsent texts follow."""
    changes, rules, now = asked.request(caller.office.protocols), caller.office.rules, caller.now
    done = _tell(
        caller,
        enrollment,
        asked.dry_run,
        lambda session: plan_change(session, enrollment, changes, rules=rules, now=now),
        lambda session: change(session, enrollment, changes, rules=rules, now=now, by=caller.by),
    )
    return change_told(done, dry_run=asked.dry_run)


@router.post("/enrollments/{enrollment}/no-show")
def record_no_show(enrollment: Number, asked: EndAsked, caller: Changer) -> EndedTold:
    """She did not come: nothing more is sent. Refused before the hour of the appointment."""
    rules, now = caller.office.rules, caller.now
    done = _tell(
        caller,
        enrollment,
        asked.dry_run,
        lambda session: plan_no_show(session, enrollment, rules=rules, now=now),
        lambda session: no_show(session, enrollment, rules=rules, now=now, by=caller.by),
    )
    return ended_told(done, dry_run=asked.dry_run)


@router.post("/enrollments/{enrollment}/cancel")
def cancel_enrollment(enrollment: Number, asked: ReasonAsked, caller: Changer) -> EndedTold:
    """Stop her texts for good."""
    rules, why = caller.office.rules, asked.reason or f"cancelled by {caller.by}"
    done = _tell(
        caller,
        enrollment,
        asked.dry_run,
        lambda session: plan_cancel(session, enrollment, rules=rules, now=caller.now),
        lambda session: cancel(session, enrollment, rules=rules, now=caller.now, by=caller.by, why=why),
    )
    return ended_told(done, dry_run=asked.dry_run)


@router.post("/enrollments/{enrollment}/hold")
def hold_enrollment(enrollment: Number, asked: ReasonAsked, caller: Changer) -> HeldTold:
    """Let nothing leave until she is resumed."""
    clinic, why = caller.office.clinic_id, asked.reason or f"held by {caller.by}"
    new = _tell(
        caller,
        enrollment,
        asked.dry_run,
        lambda session: plan_hold(session, clinic, enrollment),
        lambda session: hold(session, clinic, enrollment, now=caller.now, by=caller.by, why=why),
    )
    return HeldTold(enrollment=enrollment, dry_run=asked.dry_run, already=not new)


@router.post("/enrollments/{enrollment}/resume")
def resume_enrollment(enrollment: Number, asked: EndAsked, caller: Changer) -> ChangeTold:
    """Take back a hold, a no-show or a cancellation: what is still useful leaves."""
    rules, now = caller.office.rules, caller.now
    done = _tell(
        caller,
        enrollment,
        asked.dry_run,
        lambda session: plan_resume(session, enrollment, rules=rules, now=now),
        lambda session: resume(session, enrollment, rules=rules, now=now, by=caller.by),
    )
    return change_told(done, dry_run=asked.dry_run)


def _tell(
    caller: Caller,
    enrollment: int,
    dry_run: bool,
    plan: Callable[[Session], _T],
    story: Callable[[Session], _T],
) -> _T:
    """What the story does, or with `dry_run` would do. Raises Problem (404)."""

    def told(session: Session) -> _T:
        the_enrollment(session, caller, enrollment)
        return plan(session) if dry_run else story(session)

    return (caller.read if dry_run else caller.write)(told, lambda _: enrollment)
