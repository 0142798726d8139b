"""Why a text was, was not, or will be sent: the rule, the moment, what moved it, every check and every attempt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.enrollments import by_id
from notifier.db.events import of_message
from notifier.db.protocols import UnreadableVersion, load_version, open_pauses
from notifier.db.tables import Attempt, Circuit, Enrollment, Message, RecoveryKind
from notifier.domain.counted import counted
from notifier.domain.kinds import REPLY, step_in_words
from notifier.domain.phone import area_zones
from notifier.domain.planning.difference import UNSENT
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.open_replies import what_holds_for
from notifier.numbers.opt_outs import is_opted_out
from notifier.oversight.answers import what_followed
from notifier.oversight.explain_beside import BESIDE_THE_PLAN, say_cleared, say_gate, say_useful, say_when, why_it_is_so
from notifier.oversight.gates import gates_to_clear
from notifier.sending.decide import Send, Wait
from notifier.sending.facts import DECIDED_BY, Due, FactsOfBatch
from notifier.sending.gates.circuits import open_circuits, what_stops
from notifier.sending.gates.heartbeats import works
from notifier.sending.gates.polls import gate_is_open
from notifier.sending.gates.recoveries import open_recoveries
from notifier.sending.outcomes.save import ASKED_TO_WAIT
from schedules.asking import first_asking
from schedules.catch_up import is_catch_up
from schedules.offsets import Moment
from schedules.own_lengths import read_length
from schedules.plain import city_of, key_in_words, length_in_words, moment_in_words
from schedules.protocol import CareProtocol, Step
from schedules.quiet_days import quiet_days
from schedules.saying import say_hour

_FREE: Final = "Nothing keeps it from leaving when due."
_NOT_NOW: Final = "By the checks of now it would then"
LONGEST_WAIT: Final = timedelta(minutes=5)
"""That a provider's wish to wait is heeded for."""


def explain(session: Session, message_id: int, *, rules: PlanningRules, now: datetime | None = None) -> list[str]:
    """Sentences for staff, in the order of what happened; with `now`, also what every check says as things stand.

    Raises Refused where there is no such message.
    """
    found = find_text(session, message_id)
    if found is None:
        raise Refused(f"there is no message {message_id}", code=RefusalCode.MESSAGE_UNKNOWN)
    message, enrollment = found
    beside_the_plan = BESIDE_THE_PLAN.get(message.kind)
    rule = beside_the_plan(message, enrollment) if beside_the_plan else _the_rule(session, message, enrollment)
    checks = list(_the_checks(session, message, enrollment, rules, now)) if now else []
    stands = _where_it_stands(session, message, enrollment, rules, now)
    stopped = list(_what_stops_all(session, message, now)) if now else []
    if stopped or any(_NOT_NOW in sentence for sentence in checks):
        stands = [sentence for sentence in stands if sentence != _FREE]
    return [
        *rule,
        *(() if beside_the_plan else _the_moment(session, message, enrollment, rules)),
        *stands,
        *checks,
        *stopped,
        *([followed] if (followed := what_followed(session, message)) else []),
        *_the_attempts(session, message, enrollment),
        *_what_happened(session, message, enrollment),
    ]


def find_text(session: Session, message_id: int) -> tuple[Message, Enrollment] | None:
    """A text and whose it is; None where there is no such message."""
    message = outbox.by_id(session, message_id)
    enrollment = by_id(session, message.enrollment_id) if message and message.enrollment_id is not None else None
    return None if message is None or enrollment is None else (message, enrollment)


def _the_rule(session: Session, message: Message, enrollment: Enrollment) -> list[str]:
    try:
        protocol = load_version(session, enrollment.protocol, enrollment.version)
    except UnreadableVersion as why:
        return [f"Message {message.id} is “{step_in_words(message.step)}” ({key_in_words(message.kind)}); {why}."]
    times = "once" if message.revision == 1 else f"{message.revision} times"
    again = f", planned again {times}" if message.revision else ""
    what = f"“{step_in_words(message.step)}” ({key_in_words(message.kind)})"
    said = [
        f"Message {message.id} is {what} of enrollment {enrollment.id}{again}.",
        f"Its protocol is {protocol.title}, version {protocol.version}.",
    ]
    if is_catch_up(message.step):
        topics = ", ".join(key_in_words(topic) for topic in message.topics or ())
        return [*said, f"It is a catch-up: no other text tells the patient of {topics} any more."]
    step = next((one for one in protocol.steps if one.key == first_asking(message.step)), None)
    if step is None:
        return [*said, "This version of the protocol has no such step: it is from the one before a change."]
    source = f"Source: {step.source}." if step.source else "No page says this; the protocol's author does."
    return [*said, _say_rule(step, protocol, enrollment.restrictions or {}), source]


