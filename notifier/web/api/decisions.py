"""What staff decide beside an enrollment's life: no more texts to a number, a protocol stopped, a patient replied to.

Release, close and review stay a person's: a program has not read what the patient wrote.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from notifier.access.idempotency import StoredResponse
from notifier.conversations.reply import StaffReply, find_reply, send_reply
from notifier.db.engine import reading, writing
from notifier.db.enrollments import sharing_phone
from notifier.enrollments.never_text import NeverTexted, never_text, plan_never_text
from notifier.numbers.release import OptedOut, opt_out_by_staff, plan_opt_out
from notifier.publishing.pause import pause, plan_pause
from notifier.web.api.callers import Caller, Changer
from notifier.web.api.once import IdempotencyKey, body_hash, once
from notifier.web.api.problems import Problem
from notifier.web.api.requests import CommandBody, Number, OptOutBody, PauseBody, ReplyBody
from notifier.web.api.responses import (
    NeverTextResponse,
    OptOutResponse,
    PauseResponse,
    StaffReplyResponse,
    WithdrawnResponse,
)
from notifier.web.api.route import keyed_router

router = keyed_router("decisions")


@router.post("/opt-outs")
def opt_out_number(body: OptOutBody, caller: Changer) -> OptOutResponse:
    """Never text this number again, as the patient asked. Said again, nothing changes."""
    engine = caller.context.engine
    if body.dry_run:
        with reading(engine) as session:  # also what is another office's: the number is opted out as a whole
            response = _opt_out_response(session, caller, plan_opt_out(session, body.phone), dry_run=True)
        with writing(engine) as session:
            _note(session, caller, "saw", response)
        return response
    with writing(engine) as session:
        done = opt_out_by_staff(session, body.phone, now=caller.now, by=caller.by)
        response = _opt_out_response(session, caller, done, dry_run=False)
        _note(session, caller, "did", response)
    return response


@router.post("/enrollments/{enrollment}/never-text")
def never_text_this_person(enrollment: Number, body: CommandBody, caller: Changer) -> NeverTextResponse:
    """Never text this person again, on whatever number; others on the number go on. Said again, nothing changes."""
    rules = caller.context.rules

    def end(session: Session) -> NeverTexted:
        if body.dry_run:
            return plan_never_text(session, enrollment, rules)
        return never_text(session, enrollment, rules=rules, now=caller.now, by=caller.by)

    done = (caller.read if body.dry_run else caller.write)(end, lambda _: enrollment)
    return NeverTextResponse(**asdict(done), dry_run=body.dry_run)


@router.post("/protocols/{protocol}/pause")
def pause_protocol(protocol: str, body: PauseBody, caller: Changer) -> PauseResponse:
    """Stop a bad text, or a whole protocol, at once; a person lets it go on. Said again, nothing changes."""
    context, reason = caller.context, body.reason
    if protocol not in context.protocols:
        raise Problem(404, "There is no protocol of this id.")

    def stop(session: Session) -> PauseResponse:
        if body.dry_run:
            new = plan_pause(session, protocol, reason=reason, protocols=context.protocols, step=body.step)
        else:
            new = pause(
                session, protocol, reason=reason, protocols=context.protocols, step=body.step,
                now=caller.now, by=caller.by,
            )  # fmt: skip
        return PauseResponse(protocol=protocol, step=body.step, dry_run=body.dry_run, already=not new)

    return (caller.read if body.dry_run else caller.write)(stop, lambda _: None)


@router.post("/replies/{reply}/answer", include_in_schema=False)  # its first address
@router.post("/replies/{reply}/reply")
def reply_to_patient(
    reply: Number, body: ReplyBody, caller: Changer, idempotency_key: IdempotencyKey = None
) -> StaffReplyResponse:
    """Reply to what a patient wrote; it stays open. A newer one than `after` refuses. The same words go once."""
    context = caller.context
    if context.missing:
        raise Problem(503, " ".join(context.missing))

    def find(session: Session) -> StaffReply:
        return find_reply(session, body.text, rules=context.rules, now=caller.now, reply_id=reply)

    if body.dry_run:
        return caller.read(
            lambda session: _staff_reply_response(find(session), dry_run=True), lambda one: one.enrollment
        )

    with writing(context.engine) as session:

        def do() -> StoredResponse:
            done = send_reply(
                session, find(session), rules=context.rules, now=caller.now, by=caller.by,
                after=body.after, take_over=body.take_over,
            )  # fmt: skip
            caller.note(session, "did", done.enrollment)
            return StoredResponse(200, _staff_reply_response(done, dry_run=False).model_dump(mode="json"))

        stored = once(session, caller, idempotency_key, body_hash(body, f"reply {reply} "), do)
    return StaffReplyResponse.model_validate(stored.body)


def _opt_out_response(session: Session, caller: Caller, done: OptedOut, *, dry_run: bool) -> OptOutResponse:
    """Texts for patients of other offices are only counted."""
    on_it = sharing_phone(session, done.phone)
    whose = {one.id for one in on_it if caller.context.rules.is_yours(one.office)}
    yours = [one for one in done.withdrawn if one.enrollment_id in whose]
    texts = [
        WithdrawnResponse(message=one.id or 0, enrollment=one.enrollment_id or 0, step=one.step, was_due_at=one.due_at)
        for one in yours
    ]
    return OptOutResponse(
        phone=done.phone, dry_run=dry_run, already=done.already, texts=texts, others=len(done.withdrawn) - len(yours)
    )


def _note(session: Session, caller: Caller, what: str, response: OptOutResponse) -> None:
    """Once for each patient whose texts are named, or once where none are."""
    whose: set[int | None] = {one.enrollment for one in response.texts}
    for enrollment in whose or {None}:
        caller.note(session, what, enrollment)


def _staff_reply_response(done: StaffReply, *, dry_run: bool) -> StaffReplyResponse:
    return StaffReplyResponse(
        message=None if dry_run else done.message,
        enrollment=done.enrollment,
        reply=done.reply,
        dry_run=dry_run,
        text=done.words,
        segments=done.segments.count,
        encoding=done.segments.encoding,
        until=done.until,
    )
