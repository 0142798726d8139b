"""A reply to a patient: what leaves is shown once more, then sent once, however often the form is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.access import accounts
from notifier.access.idempotency import AnotherBody, claim_form, finish_form
from notifier.conversations.reply import StaffReply, find_reply, may_reply_until, send_reply
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment
from notifier.domain.refused import RefusalCode, Refused
from notifier.numbers.opt_outs import is_opted_out
from notifier.web.view import Page, View, redirect

_ASK_AGAIN: Final = frozenset({RefusalCode.REPLIED_MEANWHILE, RefusalCode.TAKEN_BY_COLLEAGUE})
"""Shown beside the words once more: a colleague was faster, and one may still send one's own."""


@dataclass(frozen=True, slots=True)
class ReplyBox:
    """Whether the patient may be replied to by text now, and until when; else why not and what to do."""

    until: datetime | None
    why_not: str | None
    opted_out: bool


def reply_box(session: Session, view: View, enrollment: Enrollment) -> ReplyBox:
    """What the patient's page offers now."""
    phone = enrollment.phone
    opted_out = is_opted_out(session, phone) is not None
    if view.context.missing:
        return ReplyBox(None, " ".join(view.context.missing), opted_out)
    try:
        until = may_reply_until(session, enrollment, phone, rules=view.context.rules, now=view.now)
        return ReplyBox(until, None, opted_out)
    except Refused as why:
        return ReplyBox(None, str(why), opted_out)


def write(view: View) -> Response:
    """Show the words as they would leave; with the button pressed on exactly these, send them."""
    whose, once = view.number("enrollment"), _once(view)
    if view.context.missing:
        raise Refused(" ".join(view.context.missing))
    refused: Refused | None = None
    if view.field("sure"):
        try:
            with writing(view.context.engine) as session:
                _send_once(session, view, whose, once)
            return redirect(f"/patients/{whose}#replied")
        except Refused as why:
            if why.code not in _ASK_AGAIN:
                raise
            refused = why
    with reading(view.context.engine) as session:
        enrollment = the_enrollment(session, whose)
        try:
            found, problem = _find(session, view, whose), refused
        except Refused as why:
            found, problem = None, why
    return view.page(
        "reply.html",
        status=422 if problem else 200,
        enrollment=enrollment,
        found=found,
        problem=problem,
        typed=view.field("words"),
        once=once,
    )


def _find(session: Session, view: View, whose: int) -> StaffReply:
    return find_reply(
        session,
        view.field("words").replace("\r\n", "\n"),
        rules=view.context.rules,
        now=view.now,
        enrollment_id=whose,
    )


def _send_once(session: Session, view: View, whose: int, once: str) -> None:
    """The second of two clicks finds the form's token in the table, and changes nothing."""
    digest = hashlib.sha256(f"{whose}\n{view.field('words')}".encode()).hexdigest()
    try:
        if claim_form(session, once, digest, now=view.now) is not None:
            return
    except AnotherBody:
        raise Refused(
            "this form has sent another reply already; open the patient's page anew and write it there"
        ) from None
    found = _find(session, view, whose)
    seen = view.field("after")
    send_reply(
        session, found, rules=view.context.rules, now=view.now, by=view.who.by,
        after=int(seen) if seen.isascii() and seen.isdigit() else None, take_over=view.field("over") == "yes",
    )  # fmt: skip
    finish_form(session, once, whose)
    accounts.audit(
        session, at=view.now, by=view.who.by, what="did", about="reply", enrollment_id=whose
    )  # fmt: skip


def _once(view: View) -> str:
    """The form's own token. The first form has none yet: what it leads to gets one."""
    given = view.field("once")
    if not given:
        return str(uuid4())
    try:
        return str(UUID(given))
    except ValueError:
        raise Refused("this form is incomplete; open the patient's page anew") from None


PAGES = (Page("POST", "/patients/{enrollment:int}/reply", write),)
