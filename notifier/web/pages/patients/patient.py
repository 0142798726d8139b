"""One patient: the recovery as a picture, every text with its reason, what was said, and what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.conversations.inbox import conversation
from notifier.conversations.notes import notes_on
from notifier.db import enrollments
from notifier.db.engine import reading
from notifier.db.protocols import UnreadableVersion
from notifier.db.tables import Enrollment, Event, StaffForm
from notifier.domain.instants import zone_called
from notifier.domain.kinds import FIRST
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.enrollments.commands import ConsentWithdrawn
from notifier.enrollments.field_values import stored as stored_value
from notifier.enrollments.fields import KEPT, NOTES, Kind
from notifier.enrollments.outlook import plan_when_enrolled
from notifier.enrollments.plans import facts_of, facts_without_protocol
from notifier.numbers.holds import is_held_whole
from notifier.numbers.never_text import never_texted_of
from notifier.numbers.open_replies import what_holds_for
from notifier.numbers.opt_outs import is_opted_out
from notifier.oversight import forecast, history
from notifier.oversight.gates import gates_of_patient
from notifier.oversight.informed import informed_of
from notifier.oversight.naming import name_and_day, with_names
from notifier.oversight.worklists import as_open
from notifier.tasks.close import EVENTS, SILENCE_CLOSED
from notifier.web.pages.desk.reply import reply_box
from notifier.web.pages.patients.enroll_form import zones
from notifier.web.pages.patients.first_text import first_text_of
from notifier.web.view import NotFound, Page, View
from notifier.web.widgets.conversation_view import conversation_view
from notifier.web.widgets.recovery_chart import Picture, draw
from notifier.web.widgets.timeline_view import Bubble, stored
from schedules.own_lengths import read_length
from schedules.plain import length_in_words

_MOST_SAID = 100
_A_DAY = timedelta(days=1)


def show(view: View) -> Response:
    """Everything about one enrollment."""
    context, token = view.context, view.desk.token
    with reading(context.engine) as session:
        enrollment = enrollments.by_id(session, view.number("enrollment"))
        if enrollment is None:
            raise NotFound
        values = _values(session, view, enrollment)
    return view.page("patient.html", enrollment=enrollment, desk_token=token, **values)


def _values(session: Session, view: View, enrollment: Enrollment) -> dict[str, Any]:
    context = view.context
    whose = enrollment.id or 0
    messages = history.texts_of(session, whose)
    reasons = {line.message: line.reason for line in forecast.show(session, whose) if line.reason}
    zone = zone_called(enrollment.timezone)
    bubbles = stored(messages, zone, reasons)
    unreadable: UnreadableVersion | None = None
    try:
        facts = facts_of(session, enrollment)
        ends = plan_when_enrolled(session, enrollment, context.rules).timeline.restrictions
    except UnreadableVersion as why:
        facts, ends, unreadable = facts_without_protocol(enrollment), (), why
    own = facts.moments.ends
    replies = conversation(session, enrollment, _MOST_SAID)
    happened = history.of_enrollment(session, whose)
    return {
        "facts": facts,
        "unreadable": unreadable,
        "patient_zone": zone,
        "restrictions": ends,
        "told": informed_of(session, enrollment),
        "gates": gates_of_patient(session, enrollment),
        "put_off": [topic for topic, end in ends if end != own.get(topic)],
        "has_texts_to_come": any(one.state is MessageState.PLANNED for one in messages) or not enrollment.treated_at,
        "picture": _picture(facts, bubbles, view.now, ends),
        "conversation": conversation_view(
            [(one, as_open(one).must_be_released) for one in replies if context.rules.is_yours(one.office)],
            bubbles,
            zone=zone,
            day0=facts.local_day,
            now=view.now,
        ),
        "waits": any(one.closed_at is None and context.rules.is_yours(one.office) for one in replies),
        "elsewhere": sum(not context.rules.is_yours(one.office) for one in replies),
        "first": first_text_of(session, whose, zone, view.now),
        "box": reply_box(session, view, enrollment),
        "opt_out": is_opted_out(session, enrollment.phone),
        "never_texted": bool(never_texted_of(session, {whose})),
        "withdrawn": _withdrawn(session, enrollment, (event for event, _ in happened)),
        "holds": what_holds_for(session, enrollment.phone, enrollment.office),
        "others": [
            one
            for one in enrollments.sharing_phone(session, enrollment.phone)
            if one.id != enrollment.id and context.rules.is_yours(one.office)
        ],
        "patient_notes": notes_on(session, enrollment, context.rules.yours),
        "history": happened,
        "misread": _misread((event for event, _ in happened), view.now),
        "reopens": _reopens((event for event, _ in happened), {one.id for one in messages if one.seen_to}),
        "warnings": _warnings(session, view, whose),
        "own_lengths": "; ".join(f"{topic}={length}" for topic, length in facts.restrictions.items()),
        "length_in_words": length_in_words,
        "said_lengths": {topic: length_in_words(read_length(one)) for topic, one in facts.restrictions.items()},
        "zones": zones(context.rules.timezone, enrollment.timezone),
        "protocols": context.protocols,
        "notes": [(one, stored_value(one, enrollment)) for one in NOTES],
        "flags": [(one, bool(stored_value(one, enrollment))) for one in KEPT if one.kind is Kind.FLAG],
    }


def _picture(
    facts: EnrollmentFacts, bubbles: list[Bubble], now: datetime, ends: tuple[tuple[str, datetime], ...]
) -> Picture | None:
    if not ends:
        return None
    last = [one for one in bubbles if one.kind not in ("rebook", FIRST)]
    return draw(ends, last, anchor=facts.anchor.at, zone=zone_called(facts.timezone), now=now)


def _withdrawn(session: Session, enrollment: Enrollment, latest_first: Iterable[Event]) -> Event | None:
    """The withdrawal of consent that still holds every text to the number: when, by whom, and as what it came."""
    if enrollment.consent_withdrawn_at is None or not is_held_whole(session, enrollment.phone):
        return None
    return next((one for one in latest_first if one.what == ConsentWithdrawn.event), None)


def _reopens(latest_first: Iterable[Event], closed: Collection[int | None]) -> dict[int | None, str]:
    """The work about texts that a person has closed, by the event that closed it."""
    found: dict[int | None, TaskRef] = {}
    for event in latest_first:
        kind = {**dict.fromkeys(EVENTS.values(), TaskKind.TEXT), SILENCE_CLOSED: TaskKind.SILENCE}.get(event.what)
        if kind and event.message_id in closed and event.message_id not in {one.number for one in found.values()}:
            found[event.id] = TaskRef(kind, event.message_id or 0)
    return {event: str(ref) for event, ref in found.items()}


def _warnings(session: Session, view: View, enrollment_id: int) -> list[str]:
    """The warnings of the enrollment, shown right after it."""
    token = view.request.query_params.get("form", "")
    sent = session.get(StaffForm, token) if token else None
    found = sent.warnings or [] if sent is not None and sent.enrollment_id == enrollment_id else []
    return with_names(session, found, name_and_day)


def _misread(latest_first: Iterable[Event], now: datetime) -> list[Event]:
    """What a change of the last day has made wrong of what was sent, by text the latest: who changed it may not have
    called yet."""
    found: dict[int | None, Event] = {}
    for one in latest_first:
        if one.what == "wrong_now" and now - one.at < _A_DAY:
            found.setdefault(one.message_id, one)
    return list(found.values())


PAGES = (Page("GET", "/patients/{enrollment:int}", show, live=True),)
