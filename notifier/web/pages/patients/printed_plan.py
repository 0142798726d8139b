"""The plan on paper, or as a calendar file, for a patient without a phone: nothing is stored and nobody is enrolled."""

from __future__ import annotations

from uuid import uuid4

from starlette.responses import Response

from notifier.db.engine import reading
from notifier.domain.names import check_name
from notifier.domain.refused import Refused
from notifier.enrollments.field_values import card_notes
from notifier.enrollments.preview import preview
from notifier.enrollments.requests import EnrollRequest
from notifier.web.pages.patients.enroll import form_of, show_problem
from notifier.web.view import Page, View
from notifier.web.widgets.card import Card, make_card
from notifier.web.widgets.card_calendar import write_calendar
from schedules.wording import Voice

_OF_ENROLLING = frozenset({"phone", "consent", "name"})
"""Fields that paper does not need; a name is printed where one was typed."""


def show(view: View) -> Response:
    """The card of what stands in the enrollment form."""
    try:
        card, voice, request = _card(view)
    except Refused as why:
        return show_problem(view, why)
    sent = [(name, value) for name, value in view.fields.multi_items() if name not in ("form", "once", "phone")]
    notes = card_notes(request)
    return view.page(
        "card.html",
        about="card without enrollment",
        enrollment=None,
        name=request.name,
        card=card,
        voice=voice,
        notes=notes,
        sent=sent,
    )


def download(view: View) -> Response:
    """The same for a calendar; neither the file's name nor anything in it names the patient."""
    try:
        card, voice, _ = _card(view)
    except Refused as why:
        return show_problem(view, why)
    view.note("saw", "calendar without enrollment")
    return Response(
        write_calendar(card, voice, f"{uuid4()}@notifier", view.now),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="aftercare.ics"'},
    )


def _card(view: View) -> tuple[Card, Voice, EnrollRequest]:
    """Raises Refused for what must be mended in the form first."""
    context, form = view.context, form_of(view)
    if context.missing:
        raise Refused(" ".join(context.missing))
    protocol = context.protocols.get(form.protocol)
    request = form.request(protocol, context.rules, view.now)
    with reading(context.engine) as session:
        found = preview(session, request, protocols=context.protocols, rules=context.rules, now=view.now)
    if problems := [one for one in found.problems if one.field not in _OF_ENROLLING]:
        raise problems[0]
    if found.plan is None or protocol is None:
        raise Refused("choose a protocol and a time first")
    voice = context.rules.at(request.office).voice
    language = request.language or protocol.languages[0]
    return make_card(found.plan, voice, language, _first_name(request.name)), voice, request


def _first_name(typed: str) -> str:
    try:
        return check_name(typed).first
    except ValueError:
        return ""


PAGES = (
    Page("POST", "/enroll/card", show),
    Page("POST", "/enroll/card.ics", download),
)
