"""Texts that are due, why a text was or was not sent, and what patients wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from sqlalchemy.orm import Session

from notifier.db.pagination import due_page, reply_page
from notifier.db.tables import Reply
from notifier.domain.refused import Refused
from notifier.oversight import explain, forecast
from notifier.oversight.delivery import day_edges, delivery_of_days
from notifier.tasks.groups import PLACE, Place, task_page
from notifier.tasks.pieces import task_json
from notifier.tasks.silence import silent_patients
from notifier.web.api.callers import Reader
from notifier.web.api.pagination import format_moment_cursor, parse_moment_cursor, parse_number_cursor
from notifier.web.api.problems import Problem
from notifier.web.api.requests import Limit, MomentCursor, Number, NumberCursor
from notifier.web.api.responses import (
    DeliveryResponse,
    ExplainedResponse,
    MessagePage,
    MessageResponse,
    ReplyPage,
    ReplyResponse,
    SilentResponse,
    TaskPageResponse,
    TaskResponse,
)
from notifier.web.api.route import keyed_router

Within = Annotated[str, Query(pattern=r"^[0-9]{1,3}[hdw]$", description="How far ahead, like 12h, 7d or 2w.")]
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MOST_SILENT = 500
router = keyed_router("texts")


@router.get("/messages")
def list_messages(caller: Reader, within: Within = "7d", limit: Limit = 50, page: MomentCursor = None) -> MessagePage:
    """What is due, the first to leave first; also what is past due, and what nobody knows the fate of."""
    until = caller.now + timedelta(**{_UNITS[within[-1]]: int(within[:-1])})

    def query(session: Session) -> MessagePage:
        found = due_page(session, until=until, after=parse_moment_cursor(page), limit=limit + 1)
        lines = forecast.text_lines(session, found[:limit])
        items = [MessageResponse.model_validate(line) for line in lines]
        last = lines[-1] if len(found) > limit else None
        cursor = format_moment_cursor(last.due_at, last.message) if last and last.due_at else None
        return MessagePage(items=items, next_page=cursor)

    return caller.read(query)


@router.get("/messages/{message}")
def explain_message(message: Number, caller: Reader) -> ExplainedResponse:
    """One text, and in sentences why it was, was not, or will be sent."""
    context = caller.context

    def query(session: Session) -> ExplainedResponse:
        found = explain.find_text(session, message)
        if found is None:
            raise Problem(404, f"There is no message {message}.")
        texts = forecast.show(session, found[1].id or 0)
        response = MessageResponse.model_validate(next(one for one in texts if one.message == message))
        sentences = explain.explain(session, message, rules=context.rules, now=caller.now)
        return ExplainedResponse.model_validate({**response.model_dump(), "sentences": sentences})

    return caller.read(query, whose=lambda one: one.enrollment)


@router.get("/delivery")
def show_delivery(caller: Reader, days: Annotated[int, Query(ge=1, le=90)] = 14) -> DeliveryResponse:
    """Texts and answers by day, the median minutes to a person, and who was asked and has written nothing."""
    zone = caller.context.zone

    def query(session: Session) -> DeliveryResponse:
        found = delivery_of_days(session, day_edges(caller.now, zone, days), now=caller.now)
        silent = [
            SilentResponse(message=one.id or 0, enrollment=whose.id or 0, step=one.step, asked_at=one.left_at)
            for one, whose in silent_patients(session, caller.now, _MOST_SILENT)
        ]
        return DeliveryResponse.model_validate({**found.to_json(zone), "silent": silent})

    return caller.read(query)


@router.get("/replies")
def list_replies(
    caller: Reader,
    only_open: Annotated[bool, Query(alias="open", description="Only those that nobody has dealt with.")] = False,
    limit: Limit = 50,
    page: NumberCursor = None,
) -> ReplyPage:
    """What patients wrote, the latest first."""
    before = parse_number_cursor(page)

    def query(session: Session) -> ReplyPage:
        found = reply_page(session, only_open=only_open, before=before, limit=limit + 1)
        items = [_reply_response(one) for one in found[:limit]]
        return ReplyPage(items=items, next_page=str(items[-1].reply) if len(found) > limit else None)

    return caller.read(query)


@router.get("/tasks")
def list_tasks(
    caller: Reader,
    older: Annotated[bool, Query(description="Those with nothing new for three days.")] = False,
    limit: Limit = 50,
    page: Annotated[str | None, Query(pattern=PLACE, description="`next_page` of the page before.")] = None,
) -> TaskPageResponse:
    """What needs a person, by patient: urgent words first, then what has waited longest. `limit` counts patients."""

    try:
        after = Place.parse(page) if page else None
    except Refused:  # a day that there is not, which no pattern can say
        raise Refused("page must be next_page of the response before, as it is", "page") from None

    def query(session: Session) -> TaskPageResponse:
        found = task_page(session, caller.now, older=older, after=after, limit=limit)
        items = [TaskResponse.model_validate(task_json(task)) for group in found.groups for task in group.tasks]
        return TaskPageResponse(items=items, next_page=str(found.next) if found.next else None)

    return caller.read(query)


def _reply_response(one: Reply) -> ReplyResponse:
    names = ReplyResponse.model_fields.keys() - {"reply"}
    return ReplyResponse(reply=one.id or 0, **{name: getattr(one, name) for name in names})
