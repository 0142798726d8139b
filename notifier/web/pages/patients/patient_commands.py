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
from notifier.db.tables import Enrollment, Reply
from notifier.domain.counted import counted
from notifier.domain.instants import read_instant
from notifier.domain.refused import Refused
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command import Command
from notifier.enrollments.commands import COMMANDS, read_command
from notifier.enrollments.fields import BY_NAME, Kind
from notifier.enrollments.lifecycle import apply, preview
from notifier.enrollments.never_text import never_text, plan_never_text, text_again
from notifier.numbers import release as opt_out
from notifier.numbers.holds import is_held_whole
from notifier.numbers.opt_outs import is_opted_out
from notifier.numbers.twilio_block import keeps_blocking, until_start
from notifier.web.pages.desk.back import back_to
from notifier.web.pages.desk.marked import with_mark
from notifier.web.pages.desk.offered_lifts import lifts_on, unsaid_of
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.effect_view import EffectView, effect_view
from notifier.web.widgets.formats import number
from notifier.web.widgets.typed_fields import change_request

_OF_THIS_PAGE: Final = ("form", "sure", "offered")
_TYPED: Final = {
    Kind.NAME: "text",
    Kind.PHONE: "tel",
    Kind.INSTANT: "datetime-local",
    Kind.TEXT: "text",
    Kind.LENGTHS: "text",
}
"""What is typed, and not chosen: by its kind, the type of its input."""
_ONCE_MORE = "Something else changed in this moment. Look at it once more."


@dataclass(frozen=True, slots=True)
class PatientAction:
    """Something that can be done on a patient's page: what it would change, and doing it."""

    show: Callable[[Session, View, Enrollment], EffectView]
    carry_out: Callable[[Session, View, Enrollment], object]


def act(view: View) -> Response:
    """Show what would change; with the button pressed on exactly that, do it."""
    context, whose = view.context, view.number("enrollment")
    action = _ACTIONS.get(view.field("what"))
    if action is None:
        raise Refused("say what to change")
    with reading(context.engine) as session:
        enrollment = the_enrollment(session, whose)
        try:
            seen = action.show(session, view, enrollment)
        except Refused as why:
            return _to_mend(view, enrollment, why)
    sure = view.field("sure")
    if sure != seen.digest:
        notes = [*([_ONCE_MORE] if sure else []), *seen.notes]
        back, seen = back_to(view, f"/patients/{whose}"), replace(seen, notes=notes)
        return view.page("difference.html", enrollment=enrollment, seen=seen, sent=_sent(view), back=back)
    with writing(context.engine) as session:
        action.carry_out(session, view, the_enrollment(session, whose))
    view.note("did", view.field("what"), whose)
    back = back_to(view, f"/patients/{whose}#done")
    return redirect(back if back.startswith("/patients/") else with_mark(back, view.field("what"), whose))


def _sent(view: View) -> list[tuple[str, str]]:
    """What the form said, for the next one."""
    said = view.fields.multi_items()
    return [(name, value) for name, value in said if name not in _OF_THIS_PAGE and not name.startswith("say.")]


def _to_mend(view: View, enrollment: Enrollment, why: Refused) -> Response:
    """The one field that is wrong, to be mended; all else that was typed is kept. Raises what is wrong otherwise."""
    field = BY_NAME.get(why.field or "")
    if field is None or field.kind not in _TYPED or field.name not in view.fields:
        raise why
    return view.page(
        "mend.html", status=422, enrollment=enrollment, sentence=str(why), field=field, look=_TYPED[field.kind],
        typed=view.field(field.name), sent=_sent(view), back=back_to(view, f"/patients/{enrollment.id}"),
    )  # fmt: skip


def _action(kind: type[Command]) -> PatientAction:
    def read(view: View, enrollment: Enrollment) -> Command:
        return read_command(kind, lambda name: _FIELDS[name](view, enrollment))

    def show(session: Session, view: View, enrollment: Enrollment) -> EffectView:
        command = read(view, enrollment)
        effect = preview(session, enrollment.id or 0, command, rules=view.context.rules, now=view.now)
        named = {*(one.enrollment for one in effect.others), *(one for one, _ in effect.nobody_tells)}
        others = {one: the_enrollment(session, one) for one in named}
        return effect_view(effect, command.question(enrollment, view.context.zone), kind.button, others)

    def carry_out(session: Session, view: View, enrollment: Enrollment) -> object:
        command, rules = read(view, enrollment), view.context.rules
        return apply(session, enrollment.id or 0, command, rules=rules, now=view.now, by=view.who.by)

    return PatientAction(show, carry_out)


def _show_opt_out(_session: Session, _view: View, enrollment: Enrollment) -> EffectView:
    notes = ("Only the patient can end that: by texting START, or by signing anew.",)
    return EffectView(f"Never text {number(enrollment.phone)} again?", "Never again", notes=notes)