def _say_length(topic: str, protocol: CareProtocol, own: Mapping[str, str]) -> str:
    said = length_in_words(protocol.restrictions[topic])
    return f"{length_in_words(read_length(own[topic]))}, not the protocol's {said}" if topic in own else said


def _say_rule(step: Step, protocol: CareProtocol, own: Mapping[str, str]) -> str:
    if step.repeat is not None:
        return f"It is one of several: {moment_in_words(step)}."
    if step.at is None:
        topics = [f"{key_in_words(topic)} ({_say_length(topic, protocol, own)})" for topic in step.lifts]
        return f"It leaves when what it lifts has ended: {', '.join(topics)}."
    if step.at.day is not None and step.at.day < 0:
        away = counted(-step.at.day, "day")
        return f"It is planned for {away} before the visit{f', at {say_hour(step.at.time)}' if step.at.time else ''}."
    return f"It is planned for {_unit(step.at)} after the {'visit' if step.kind == 'prepare' else 'treatment'}."


def _unit(offset: Moment) -> str:
    unit = next(unit for unit in offset.UNITS if getattr(offset, unit) is not None)
    number = getattr(offset, unit)
    at = f" at {say_hour(offset.time)}" if offset.time else ""
    if unit in ("day", "until_day"):
        return f"{unit.replace('_', ' ')} {number}{at}"
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}{at}"


def _the_moment(session: Session, message: Message, enrollment: Enrollment, rules: PlanningRules) -> list[str]:
    anchor, what = enrollment.treated_at, "the end of the treatment"
    if anchor is None:
        anchor, what = enrollment.appointment_at, "the appointment"
    if message.due_at is None and message.state in UNSENT:
        return say_gate(message, enrollment, gates_to_clear(session, enrollment, message))
    said = [
        f"It counts from {what}, {say_when(anchor, enrollment)}, on the clock of {city_of(enrollment.timezone)}.",
        *say_cleared(message, enrollment),
        f"So its own moment is {say_when(message.nominal_at, enrollment)}.",
    ]
    said += [f"{note[0].upper()}{note[1:].rstrip('.')}." for note in message.notes or []]
    if message.due_at is None:
        said.append("It found no open hour in which it was still useful, so staff tell the patient in person.")
    else:
        window = rules.at(enrollment.office).window
        hours = f"from {say_hour(window.opens)} to {say_hour(window.closes)}"
        quiet = window.quiet | quiet_days(enrollment.quiet_days)
        hours += f", but on quiet days ({quiet}) only what cannot wait" if quiet else ""
        said.append(f"It is due at {say_when(message.due_at, enrollment)}; texts may leave {hours}.")
    if message.not_before > message.nominal_at:
        said.append(f"It may not leave before {say_when(message.not_before, enrollment)}.")
    return [*said, say_useful(message, enrollment)]


def _where_it_stands(
    session: Session, message: Message, enrollment: Enrollment, rules: PlanningRules, now: datetime | None
) -> list[str]:
    said = f"It is {key_in_words(message.state.value)}{why_it_is_so(message)}."
    if message.state is not MessageState.PLANNED:
        return [said]
    keeps = list(_what_keeps_it(session, message, enrollment, rules, now))
    return [said, *keeps, *([_FREE] if message.due_at and not keeps else [])]


def _what_keeps_it(
    session: Session, message: Message, enrollment: Enrollment, rules: PlanningRules, now: datetime | None
) -> Iterator[str]:
    if message.kind != REPLY:
        yield from _what_keeps_a_step(session, message, enrollment)
    if is_opted_out(session, message.phone):
        yield "The number has opted out, so it does not leave."
    waiting = open_recoveries(session)
    late = waiting.get(RecoveryKind.LATE)
    if RecoveryKind.RESTORED in waiting:
        yield "Nothing is sent: the database is a restored backup, and Twilio must be asked what has left since."
    elif late and message.kind != REPLY and message.due_at and message.due_at <= late.up_to:
        yield "It is late after an outage and waits for a person to let the late texts leave."
    sender = _sender_of(enrollment, rules)
    for circuit in open_circuits(session):
        if circuit.sender is None or circuit.sender == sender or (sender is None and _is_nobodys(circuit, rules)):
            stops = what_stops(circuit).rstrip(".")
            yield f"{stops[0].upper()}{stops[1:]}."
    if now is not None and (waits := _why_sender_waits(session, _through(sender, rules), now)):
        yield f"Its sender waits: {waits}"


def _sender_of(enrollment: Enrollment, rules: PlanningRules) -> str | None:
    """The office's own sender; None: the clinic's."""
    office = rules.offices.get(enrollment.office) if enrollment.office else None
    return office.sender if office else None


def _is_nobodys(circuit: Circuit, rules: PlanningRules) -> bool:
    """Whether the circuit's sender is no office's own, and so the clinic's."""
    return circuit.sender not in {office.sender for office in rules.offices.values()}


