"""Take name, numbers and words out of every table that holds them; pseudonyms stand where one is compared."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.sealed_events import forget_content
from notifier.db.tables import (
    Alert,
    ApiResponse,
    Enrollment,
    Event,
    HookBooking,
    HookEvent,
    ImportFile,
    Message,
    NeverText,
    NumberHold,
    OptOut,
    PatientNote,
    Reply,
    ReplyPhone,
    SearchWord,
    StaffForm,
    StoredSearch,
)
from notifier.domain.names import fold_name
from notifier.domain.pseudonyms import ERASED, Pseudonyms
from notifier.maintenance.forgetting.subject import DataSubject, texts_of


def overwrite(session: Session, subject: DataSubject, pseudonyms: Pseudonyms) -> None:
    """All of it, in the caller's transaction."""
    _events(session, subject)
    _enrollments(session, subject, pseudonyms)
    _texts(session, subject, pseudonyms)
    _numbers(session, subject, pseudonyms)
    _what_others_posted(session, subject)
    _what_is_kept_a_day(session, subject)


def mentions(text: str, subject: DataSubject) -> bool:
    """Whether a document names the patient: by a number however it is written, an id of the clinic's own, or a name."""
    with suppress(ValueError):
        text += json.dumps(json.loads(text), ensure_ascii=False)
    text += unquote_plus(text)
    digits = re.sub(r"[^0-9]", "", text)
    if any(phone[-10:] in digits for phone in (*subject.phones, *subject.shared)):
        return True
    folded = fold_name(text)
    return any(one in text for one in subject.external_ids) or any(one in folded for one in subject.folded_names)


def _enrollments(session: Session, subject: DataSubject, pseudonyms: Pseudonyms) -> None:
    for one in session.scalars(select(Enrollment).where(col(Enrollment.id).in_(subject.enrollments))).all():
        one.phone, one.folded_name, one.name = pseudonyms.phone(one.phone), pseudonyms.name(one.folded_name), ERASED
        one.external_id = pseudonyms.external_id(one.external_id) if one.external_id else None
        _make_room(session, one)
        one.answers, one.informed, one.restrictions, one.cleared = {}, {}, {}, {}
        one.reason, one.decided_by, one.consent, one.imported_as = None, None, ERASED, None
        one.quiet_days = None
    session.flush()
    session.execute(delete(SearchWord).where(col(SearchWord.enrollment_id).in_(subject.enrollments)))
    session.execute(delete(PatientNote).where(col(PatientNote.enrollment_id).in_(subject.enrollments)))
    forms = update(StaffForm).where(col(StaffForm.enrollment_id).in_(subject.enrollments))
    session.execute(forms.values(digest="", warnings=None))


def _make_room(session: Session, one: Enrollment) -> None:
    """Somebody who was erased, enrolled again and erased again has the pseudonyms of the first time."""
    with session.no_autoflush:
        same = select(func.max(col(Enrollment.ordinal))).where(
            col(Enrollment.phone) == one.phone, col(Enrollment.folded_name) == one.folded_name,
            col(Enrollment.protocol) == one.protocol, col(Enrollment.treated_on) == one.treated_on,
        )  # fmt: skip
        last = session.scalar(same)
        if last is not None:
            one.ordinal = max(last + 1, one.ordinal)
        if one.external_id and session.scalar(
            select(col(Enrollment.id)).where(col(Enrollment.external_id) == one.external_id)
        ):
            one.external_id = None
        session.flush()


def _texts(session: Session, subject: DataSubject, pseudonyms: Pseudonyms) -> None:
    gone: dict[str, Any] = {"text": "", "late_text": None, "sent_text": None, "notes": [], "reason": None}
    for phone in (*subject.phones, *subject.shared):
        theirs: ColumnElement[bool] = col(Message.enrollment_id).in_(subject.enrollments)
        if phone in subject.phones:
            theirs = or_(theirs, col(Message.enrollment_id).is_(None))
        these = update(Message).where(col(Message.phone) == phone, theirs)
        session.execute(these.values(phone=pseudonyms.phone(phone), **gone))


def _events(session: Session, subject: DataSubject) -> None:
    """Why something was done may be in somebody's own words; what they were sealed as stays, and opens no more."""
    texts = select(col(Message.id)).where(texts_of(subject))
    theirs = or_(col(Event.enrollment_id).in_(subject.enrollments), col(Event.message_id).in_(texts))
    forget_content(session, theirs, subject.enrollments)


def _numbers(session: Session, subject: DataSubject, pseudonyms: Pseudonyms) -> None:
    """The patient's. A reply's `written_to` stays: it is the clinic's own number, and tells nothing of the patient."""
    for phone in subject.phones:
        pseudonym = pseudonyms.phone(phone)
        session.execute(update(Reply).where(col(Reply.phone) == phone).values(phone=pseudonym, text="", media_count=0))
        session.execute(update(OptOut).where(col(OptOut.phone) == phone).values(phone=pseudonym))
        session.execute(update(NumberHold).where(col(NumberHold.phone) == phone).values(phone=pseudonym, reason=ERASED))
        session.execute(update(ReplyPhone).where(col(ReplyPhone.phone) == phone).values(phone=pseudonym))
    known = or_(
        col(NeverText.enrollment_id).in_(subject.enrollments),
        col(NeverText.phone).in_(subject.phones) & col(NeverText.folded_name).in_(subject.folded_names),
        col(NeverText.external_id).in_(subject.external_ids) & col(NeverText.folded_name).in_(subject.folded_names),
    )
    for one in session.scalars(select(NeverText).where(known)).all():
        one.folded_name = pseudonyms.name(one.folded_name)
        one.phone = pseudonyms.phone(one.phone) if one.phone else None
        one.external_id = pseudonyms.external_id(one.external_id) if one.external_id else None
    session.flush()


def _what_others_posted(session: Session, subject: DataSubject) -> None:
    session.execute(delete(HookBooking).where(col(HookBooking.external_id).in_(subject.external_ids)))
    for post in session.scalars(select(HookEvent).execution_options(yield_per=200)):
        if mentions(post.body, subject) or (post.booking and mentions(post.booking, subject)):
            post.body, post.why, post.booking, post.state = "", None, None, "taken"
            post.event_id = f"{ERASED} {post.id}"
    for file in session.scalars(select(ImportFile)).all():
        if mentions(f"{file.file} {file.why or ''}", subject):
            file.file, file.why = ERASED, None
    for alert in session.scalars(select(Alert)).all():
        if mentions(alert.why, subject):
            alert.why = ERASED
    session.flush()


def _what_is_kept_a_day(session: Session, subject: DataSubject) -> None:
    """Answers to programs, and what somebody looked for at the desk."""
    for said in session.scalars(select(ApiResponse)).all():
        if said.answer is not None and mentions(json.dumps(said.answer), subject):
            session.delete(said)
    session.execute(delete(StoredSearch))
    session.flush()
