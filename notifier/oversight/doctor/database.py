"""What the doctor looks at in the database: its shape, its worker, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from notifier.conversations.auto_reply import AnswerRules
from notifier.db import schema
from notifier.db.engine import file_of, open_engine, reading
from notifier.db.errors import DatabaseFailure
from notifier.db.filesystems import refuse_network
from notifier.db.fixed_answers import approved_answers
from notifier.db.outbox import in_state
from notifier.db.protocols import approvals, last_approved, open_pauses
from notifier.db.tables import Event
from notifier.db.visibility import enrolled_elsewhere
from notifier.domain.counted import counted
from notifier.domain.offices import say_lost_offices
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.numbers.holds import open_holds
from notifier.numbers.open_replies import numbers_with_open_replies
from notifier.oversight.alerts.on_call import OnCall
from notifier.oversight.alerts.stored_alerts import open_alerts
from notifier.oversight.alerts.stored_channels import channel_rows
from notifier.oversight.doctor.alerts import check_answer, check_channels, check_undelivered
from notifier.oversight.doctor.backlog import check_backlog, check_disk
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.oversight.doctor.forgetting import check_deletions
from notifier.oversight.doctor.open_work import check_open_work
from notifier.oversight.doctor.worker import look_at_worker
from notifier.oversight.health import spoken_span
from notifier.sending.gates.circuits import open_circuits, what_stops
from notifier.sending.gates.heartbeats import doubts
from notifier.sending.gates.polls import gate_is_open, since_last_poll
from notifier.sending.gates.recoveries import sentences
from notifier.tasks.counts import count_tasks
from schedules.languages.registry import languages
from schedules.protocol import CareProtocol

_CLOCKS_DIFFER = timedelta(minutes=1)


def check_database(
    address: str,
    rules: PlanningRules,
    now: datetime,
    protocols: Mapping[str, CareProtocol],
    *,
    contacts: OnCall,
    answers: AnswerRules | None,
) -> Iterator[Diagnosis]:
    """Open the database at this address without changing it, and look."""
    try:
        engine = open_engine(address)
    except DatabaseFailure as error:
        yield Diagnosis("database", Level.FAIL, str(error))
        return
    try:
        refuse_network(engine)
        schema.check_schema(engine)
        schema.check_file(engine)
        yield Diagnosis("database", Level.OK, f"{engine.dialect.name}, revision {schema.HEAD}")
        yield from check_disk(file_of(engine))
        with reading(engine) as session:
            yield from _check_clock(session, now)
            yield from _check_approvals(session, rules, protocols)
            yield from _check_sending(session, now)
            yield from check_backlog(session, now)
            yield from check_channels(contacts, channel_rows(session))
            yield from check_undelivered(open_alerts(session), now)
            yield from _check_answer(session, answers)
            yield from _check_waiting(session, now)
            yield from check_deletions(session, now)
            yield from _check_offices(session, rules)
    except schema.SchemaBehind as error:
        yield Diagnosis("database", Level.FAIL, str(error))
    except DatabaseFailure as error:
        yield Diagnosis("database", Level.FAIL, str(error))
    finally:
        engine.dispose()


def _check_clock(session: Session, now: datetime) -> Iterator[Diagnosis]:
    latest = session.scalar(select(func.max(col(Event.at))))
    if latest is not None and latest > now + _CLOCKS_DIFFER:
        found = f"it is behind what happened already at {latest:%Y-%m-%d %H:%M} UTC"
        yield Diagnosis("clock", Level.FAIL, found, "the machine's clock was set back, or it was ahead: set it right")


def _check_offices(session: Session, rules: PlanningRules) -> Iterator[Diagnosis]:
    lost = say_lost_offices(enrolled_elsewhere(session, rules.offices))
    yield from (Diagnosis("offices", Level.FAIL, sentence) for sentence in lost)


def _check_approvals(
    session: Session, rules: PlanningRules, protocols: Mapping[str, CareProtocol]
) -> Iterator[Diagnosis]:
    approved = sorted({f"{one.protocol} {one.version} {one.language}" for one in approvals(session)})
    if approved:
        yield Diagnosis("approvals", Level.OK, "; ".join(approved))
    elif rules.must_be_approved:
        advice = "a clinician reads one and says: notifier protocols approve PROTOCOL --by NAME"
        yield Diagnosis("approvals", Level.WARN, "no protocol is approved, so nobody can be enrolled", advice)
    else:
        yield Diagnosis("approvals", Level.OK, "none, and none is needed here")
    if rules.must_be_approved:
        for sentence in say_waiting_words(session, protocols):
            advice = "a clinician reads them and says: notifier protocols approve PROTOCOL --by NAME"
            yield Diagnosis("new words", Level.WARN, sentence, advice)


def say_waiting_words(session: Session, protocols: Mapping[str, CareProtocol]) -> list[str]:
    """The protocols whose present words are not approved while earlier ones are, each in a sentence."""
    last = last_approved(session, protocols.values())
    return [
        f"{protocol} in {language}: the words approved last ({words.version}) go on until a clinician has approved "
        f"the present ones ({protocols[protocol].version})"
        for (protocol, language), words in sorted(last.items(), key=lambda one: one[0])
    ]


def _check_answer(session: Session, answers: AnswerRules | None) -> Iterator[Diagnosis]:
    if answers is None or not answers.must_be_approved:
        return
    approved, spoken = approved_answers(session), [one.code for one in languages()]
    yield from check_answer(
        waiting=[one for one in spoken if approved.get(one, answers.wish(one)) != answers.wish(one)],
        never=[one for one in spoken if one not in approved],
    )


def _check_sending(session: Session, now: datetime) -> Iterator[Diagnosis]:
    alive, finding = look_at_worker(session, now)
    yield finding
    unread_for = since_last_poll(session, now)
    read = "was never read" if unread_for is None else f"was last read {spoken_span(unread_for)} ago"
    if gate_is_open(session, now):
        yield Diagnosis("send gate", Level.OK, f"open: what patients wrote {read}")
    else:
        level = Level.FAIL if alive else Level.WARN
        found = f"closed, so nothing leaves: what patients wrote {read}"
        advice = (
            "it opens when the worker can list inbound texts at Twilio; its log says why not: inbound_poll_incomplete"
        )
        yield Diagnosis("send gate", level, found, advice)
    for doubt in doubts(session, now):
        advice = "set it right; if it is right: notifier circuit reset"
        yield Diagnosis("clock", Level.FAIL, f"a worker sends nothing: {doubt}", advice)
    for sentence in sentences(session, now):
        yield Diagnosis("recovery", Level.FAIL, sentence, "look at them, then: notifier recover --apply")
    for circuit in open_circuits(session):
        advice = "mend it, then: notifier circuit reset"
        yield Diagnosis("circuit", Level.FAIL, what_stops(circuit), advice)


def _check_waiting(session: Session, now: datetime) -> Iterator[Diagnosis]:
    yield check_open_work(count_tasks(session, now), now)
    for pause in open_pauses(session):
        which = f"{pause.protocol}{f' step {pause.step}' if pause.step else ''}"
        yield Diagnosis("paused", Level.WARN, f"{which}, by {pause.by}: {pause.reason}", "to go on: notifier unpause")
    if holds := len({one.phone for one in open_holds(session)} | numbers_with_open_replies(session)):
        advice = "read it: notifier replies --open; then: notifier close REPLY or notifier release PHONE"
        yield Diagnosis("numbers held", Level.WARN, f"{holds} wait until somebody has read what they wrote", advice)
    review = select(func.count()).where(in_state(MessageState.NEEDS_REVIEW))
    if count := session.scalar(review):
        advice = "find out, then: notifier review MESSAGE --sent or --not-sent; notifier due lists them"
        found = f"of {counted(count, 'text nobody knows whether it', 'texts nobody knows whether they')} left"
        yield Diagnosis("to review", Level.WARN, found, advice)
