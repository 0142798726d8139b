"""The plan on paper, or as a calendar file, for a patient without a phone: nothing is stored and nobody is enrolled."""

from __future__ import annotations

from uuid import uuid4

from starlette.responses import Response

from notifier.db.engine import reading
from notifier.domain.names import check_name
from notifier.domain.refused import Refused
from notifier.enrollments.fields import card_notes
from notifier.enrollments.preview import preview
from notifier.enrollments.requests import EnrollRequest
from notifier.web.pages.enroll import form_of, show_problem
from notifier.web.view import Page, Visit
from notifier.web.widgets.card import Card, make_card
from notifier.web.widgets.card_calendar import write_calendar
from schedules.wording import Voice

_OF_ENROLLING = frozenset({"phone", "consent", "name"})
"""Fields that paper does not need; a name is printed where one was typed."""


def show(visit: Visit) -> Response:
    """The card of what stands in the enrollment form."""
    try:
        card, voice, request = _card(visit)
    except Refused as why:
        return show_problem(visit, why)
    visit.note("saw", "card without enrollment")
    sent = [(name, value) for name, value in visit.fields.multi_items() if name not in ("form", "once", "phone")]
    notes = card_notes(request)
    return visit.page("card.html", enrollment=None, name=request.name, card=card, voice=voice, notes=notes, sent=sent)


def download(visit: Visit) -> Response:
    """The same for a calendar; neither the file's name nor anything in it names the patient."""
    try:
        card, voice, _ = _card(visit)
    except Refused as why:
        return show_problem(visit, why)
    visit.note("saw", "calendar without enrollment")
    return Response(
        write_calendar(card, voice, f"{uuid4()}@notifier", visit.now),
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="aftercare.ics"'},
    )


def _card(visit: Visit) -> tuple[Card, Voice, EnrollRequest]:
    """Raises Refused for what must be mended in the form first."""
    office, form = visit.office, form_of(visit)
    if office.missing:
        raise Refused(" ".join(office.missing))
    protocol = office.protocols.get(form.protocol)
    request = form.request(protocol, office.rules, visit.now)
    with reading(office.engine) as session:
        found = preview(session, request, protocols=office.protocols, rules=office.rules, now=visit.now)
    if problems := [one for one in found.problems if one.field not in _OF_ENROLLING]:
        raise problems[0]
    if found.plan is None or protocol is None:
        raise Refused("choose a protocol and a time first")
    voice = office.rules.at(request.office).voice
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
