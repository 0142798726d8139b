"""Receive what a patient wrote: stored once, acted upon where it is clear, left to people where it is not."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.conversations.answer_texts import plan_words
from notifier.conversations.answers import choices, open_questions, outcome
from notifier.conversations.auto_reply import ONE_IN, UNKNOWN_AN_HOUR, USEFUL_FOR, AnswerRules
from notifier.conversations.reading.classify import language_of_urgent, read_reply
from notifier.conversations.reading.meanings import Meaning, Reading
from notifier.conversations.reading.vocabulary import vocabulary
from notifier.conversations.reply_texts import (
    answer_step,
    answers_for,
    answers_to_unknown,
    one_at_a_time,
    plan_reply,
    was_answered,
)
from notifier.conversations.tryout_replies import file_tryout_reply
from notifier.db.enrollments import numbers_since
from notifier.db.fixed_answers import approved_answers
from notifier.db.postgresql import announce
from notifier.db.rows import insert_if_new
from notifier.db.seen_to import mark_answered
from notifier.db.tables import Reply
from notifier.domain.offices import Offices, office_of_sender
from notifier.numbers.asks import ask_no_more
from notifier.numbers.open_replies import hold_by_reply
from notifier.numbers.opt_outs import is_opted_out, opt_in, opt_out
from notifier.numbers.staff_phones import tester_on

_FILED: Final = frozenset({Meaning.STOP, Meaning.START, Meaning.HELP, Meaning.HARMLESS})
_BY: Final = "patient"
_NUMBER: Final = re.compile(r"\+?[0-9]{5,15}")
"""A number that a phone can text: in E.164, or a short code. "rcs:…" is none, nor one that the provider hides."""


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text as the provider gave it to us."""

    sid: str
    phone: str
    """Who wrote; E.164."""
    text: str
    at: datetime
    media_count: int = 0
    opt_out_type: str | None = None
    """Twilio's own verdict, where it gives one."""
    written_to: tuple[str | None, ...] = ()
    """The number that the patient wrote to, and its messaging service, as far as they are known."""


def receive(
    session: Session, inbound: InboundText, now: datetime, *, answers: AnswerRules | None = None
) -> Meaning | None:
    """Store a reply and do what it asks; None where it was stored before (webhook and poll both bring it).

    `answers`: how urgent words, and words that nobody reads now, are answered; None: not at all.
    """
    # "rcs:+1…" and "whatsapp:+1…" are the same person, whose wish counts for the number.
    inbound = replace(inbound, phone=inbound.phone.rpartition(":")[2][:20], text=_storable(inbound.text))
    one_at_a_time(session, inbound.phone)  # a STOP and a START must see each other
    opted_out = is_opted_out(session, inbound.phone) is not None
    questions = open_questions(session, inbound.phone, inbound.at)
    read = read_reply(
        inbound.text, inbound.opt_out_type, inbound.media_count, asked=choices(questions), opted_out=opted_out
    )
    if (tester := tester_on(session, inbound.phone)) is not None:
        return file_tryout_reply(
            session, tester.id or 0, sid=inbound.sid, phone=inbound.phone, at=inbound.at, meaning=read.meaning,
            source=_source(inbound),
        )  # fmt: skip
    given = outcome(session, questions, read.choice) if read.choice else None
    meaning, urgent = read.meaning, given.is_urgent if given else read.urgent
    files_itself = given.files_itself if given else _files_itself(session, inbound, read)
    office = _office(session, inbound, answers.offices) if answers and answers.offices else None
    row = {
        "sid": inbound.sid,
        "phone": inbound.phone,
        "at": inbound.at,
        "text": inbound.text,
        "media_count": inbound.media_count,
        "meaning": meaning.value,
        "urgent": urgent,
        "closed_at": now if files_itself else None,
        "closed_by": "itself" if files_itself else None,
        "office": office,
        "ask_id": given.ask_id if given else None,
        "choice": given.choice if given else None,
        "written_to": next((one for one in inbound.written_to if one and _NUMBER.fullmatch(one)), None),
    }
    if not insert_if_new(session, Reply, row):
        return _learn(session, inbound, meaning, now)
    announce(session)  # another worker may be about to call this number
    ask_no_more(session, [one.ask for one in questions], at=now, by=_BY)
    mark_answered(session, inbound.phone, inbound.at)
    _act(session, inbound, meaning, now)
    if not files_itself:
        _hold(session, inbound, now)
    if given is not None and given.gets_text:
        if answers is not None and not opted_out:
            plan_words(session, given, _id_of(session, inbound), answers, written_at=inbound.at, now=now)
        return meaning
    here = answers.at(office) if answers else None
    by_twilio = meaning is Meaning.HELP and inbound.opt_out_type is not None
    if here is not None and not by_twilio and here.wanted(meaning, urgent=urgent, written_at=inbound.at, now=now):
        _answer(session, inbound, here, office, now, urgent=urgent)
    return meaning


