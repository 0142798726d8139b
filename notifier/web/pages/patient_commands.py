"""Every command on an enrollment, and what is decided about its number: first the effect, then the button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.instants import read_instant
from notifier.domain.refused import Refused
from notifier.enrollments.commands import COMMANDS, Command, read_command
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.requests import ChangeRequest
from notifier.numbers import release as opt_out
from notifier.numbers.opt_outs import is_opted_out
from notifier.numbers.twilio_block import keeps_blocking, until_start
from notifier.web.view import Page, Visit, see
from notifier.web.widgets.effect_view import EffectView, effect_view
from notifier.web.widgets.formats import number
from notifier.web.widgets.typed_fields import change_request

_ONCE_MORE = "Something else changed in this moment. Look at it once more."


@dataclass(frozen=True, slots=True)
class PatientAction:
    """Something that can be done on a patient's page: what it would change, and doing it."""

    show: Callable[[Session, Visit, Enrollment], EffectView]
    carry_out: Callable[[Session, Visit, Enrollment], object]


def act(visit: Visit) -> Response:
    """Show what would change; with the button pressed on exactly that, do it."""
    office, whose = visit.office, visit.number("enrollment")
    action = _ACTIONS.get(visit.field("what"))
    if action is None:
        raise Refused("say what to change")
    with reading(office.engine) as session:
        enrollment = the_enrollment(session, whose)
        seen = action.show(session, visit, enrollment)
    sure = visit.field("sure")
    if sure != seen.digest:
        notes = [*([_ONCE_MORE] if sure else []), *seen.notes]
        sent = [(name, value) for name, value in visit.fields.multi_items() if name not in ("form", "sure")]
        return visit.page("difference.html", enrollment=enrollment, seen=replace(seen, notes=notes), sent=sent)
    with writing(office.engine) as session:
        action.carry_out(session, visit, the_enrollment(session, whose))
    visit.note("did", visit.field("what"), whose)
    return see(f"/patients/{whose}#done")


def _action(kind: type[Command]) -> PatientAction:
    def read(visit: Visit, enrollment: Enrollment) -> Command:
        return read_command(kind, lambda name: _FIELDS[name](visit, enrollment))

    def show(session: Session, visit: Visit, enrollment: Enrollment) -> EffectView:
        command = read(visit, enrollment)
        effect = preview(session, enrollment.id or 0, command, rules=visit.office.rules, now=visit.now)
        return effect_view(effect, command.question(enrollment, visit.office.zone), kind.button)

    def carry_out(session: Session, visit: Visit, enrollment: Enrollment) -> object:
        command, rules = read(visit, enrollment), visit.office.rules
        return apply(session, enrollment.id or 0, command, rules=rules, now=visit.now, by=visit.who.by)

    return PatientAction(show, carry_out)


def _show_opt_out(_session: Session, _visit: Visit, enrollment: Enrollment) -> EffectView:
    notes = ("Only the patient can end that: by texting START, or by signing anew.",)
    return EffectView(f"Never text {number(enrollment.phone)} again?", "Never again", notes=notes)


def _opt_out(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    return opt_out.opt_out_by_staff(session, enrollment.phone, now=visit.now, by=visit.who.by)


def _show_release(session: Session, visit: Visit, enrollment: Enrollment) -> EffectView:
    how = visit.field("reconsent")
    notes = [f"Texts are wanted again: {how}."] if how else []
    stored = is_opted_out(session, enrollment.phone)
    if how and stored is not None and keeps_blocking(stored):
        notes.append(f"{until_start(session, enrollment.phone)}.")
    return EffectView(f"May texts to {number(enrollment.phone)} leave again?", "Let them leave", notes=notes)


def _release(session: Session, visit: Visit, enrollment: Enrollment) -> object:
    how = visit.field("reconsent") or None
    return opt_out.release(session, enrollment.phone, now=visit.now, by=visit.who.by, reconsent=how)


def _request(visit: Visit, enrollment: Enrollment) -> ChangeRequest:
    return change_request(visit.fields.multi_items(), enrollment, visit.office.zone, visit.office.protocols)


def _instant(visit: Visit, name: str) -> datetime:
    """A time as typed is on the clinic's clock."""
    zone = visit.office.rules.timezone
    return read_instant(visit.field(name), zone, name, clinic_zone=zone)


_FIELDS: Final[Mapping[str, Callable[[Visit, Enrollment], Any]]] = {
    "at": lambda visit, _: _instant(visit, "treated_at"),
    "why": lambda visit, _: visit.field("why")[:200] or None,
    "request": _request,
}
"""How a command's fields are read from a form."""
_ACTIONS: Final[Mapping[str, PatientAction]] = {
    **{word: _action(kind) for word, kind in COMMANDS.items()},
    "opt-out": PatientAction(_show_opt_out, _opt_out),
    "release": PatientAction(_show_release, _release),
}
PAGES = (Page("POST", "/patients/{enrollment:int}/change", act),)
