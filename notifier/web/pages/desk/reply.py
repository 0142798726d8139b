"""A reply to a patient: what leaves is shown once more, then sent once, however often the form is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.responses import Response

from notifier.access import accounts
from notifier.access.idempotency import AnotherBody, claim_form, finish_form
from notifier.conversations.inbox import last_reply
from notifier.conversations.reply import StaffReply, find_reply, may_reply_until, send_reply
from notifier.db.engine import reading, writing
from notifier.db.enrollments import the_enrollment
from notifier.db.tables import Enrollment, Reply
from notifier.domain.refused import RefusalCode, Refused
from notifier.numbers.opt_outs import is_opted_out
from notifier.oversight.offered_answers import OfferedAnswer, fill_saved_answer, offered_answers
from notifier.web.view import Page, View, redirect

_ASK_AGAIN: Final = frozenset(
    {RefusalCode.REPLIED_MEANWHILE, RefusalCode.TAKEN_BY_COLLEAGUE, RefusalCode.MESSAGE_CAME_MEANWHILE}
)
"""Shown beside the words once more: a colleague or the patient was faster, and one may still send one's own."""


@dataclass(frozen=True, slots=True)
class ReplyBox:
    """Whether the patient may be replied to by text now, and until when; else why not and what to do."""

    until: datetime | None
    why_not: str | None
    opted_out: bool
    saved: Sequence[OfferedAnswer] = ()


def reply_box(session: Session, view: View, enrollment: Enrollment) -> ReplyBox:
    """What the patient's page offers now."""
    phone = enrollment.phone
    opted_out = is_opted_out(session, phone) is not None
    if view.context.missing:
        return ReplyBox(None, " ".join(view.context.missing), opted_out)
    try:
        until = may_reply_until(session, enrollment, phone, rules=view.context.rules, now=view.now)
        return ReplyBox(until, None, opted_out, _saved(session, view, enrollment))
    except Refused as why:
        return ReplyBox(None, str(why), opted_out)


def write(view: View) -> Response:
    """Show the words as they would leave; with the button pressed on exactly these, send them."""
    whose, once = view.number("enrollment"), _once(view)
    if view.context.missing:
        raise Refused(" ".join(view.context.missing))
    refused: Refused | None = None
    with reading(view.context.engine) as session:
        words = _words(session, view, whose)
    if view.field("sure"):
        try:
            with writing(view.context.engine) as session:
                _send_once(session, view, whose, once, words)
            return redirect(f"/patients/{whose}#replied")
        except Refused as why:
            if why.code not in _ASK_AGAIN:
                raise
            refused = why
    with reading(view.context.engine) as session:
        enrollment = the_enrollment(session, whose)
        try:
            found, problem = _find(session, view, whose, words), refused
        except Refused as why:
            found, problem = None, why
        asked = _last_words(session, view, enrollment.phone)
    return view.page(
        "reply.html",
        status=422 if problem else 200,
        enrollment=enrollment,
        found=found,
        problem=problem,
        typed=words,
        saved=view.field("saved") if found else "",
        asked=asked,
        once=once,
    )


def _last_words(session: Session, view: View, phone: str) -> Reply | None:
    return last_reply(session, phone, view.context.rules.yours)


def _saved(session: Session, view: View, enrollment: Enrollment) -> list[OfferedAnswer]:
    context = view.context
    return offered_answers(session, enrollment, rules=context.rules, answers=context.answers, now=view.now)


def _words(session: Session, view: View, whose: int) -> str:
    """What was typed; where a saved answer was chosen, its words for this patient. Raises Refused with why not."""
    typed, saved = view.field("words").replace("\r\n", "\n"), view.field("saved")
    if not (saved.isascii() and saved.isdigit()):
        return typed
    context, enrollment = view.context, the_enrollment(session, whose)
    return fill_saved_answer(
        session, int(saved), enrollment, rules=context.rules, answers=context.answers, now=view.now
    )  # fmt: skip


def _find(session: Session, view: View, whose: int, words: str) -> StaffReply:
    return find_reply(
        session,
        words,
        rules=view.context.rules,
        now=view.now,
        enrollment_id=whose,
    )


def _send_once(session: Session, view: View, whose: int, once: str, words: str) -> None:
    """The second of two clicks finds the form's token in the table, and changes nothing."""
    digest = hashlib.sha256(f"{whose}\n{words}".encode()).hexdigest()
    try:
        if claim_form(session, once, digest, now=view.now) is not None:
            return
    except AnotherBody:
        raise Refused(
            "this form has sent another reply already; open the patient's page anew and write it there"
        ) from None
    found = _find(session, view, whose, words)
    send_reply(
        session, found, rules=view.context.rules, now=view.now, by=view.who.by,
        after=_number(view, "after"), seen=_number(view, "seen"), take_over=view.field("over") == "yes",
    )  # fmt: skip
    finish_form(session, once, whose)
    accounts.audit(
        session, at=view.now, by=view.who.by, what="did", about="reply", enrollment_id=whose, source=view.source
    )  # fmt: skip


def _number(view: View, name: str) -> int | None:
    typed = view.field(name)
    return int(typed) if typed.isascii() and typed.isdigit() else None


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