def _files_itself(session: Session, inbound: InboundText, read: Reading) -> bool:
    """Nobody has to read it. A stop with more words, or from a number that is nobody's, tells staff something."""
    if read.urgent or read.meaning not in _FILED:
        return False
    return read.meaning is not Meaning.STOP or (read.alone and answers_for(session, inbound.phone) is not None)


def _storable(text: str) -> str:
    """The text as every database takes it: PostgreSQL has no place for NUL, and none takes half of an emoji, which a
    carrier that cuts a long text in two may leave."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _office(session: Session, inbound: InboundText, offices: Offices) -> str | None:
    """Whose number was written to, unless it is a patient of another office; else that of the newest enrollment."""
    written_to = office_of_sender(offices, [one for one in inbound.written_to if one])
    on_number = answers_for(session, inbound.phone, office=written_to)
    return written_to if on_number is None else on_number.office


def _answer(
    session: Session, inbound: InboundText, answers: AnswerRules, office: str | None, now: datetime, *, urgent: bool
) -> None:
    """The fixed answer, to somebody who has not said stop and has had none lately. To urgent words also where nobody
    enrolled the number: a patient may write from another phone. It names no patient."""
    phone = inbound.phone
    enrollment = answers_for(session, phone, office=office)
    if is_opted_out(session, phone) or (enrollment is None and not _may_answer_unknown(session, now, urgent=urgent)):
        return
    if was_answered(session, phone, since=now - ONE_IN, urgent=urgent):
        return
    step = answer_step(_id_of(session, inbound), urgent=urgent)
    language = enrollment.language if enrollment else language_of_urgent(inbound.text) or answers.language
    words = answers.say(language, now, approved_answers(session))
    plan_reply(
        session, enrollment, phone, words, step=step, now=now, until=inbound.at + USEFUL_FOR, by="worker",
        office=office,
    )  # fmt: skip


def _id_of(session: Session, inbound: InboundText) -> int:
    return session.scalars(select(col(Reply.id)).where(col(Reply.sid) == inbound.sid)).one() or 0


def _may_answer_unknown(session: Session, now: datetime, *, urgent: bool) -> bool:
    """A flood of made-up urgent words must not spend the clinic's money; somebody is alerted instead."""
    return urgent and answers_to_unknown(session, since=now - timedelta(hours=1)) < UNKNOWN_AN_HOUR


def _learn(session: Session, inbound: InboundText, meaning: Meaning, now: datetime) -> Meaning | None:
    """What the webhook adds to a reply that a poll brought first: only the webhook carries Twilio's own verdict."""
    if inbound.opt_out_type is None or meaning not in (Meaning.STOP, Meaning.START):
        return None
    learned = update(Reply).where(col(Reply.sid) == inbound.sid, col(Reply.meaning) != meaning.value)
    written_at = session.scalar(learned.values(meaning=meaning.value).returning(col(Reply.at)))
    if written_at is None:
        return None
    _act(session, replace(inbound, at=written_at), meaning, now)
    return meaning


def _act(session: Session, inbound: InboundText, meaning: Meaning, now: datetime) -> None:
    if meaning is Meaning.STOP and not _wrote_since(session, inbound, Meaning.START):
        opt_out(session, inbound.phone, source=_source(inbound), at=now, by=_BY, wrote=inbound.text)
        for newer in numbers_since(session, inbound.phone, inbound.at):
            opt_out(session, newer, source="number_changed", at=now, by=_BY)
    elif meaning is Meaning.START and not _said_stop_since(session, inbound):
        opt_in(session, inbound.phone, at=now, by=_BY, wrote=inbound.text)


def _said_stop_since(session: Session, inbound: InboundText) -> bool:
    """Whether the patient wrote, or said at the desk, that no more is wanted, after writing this."""
    stored = is_opted_out(session, inbound.phone)
    at_the_desk = stored is not None and stored.source == "staff" and stored.at > inbound.at
    return at_the_desk or _wrote_since(session, inbound, Meaning.STOP)


def _wrote_since(session: Session, inbound: InboundText, meaning: Meaning) -> bool:
    """Whether a later text said the opposite: replies may reach us out of order. At the same second a STOP counts."""
    later = col(Reply.at) > inbound.at if meaning is Meaning.START else col(Reply.at) >= inbound.at
    found = select(col(Reply.id)).where(col(Reply.phone) == inbound.phone, col(Reply.meaning) == meaning.value, later)
    return session.execute(found.limit(1)).first() is not None


def _hold(session: Session, inbound: InboundText, now: datetime) -> None:
    """Until somebody closes it, the reply holds the patient's number, and a newer one since the message."""
    newer = numbers_since(session, inbound.phone, inbound.at)
    hold_by_reply(session, _id_of(session, inbound), [inbound.phone, *newer], at=now)


def _source(inbound: InboundText) -> str:
    if inbound.opt_out_type:
        return "twilio"
    return "keyword" if inbound.text.strip().casefold() in vocabulary().stop | {"cancel", "end", "quit"} else "phrase"
