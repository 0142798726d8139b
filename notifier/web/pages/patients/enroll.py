"""Enroll a patient, with everything the patient will get beside the form while it is filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.access import accounts
from notifier.access.idempotency import AnotherBody, claim_form, finish_form
from notifier.db.engine import reading, writing
from notifier.domain.planning.plan import Plan
from notifier.domain.planning.warnings import NOTHING_LEFT, says_nothing
from notifier.domain.refused import Refused
from notifier.enrollments.approved import ready_protocols
from notifier.enrollments.enroll import enroll as enroll_patient
from notifier.enrollments.fields import NOTES
from notifier.enrollments.preview import Preview, preview
from notifier.oversight.naming import name_and_day, with_names
from notifier.web.pages.patients.enroll_form import CONSENTS, OTHER, EnrollForm, zones
from notifier.web.view import Page, View, redirect
from notifier.web.widgets.recovery_chart import draw
from notifier.web.widgets.timeline_view import by_day, planned
from schedules.plain import length_in_words

_SIGNED_IN_AGAIN = "You are signed in again, and the form is as you left it. Look it over, then enroll."


def show(view: View) -> Response:
    """An empty form."""
    return _page(view, form_of(view))


def show_again(view: View) -> Response:
    """The form as it was sent, because nobody was signed in any more when it was."""
    return _page(view, form_of(view), notice=_SIGNED_IN_AGAIN, once=_once(view))


def show_problem(view: View, problem: Refused) -> Response:
    """The form as it was sent, and what must be mended in it."""
    return _page(view, form_of(view), problem=problem, once=_once(view), status=422)


def show_preview(view: View) -> Response:
    """The preview beside the form, anew."""
    form = form_of(view)
    return view.page("_preview.html", filled=form, **_preview_values(view, form))


def enroll(view: View) -> Response:
    """Enroll once, however often this form is sent."""
    form, once = form_of(view), _once(view)
    if view.field("preview"):
        return _page(view, form, once=once)
    if view.context.missing:
        raise Refused(" ".join(view.context.missing))
    if not view.field("sure") and (why := _why_nothing_leaves(view, form)):
        return _page(view, form, problem=why, once=once, status=422, asks_again=True)
    try:
        with writing(view.context.engine) as session:
            done = _enroll_once(view, session, form, once)
    except AnotherBody:
        sentence = "This form has enrolled somebody already. If this is another patient, enroll once more."
        return _page(view, form, problem=Refused(sentence), status=409)
    except Refused as why:
        return _page(view, form, problem=why, once=once, status=422)
    return redirect(f"/patients/{done}?form={once}#enrolled")


def _why_nothing_leaves(view: View, form: EnrollForm) -> Refused | None:
    """Why enrolling would send nothing at all: then a person is asked once more before it is done."""
    found: Preview = _preview_values(view, form)["preview"]
    if found.problems or found.missing or found.plan is None or found.known is not None:
        return None
    if found.opted_out:
        return Refused("this number has said STOP, so nothing will be sent; is the number right?", "phone")
    if says_nothing(found.plan):
        field = "treated_at" if found.plan.timeline.anchor.treated else "appointment_at"
        return Refused(f"{NOTHING_LEFT}; is the date right?", field)
    return None


def _enroll_once(view: View, session: Session, form: EnrollForm, once: str) -> int:
    """The enrollment. Raises AnotherBody where the same form has enrolled somebody else."""
    context = view.context
    sent = claim_form(session, once, form.digest(), now=view.now)
    if sent is not None and sent.enrollment_id is not None:
        return sent.enrollment_id
    request = form.request(context.protocols.get(form.protocol), context.rules, view.now)
    done = enroll_patient(
        session, request, protocols=context.protocols, rules=context.rules, now=view.now, by=view.who.by
    )
    warnings = [*(["the patient was enrolled already; nothing was changed"] if done.already else []), *done.warnings]
    finish_form(session, once, done.enrollment, warnings)
    accounts.audit(
        session,
        at=view.now,
        by=view.who.by,
        what="did",
        about="enroll",
        enrollment_id=done.enrollment,
        source=view.source,
    )
    return done.enrollment


def form_of(view: View) -> EnrollForm:
    """The form as it was sent."""
    context = view.context
    match context.rules.choices:
        case []:
            zone, language = context.rules.timezone, "en"
        case [only]:
            zone, language = only.timezone, only.language or "en"
        case _:
            zone, language = "", "en"
    with reading(context.engine) as session:
        ready = ready_protocols(session, context.protocols, context.rules)
    # Nobody is led to words that no clinician stands behind.
    return EnrollForm(view.fields, next((one for one in context.protocols if one in ready), ""), zone, language, ready)


def _once(view: View) -> str:
    """The form's own token: the page made it, so anything else is refused."""
    try:
        return str(UUID(view.field("once")))
    except ValueError:
        raise Refused("this form is incomplete; open the enrollment page anew") from None


