"""Close what a patient wrote with a decision. A release, and an end for good, are shown once more first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.conversations.close import close_reply
from notifier.conversations.inbox import the_reply
from notifier.db.engine import reading, writing
from notifier.db.enrollments import sharing_phone
from notifier.db.tables import Reply
from notifier.domain.open_replies import TextsDecision
from notifier.domain.refused import Refused
from notifier.domain.tasks import TaskKind, TaskRef
from notifier.numbers.held_lifts import NO_LIFTS
from notifier.numbers.open_replies import numbers_held_by
from notifier.numbers.release import plan_release, release
from notifier.web.pages.desk.back import back_to
from notifier.web.pages.desk.offered_lifts import lifts_on, read_ids, unsaid_of
from notifier.web.view import Page, View, redirect


def close(view: View) -> Response:
    """One reply, with a decision."""
    decision = _decision(view.field("texts"))
    number = view.number("reply")
    lifts = lifts_on(view, *_numbers_of(view, number)) if decision is TextsDecision.GO_ON else NO_LIFTS
    not_offered = not {one.id for one in lifts.to_say} <= read_ids(view.field("offered"))
    if not view.field("sure") and (decision is TextsDecision.END or not_offered):
        with reading(view.context.engine) as session:
            reply = the_reply(session, number)
            _note_look(session, view, reply)
            values: dict[str, Any] = {"back": back_to(view), "texts": decision.value, "lifts": lifts, "elsewhere": 0}
            return view.page("close_reply.html", reply=reply, messages=[reply], **values)
    with writing(view.context.engine) as session:
        close_reply(session, number, decision, now=view.now, by=view.who.by, unsaid=unsaid_of(view, lifts.to_say))
    view.note("did", f"close a reply: texts {decision.value}")
    return redirect(back_to(view, undo=[TaskRef(TaskKind.REPLY, number)]))


def release_number(view: View) -> Response:
    """Everything that is open on the number of one reply; what is not among what was seen refuses."""
    with reading(view.context.engine) as session:
        reply = the_reply(session, view.number("reply"))
        yours = view.context.rules.yours
        unread = _open_on(session, reply.phone, yours)
        elsewhere = len(plan_release(session, reply.phone)) - len(unread)
        lifts = lifts_on(view, reply.phone)
        if not view.field("sure"):
            _note_look(session, view, reply)
            values: dict[str, Any] = {"back": back_to(view), "texts": None, "lifts": lifts, "elsewhere": elsewhere}
            return view.page("close_reply.html", reply=reply, messages=unread, **values)
    seen, unsaid = read_ids(view.field("seen")), unsaid_of(view, lifts.to_say)
    with writing(view.context.engine) as session:
        release(session, reply.phone, now=view.now, by=view.who.by, seen=seen, yours=yours, unsaid=unsaid)
    view.note("did", "release a number")
    return redirect(back_to(view))


def _numbers_of(view: View, reply: int) -> list[str]:
    with reading(view.context.engine) as session:
        return numbers_held_by(session, reply)


def _open_on(session: Session, phone: str, yours: Collection[str] | None) -> list[Reply]:
    found = [session.get(Reply, one.id) for one in plan_release(session, phone, yours)]
    return sorted((one for one in found if one is not None), key=lambda one: one.at)


def _note_look(session: Session, view: View, reply: Reply) -> None:
    view.saw("what is open on a number", *(one.id or 0 for one in sharing_phone(session, reply.phone)))


def _decision(typed: str) -> TextsDecision:
    try:
        return TextsDecision(typed)
    except ValueError:
        raise Refused("say what becomes of the texts: they go on, stay held, or end") from None


PAGES = (
    Page("POST", "/replies/{reply:int}/close", close),
    Page("POST", "/replies/{reply:int}/release", release_number),
)