def _opt_out(session: Session, view: View, enrollment: Enrollment) -> object:
    return opt_out.opt_out_by_staff(session, enrollment.phone, now=view.now, by=view.who.by)


def _show_never_text(session: Session, view: View, enrollment: Enrollment) -> EffectView:
    found = plan_never_text(session, enrollment.id or 0, view.context.rules)
    many = counted(found.withdrawn, "planned text does", "planned texts do")
    notes = (
        f"On every number, also of later imports; others on this number go on. {many} not leave.",
        "Only somebody who signs anew is texted again.",
    )
    return EffectView(f"Never text {enrollment.name} again?", "Never this person", notes=notes)


def _never_text(session: Session, view: View, enrollment: Enrollment) -> object:
    return never_text(session, enrollment.id or 0, rules=view.context.rules, now=view.now, by=view.who.by)


def _show_text_again(session: Session, view: View, enrollment: Enrollment) -> EffectView:
    how = view.field("reconsent")
    notes = [f"The patient has agreed: {how}."] if how else []
    notes.append("What was withdrawn stays so: take that back afterwards, or enroll the patient anew.")
    if is_opted_out(session, enrollment.phone) is not None:
        notes.append(f"{number(enrollment.phone)} has opted out too, and that stays.")
    return EffectView(f"May {enrollment.name} be texted again?", "Text again", notes=notes)


def _text_again(session: Session, view: View, enrollment: Enrollment) -> None:
    text_again(session, enrollment.id or 0, reconsent=view.field("reconsent"), now=view.now, by=view.who.by)


def _show_release(session: Session, view: View, enrollment: Enrollment) -> EffectView:
    how = view.field("reconsent")
    notes = [f"Texts are wanted again: {how}."] if how else []
    if enrollment.consent_withdrawn_at is not None and is_held_whole(session, enrollment.phone):
        notes.append("Consent was withdrawn. Let texts leave only where the patient has agreed to them anew.")
    stored = is_opted_out(session, enrollment.phone)
    if how and stored is not None and keeps_blocking(stored):
        notes.append(f"{until_start(session, enrollment.phone)}.")
    unread = opt_out.plan_release(session, enrollment.phone, view.context.rules.yours)
    wrote = (session.get_one(Reply, one.id).text.strip() for one in unread)
    notes += [f"This closes what is open: {f'“{words}”' if words else 'a photo'}." for words in wrote]
    lifts = lifts_on(view, enrollment.phone)
    seen = " ".join(["seen", *(str(one.id) for one in unread), *(f"lift-{one.id}" for one in lifts.to_say)])
    question = f"May texts to {number(enrollment.phone)} leave again?"
    return EffectView(question, "Let them leave", seen, notes=notes, lifts=lifts)


def _release(session: Session, view: View, enrollment: Enrollment) -> object:
    how = view.field("reconsent") or None
    seen = {int(one) for one in view.field("sure").split() if one.isascii() and one.isdigit()}
    yours = view.context.rules.yours
    unsaid = unsaid_of(view, lifts_on(view, enrollment.phone).to_say)
    return opt_out.release(
        session, enrollment.phone, now=view.now, by=view.who.by, reconsent=how, seen=seen, yours=yours, unsaid=unsaid
    )  # fmt: skip


def _request(view: View, enrollment: Enrollment) -> ChangeRequest:
    return change_request(view.fields.multi_items(), enrollment, view.context.zone, view.context.protocols)


def _instant(view: View, name: str) -> datetime:
    """A time as typed is on the clinic's clock."""
    zone = view.context.rules.timezone
    return read_instant(view.field(name), zone, name, clinic_zone=zone)


_FIELDS: Final[Mapping[str, Callable[[View, Enrollment], Any]]] = {
    "at": lambda view, _: _instant(view, "treated_at"),
    "why": lambda view, _: view.field("why")[:200] or None,
    "request": _request,
    "topics": lambda view, _: tuple(one.strip() for one in view.fields.getlist("topics")),
    "informed": lambda view, _: view.field("informed") or None,
    "topic": lambda view, _: view.field("topic").strip(),
    "cleared_at": lambda view, _: _instant(view, "cleared_at") if view.field("cleared_at") else None,
    "take_back": lambda view, _: view.field("take_back") == "yes",
}
"""How a command's fields are read from a form."""
_ACTIONS: Final[Mapping[str, PatientAction]] = {
    **{word: _action(kind) for word, kind in COMMANDS.items()},
    "opt-out": PatientAction(_show_opt_out, _opt_out),
    "never-text": PatientAction(_show_never_text, _never_text),
    "text-again": PatientAction(_show_text_again, _text_again),
    "release": PatientAction(_show_release, _release),
}
PAGES = (Page("POST", "/patients/{enrollment:int}/change", act),)