def _page(
    view: View,
    form: EnrollForm,
    *,
    problem: Refused | None = None,
    notice: str | None = None,
    once: str | None = None,
    status: int = 200,
    asks_again: bool = False,
) -> Response:
    context = view.context
    return view.page(
        "enroll.html",
        status=status,
        filled=form,
        protocols=context.protocols,
        languages=sorted({language for one in context.protocols.values() for language in one.languages}),
        zones=zones(context.rules.timezone, form.timezone),
        consents=CONSENTS,
        other=OTHER,
        notes=[one for one in NOTES if one.name != "decided_by"],
        length_in_words=length_in_words,
        problem=problem,
        notice=notice,
        once=once or str(uuid4()),
        asks_again=asks_again,
        **_preview_values(view, form),
    )


def _preview_values(view: View, form: EnrollForm) -> dict[str, Any]:
    """What the preview shows."""
    context = view.context
    protocol = context.protocols.get(form.protocol)
    wrong_time: tuple[Refused, ...] = ()
    try:
        request = form.request(protocol, context.rules, view.now)
    except Refused as why:
        wrong_time = (why,)
        request = form.request(protocol, context.rules, view.now, timeless=True)
    with reading(context.engine) as session:
        found = preview(session, request, protocols=context.protocols, rules=context.rules, now=view.now)
        named = (f"enrollment {one}" for one in (*found.earlier, *filter(None, [found.known])))
        names = {one: with_names(session, [one], name_and_day)[0] for one in named}
        found = replace(found, warnings=tuple(with_names(session, found.warnings, name_and_day)))
    if not form.protocol:  # none is ready, and none was chosen: that is no fault of what was typed
        found = replace(found, problems=tuple(one for one in found.problems if one.field != "protocol"))
    if wrong_time:
        # The planner misses a time; what stands in the field is why it has none.
        others = (one for one in found.problems if one.field not in ("treated_at", "appointment_at"))
        found = replace(found, problems=(*others, *wrong_time))
    after = _drawn(view, found.after_visit) if found.after_visit else None
    return {"preview": found, "names": names, **_drawn(view, found.plan), "after": after}


def _drawn(view: View, plan: Plan | None) -> dict[str, Any]:
    if plan is None:
        return {"timeline": None, "days": [], "picture": None, "bubbles": [], "day0": None}
    timeline = plan.timeline
    bubbles = planned(timeline.messages, timeline.zone)
    day0 = timeline.anchor.at.astimezone(timeline.zone).date()
    picture = None
    if timeline.restrictions:
        picture = draw(timeline.restrictions, bubbles, anchor=timeline.anchor.at, zone=timeline.zone, now=view.now)
    days = by_day(bubbles, timeline.zone, day0)
    return {"timeline": timeline, "days": days, "picture": picture, "bubbles": bubbles, "day0": day0}


PAGES = (
    Page("GET", "/enroll", show),
    Page("POST", "/enroll", enroll, kept_by=show_again),
    Page("POST", "/preview", show_preview),
)
