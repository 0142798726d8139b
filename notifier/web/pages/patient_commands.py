"""Change, hold, resume or end an enrollment: first the difference, then the button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.instants import read_instant
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from notifier.enrollments import cancel, change, hold, no_show, treated
from notifier.enrollments.requests import ChangeRequest
from notifier.numbers import release as opt_out
from notifier.web.view import Page, Visit, see
from notifier.web.widgets.effect_view import Seen, of_change, of_ending
from notifier.web.widgets.formats import moment, number
from notifier.web.widgets.typed_fields import change_request

_GO_ON = {
    EnrollmentState.NO_SHOW: "Take the no-show back?",
    EnrollmentState.CANCELLED: "Take it back, and let the texts go on?",
}
_ONCE_MORE = "Something else changed in this moment. Look at it once more."


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done to an enrollment: what it would change, and doing it."""

    look: Callable[[Session, Visit, Enrollment], Seen]
    carry_out: Callable[[Session, Visit, Enrollment], object]


def act(visit: Visit) -> Response:
    """Show what would change; with the button pressed on exactly that, do it."""
    office, whose = visit.office, visit.number("enrollment")
    deed = _DEEDS.get(visit.field("what"))
    if deed is None:
        raise Refused("say what to change")
    with reading(office.engine) as session:
        enrollment = the_enrollment(session, office.clinic_id, whose)
        seen = deed.look(session, visit, enrollment)
    sure = visit.field("sure")
    if sure != seen.digest:
        notes = [*([_ONCE_MORE] if sure else []), *seen.notes]
        sent = [(name, value) for name, value in visit.fields.multi_items() if name not in ("form", "sure")]
        return visit.page("difference.html", enrollment=enrollment, seen=replace(seen, notes=notes), sent=sent)
    with writing(office.engine) as session:
        deed.carry_out(session, visit, the_enrollment(session, office.clinic_id, whose))
    visit.note("did", visit.field("what"), whose)
    return see(f"/patients/{whose}#done")


def _look_treated(session: Session, visit: Visit, enrollment: Enrollment) -> Seen:
    at = _instant(visit, "treated_at")
    found = treated.plan_treated(session, enrollment.id or 0, at, rules=visit.office.rules, now=visit.now)
    return of_change(found, f"Treated until {moment(at, visit.office.zone)}?", "Treated")


def _make_treated(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    at, by = _instant(visit, "treated_at"), visit.who.by
    return treated.treated(session, enrollment.id or 0, at, rules=visit.office.rules, now=visit.now, by=by)


def _look_no_show(session: Session, visit: Visit, enrollment: Enrollment) -> Seen:
    found = no_show.plan_no_show(session, enrollment.id or 0, rules=visit.office.rules, now=visit.now)
    return of_ending(found, "Did not come?", "No-show")


def _make_no_show(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    return no_show.no_show(session, enrollment.id or 0, rules=visit.office.rules, now=visit.now, by=visit.who.by)


def _look_cancel(session: Session, visit: Visit, enrollment: Enrollment) -> Seen:
    found = cancel.plan_cancel(session, enrollment.id or 0, rules=visit.office.rules, now=visit.now)
    return of_ending(found, "Stop these texts for good?", "Stop them")


def _make_cancel(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    rules, why = visit.office.rules, visit.field("why")[:200] or "cancelled by staff"
    return cancel.cancel(session, enrollment.id or 0, rules=rules, now=visit.now, by=visit.who.by, why=why)


def _look_hold(_session: Session, _visit: Visit, _enrollment: Enrollment) -> Seen:
    return Seen("Hold the texts?", "Hold", notes=("Nothing leaves until somebody lets it go on.",))


def _make_hold(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    clinic, why = visit.office.clinic_id, visit.field("why")[:200] or "held by staff"
    return hold.hold(session, clinic, enrollment.id or 0, now=visit.now, by=visit.who.by, why=why)


def _look_resume(session: Session, visit: Visit, enrollment: Enrollment) -> Seen:
    found = hold.plan_resume(session, enrollment.id or 0, rules=visit.office.rules, now=visit.now)
    return of_change(found, _GO_ON.get(enrollment.state, "Let the texts go on?"), "Go on")


def _make_resume(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    return hold.resume(session, enrollment.id or 0, rules=visit.office.rules, now=visit.now, by=visit.who.by)


def _look_opt_out(_session: Session, _visit: Visit, enrollment: Enrollment) -> Seen:
    notes = ("Only the patient can end that: by texting START, or by signing anew.",)
    return Seen(f"Never text {number(enrollment.phone)} again?", "Never again", notes=notes)


def _make_opt_out(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    clinic = visit.office.clinic_id
    return opt_out.opt_out_by_staff(session, clinic, enrollment.phone, now=visit.now, by=visit.who.by)


def _look_release(_session: Session, visit: Visit, enrollment: Enrollment) -> Seen:
    notes = []
    if how := visit.field("reconsent"):
        notes.append(f"Texts are wanted again: {how}.")
    return Seen(f"May texts to {number(enrollment.phone)} leave again?", "Let them leave", notes=notes)


def _make_release(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    clinic, how = visit.office.clinic_id, visit.field("reconsent") or None
    return opt_out.release(session, clinic, enrollment.phone, now=visit.now, by=visit.who.by, reconsent=how)


def _look_change(session: Session, visit: Visit, enrollment: Enrollment) -> Seen:
    changes = _changes(visit, enrollment)
    found = change.plan_change(session, enrollment.id or 0, changes, rules=visit.office.rules, now=visit.now)
    return of_change(found, "Change it?", "Change it")


def _make_change(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    changes, by = _changes(visit, enrollment), visit.who.by
    return change.change(session, enrollment.id or 0, changes, rules=visit.office.rules, now=visit.now, by=by)


def _changes(visit: Visit, enrollment: Enrollment) -> ChangeRequest:
    return change_request(visit.fields.multi_items(), enrollment, visit.office.zone, visit.office.protocols)


def _instant(visit: Visit, name: str) -> datetime:
    """A time as typed is on the clinic's clock."""
    zone = visit.office.rules.timezone
    return read_instant(visit.field(name), zone, name, clinic_zone=zone)


_DEEDS = {
    "treated": Deed(_look_treated, _make_treated),
    "no-show": Deed(_look_no_show, _make_no_show),
    "change": Deed(_look_change, _make_change),
    "cancel": Deed(_look_cancel, _make_cancel),
    "hold": Deed(_look_hold, _make_hold),
    "resume": Deed(_look_resume, _make_resume),
    "opt-out": Deed(_look_opt_out, _make_opt_out),
    "release": Deed(_look_release, _make_release),
}
PAGES = (Page("POST", "/patients/{enrollment:int}/change", act),)