def _through(sender: str | None, rules: PlanningRules) -> ColumnElement[bool]:
    """The condition that an enrollment's texts leave through this sender; None: the clinic's."""
    with_sender = {office.id for office in rules.offices.values() if office.sender == sender}
    others = set(rules.offices) - with_sender
    if sender is not None:
        return col(Enrollment.office).in_(with_sender)
    return col(Enrollment.office).is_(None) | col(Enrollment.office).not_in(others)


def _why_sender_waits(session: Session, through: ColumnElement[bool], now: datetime) -> str | None:
    """What Twilio has asked of the sender; it stands at the text that it was asked for."""
    found = (
        select(col(Message.reason))
        .join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        .where(
            outbox.in_state(MessageState.PLANNED),
            col(Message.due_at) > now,
            col(Message.due_at) <= now + LONGEST_WAIT,
            col(Message.reason).contains(ASKED_TO_WAIT),
            through,
        )
    )
    return session.scalar(found.order_by(col(Message.due_at).desc()).limit(1))


def _what_keeps_a_step(session: Session, message: Message, enrollment: Enrollment) -> Iterator[str]:
    if enrollment.state not in (EnrollmentState.ACTIVE, EnrollmentState.BOOKED):
        yield f"The enrollment is {key_in_words(enrollment.state.value)}, so it does not leave."
    for hold in what_holds_for(session, message.phone, enrollment.office):
        if hold.covers(message.kind):
            yield f"The number is on hold: {hold.reason}."
    for pause in open_pauses(session):
        if pause.protocol == enrollment.protocol and pause.step in (None, first_asking(message.step)):
            yield f"“{key_in_words(pause.step or pause.protocol)}” is paused by {_who(pause.by)}: {pause.reason}."


def _the_checks(
    session: Session, message: Message, enrollment: Enrollment, rules: PlanningRules, now: datetime
) -> Iterator[str]:
    """What a claim would decide when it is due (now, where that has passed), by what is known today."""
    if message.state is not MessageState.PLANNED or message.due_at is None:
        return
    found = select(*DECIDED_BY).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
    due, at = Due.of(session.execute(found.where(col(Message.id) == message.id)).one()), max(now, message.due_at)
    facts = FactsOfBatch.of(
        session, [due], window=rules.window, offices=rules.offices, staffed=rules.staffed_clock,
        most=rules.max_texts_per_day,
        now=at, only_look=True)  # fmt: skip
    zones = [city_of(zone) for zone in area_zones(message.phone) if zone != enrollment.timezone]
    if zones:
        yield f"By its area code the number may also be in {' or '.join(zones)}: no text leaves in the night there."
    match facts.decide(due, at):
        case Send(late=late):
            yield f"Every check of now lets it leave then{', in its late wording' if late else ''}."
        case Wait() as wait:
            yield f"{_NOT_NOW} wait until {say_when(wait.until, enrollment)}: {wait.why}."
        case withdraw:
            yield f"{_NOT_NOW} be {key_in_words(withdraw.to.value)}: {withdraw.why}."


def _what_stops_all(session: Session, message: Message, now: datetime) -> Iterator[str]:
    """Why a text that is due has not left, though nothing of its own keeps it."""
    if message.state is not MessageState.PLANNED or message.due_at is None or message.due_at > now:
        return
    if not works(session, now):
        yield "It is due, and no worker is running: nothing leaves."
    elif not gate_is_open(session, now):
        yield "It is due, and nothing leaves until what patients wrote has been read at Twilio; see: notifier doctor."


def _the_attempts(session: Session, message: Message, enrollment: Enrollment) -> list[str]:
    found = select(Attempt).where(col(Attempt.message_id) == message.id).order_by(col(Attempt.started_at))
    said = []
    for number, attempt in enumerate(session.scalars(found), 1):
        outcome = key_in_words(attempt.outcome or "no answer yet")
        more = [str(one).rstrip(".") for one in (attempt.code, attempt.sid, attempt.detail) if one]
        often = "once" if attempt.empty_lists == 1 else f"{attempt.empty_lists} times"
        is_open = attempt.empty_lists and outcome != "not created"
        looked = [f"Twilio's list did not have it, {often}"] if is_open else []
        when, what = say_when(attempt.started_at, enrollment), "; ".join([outcome, *more, *looked])
        said.append(f"Attempt {number}, {when}: {what}.")
    return said


def _what_happened(session: Session, message: Message, enrollment: Enrollment) -> list[str]:
    said = []
    for event in of_message(session, message.id or 0):
        what = key_in_words(event.what)
        states = (key_in_words(one or "nothing") for one in (event.from_state, event.to_state))
        moved = " to ".join(states) if event.from_state != event.to_state else what
        why = f": {event.why.rstrip('.')}" if event.why and event.why != message.step else ""
        said.append(f"{say_when(event.at, enrollment)}: {moved}, by {_who(event.by)}{why}.")
    return said


def _who(by: str) -> str:
    return by.rpartition(":")[2]
