"""One patient's card to print, and the same as a calendar file."""

from __future__ import annotations

from starlette.responses import Response

from notifier.db import enrollments
from notifier.db.engine import reading
from notifier.db.tables import Enrollment
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from notifier.enrollments.field_values import card_notes
from notifier.enrollments.outlook import plan_when_enrolled
from notifier.enrollments.plans import facts_of
from notifier.web.view import NotFound, Page, View
from notifier.web.widgets.card import Card, make_card
from notifier.web.widgets.card_calendar import write_calendar

_NO_CARD = frozenset({EnrollmentState.NO_SHOW, EnrollmentState.CANCELLED})


def show(view: View) -> Response:
    """The card, to look at and to print."""
    enrollment, card = _card(view)
    voice = view.context.rules.at(enrollment.office).voice
    return view.page("card.html", enrollment=enrollment, card=card, voice=voice, notes=card_notes(enrollment))


def download(view: View) -> Response:
    """The card for a calendar. Neither the file's name nor anything in it names the patient."""
    enrollment, card = _card(view)
    view.saw("calendar", enrollment.id or 0)
    key = f"{enrollment.id}.clinic@notifier"
    content = write_calendar(card, view.context.rules.at(enrollment.office).voice, key, view.now)
    return Response(
        content,
        media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="aftercare.ics"'},
    )


def _card(view: View) -> tuple[Enrollment, Card]:
    """As planned at the enrollment: what it was too late to send then stands at the moment it was meant for."""
    context = view.context
    with reading(context.engine) as session:
        enrollment = enrollments.by_id(session, view.number("enrollment"))
        if enrollment is None:
            raise NotFound
        if enrollment.state in _NO_CARD:
            raise Refused("this enrollment has ended, so there is nothing to put on a card")
        facts = facts_of(session, enrollment)
        plan = plan_when_enrolled(session, enrollment, context.rules)
    return enrollment, make_card(plan, context.rules.at(enrollment.office).voice, facts.language, facts.first_name)


PAGES = (
    Page("GET", "/patients/{enrollment:int}/card", show),
    Page("GET", "/patients/{enrollment:int}/card.ics", download),
)
