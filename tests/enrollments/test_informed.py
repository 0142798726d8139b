"""Told, then lifted: whatever takes its text from a rule, another tells it while it holds, or a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from notifier.db import outbox
from notifier.db.engine import reading
from notifier.db.tables import Enrollment, Event, Message
from notifier.domain.informed import Informed
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change, Hold, InformInPerson, Resume
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.replan import replan
from notifier.enrollments.sweep import sweep
from notifier.numbers.opt_outs import opt_in, opt_out
from notifier.oversight.informed import informed_of
from notifier.sending.uninformed import uninformed_lifts
from notifier.tasks.pieces import all_tasks
from tests.setups.clinic import ANA, BOB, ClinicSetup
from tests.setups.sending import open_house
from tests.setups.tasks import see_to

PLANNED, EXPIRED, CANCELLED = MessageState.PLANNED, MessageState.EXPIRED, MessageState.CANCELLED
DELIVERED, UNKNOWN, FAILED = MessageState.DELIVERED, MessageState.UNKNOWN, MessageState.FAILED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def follow(clinic: ClinicSetup, now: datetime) -> None:
    """What the worker does within a second."""
    assert 0 == clinic.act(replan, clinic.rules, now) or 0 == clinic.act(replan, clinic.rules, now)


def command(clinic: ClinicSetup, enrollment: int, what: Any, now: datetime) -> Any:
    return clinic.act(apply, enrollment, what, rules=clinic.rules, now=now, by="desk")


def moved(clinic: ClinicSetup, enrollment: int, step: str, *way: MessageState, at: datetime) -> None:
    seen, row = PLANNED, clinic.texts(enrollment)[step]
    for to in way:
        values = {"attempts": 1, "left_at": at, "sent_text": row.text} if to is MessageState.ATTEMPTING else {}
        assert clinic.act(outbox.move, row.id, seen=seen, to=to, at=at, by="test", why="so", **values)
        seen = to


def bounces(clinic: ClinicSetup, whose: int, at: datetime) -> None:
    clinic.send(clinic.texts(whose)["today"], at, to=MessageState.ACCEPTED)
    row = clinic.texts(whose)["today"]
    clinic.act(
        outbox.move, row.id, seen=MessageState.ACCEPTED, to=MessageState.UNDELIVERED, at=at, by="twilio", why="off"
    )


def expires(clinic: ClinicSetup, whose: int, at: datetime) -> None:
    moved(clinic, whose, "today", EXPIRED, at=at)


def was_not_sent(clinic: ClinicSetup, whose: int, at: datetime) -> None:
    moved(clinic, whose, "today", MessageState.ATTEMPTING, MessageState.NEEDS_REVIEW, CANCELLED, at=at)


def stops_and_starts(clinic: ClinicSetup, _whose: int, at: datetime) -> None:
    clinic.act(opt_out, ANA, source="keyword", at=clinic.now, by="patient")
    follow(clinic, clinic.now)
    clinic.act(opt_in, ANA, at=at, by="patient")


def has_a_new_number(clinic: ClinicSetup, whose: int, at: datetime) -> None:
    clinic.send(clinic.texts(whose)["today"], clinic.now + HOUR)
    command(clinic, whose, Change(ChangeRequest(phone=BOB)), at)


def is_held_and_resumed(clinic: ClinicSetup, whose: int, at: datetime) -> None:
    command(clinic, whose, Hold(), clinic.now)
    command(clinic, whose, Resume(), at)


def was_treated_earlier(clinic: ClinicSetup, whose: int, at: datetime) -> None:
    command(clinic, whose, Change(ChangeRequest(treated_at=clinic.now - DAY)), at)


EVENTS = (bounces, expires, was_not_sent, stops_and_starts, has_a_new_number, is_held_and_resumed, was_treated_earlier)


@pytest.mark.parametrize("event", EVENTS)
def test_a_rule_that_lost_its_text_gets_another_once_and_at_a_decent_hour(
    clinic: ClinicSetup, event: Callable[[ClinicSetup, int, datetime], None]
) -> None:
    """In the night after the treatment: 11 hours of no makeup are left at nine, and nearly all of the sun's week."""
    whose, night = clinic.enroll().enrollment, clinic.now + 10 * HOUR
    event(clinic, whose, night)
    follow(clinic, night)
    text = clinic.texts(whose)["catch-up"]
    assert (PLANNED, ["sun"], "restrict") == (text.state, text.topics, text.kind)
    assert (9, 0) == (clinic.local(text.due_at).hour, clinic.local(text.due_at).minute)
    assert "no sun" in text.text.lower()
    before = rows(clinic)
    for later in (night, night + HOUR, night + 9 * HOUR):
        missed, _ = clinic.act(sweep, 0)
        assert [] == missed
        follow(clinic, later)
        assert before == rows(clinic)
    assert PLANNED == clinic.states(whose)["sun-again"]


def test_a_lift_whose_rule_lost_its_text_is_found_though_no_event_asked_for_it(clinic: ClinicSetup) -> None:
    whose = clinic.enroll().enrollment
    assert ([], 0) == clinic.act(sweep, 0)
    bounces(clinic, whose, clinic.now)
    assert ([whose], 0) == clinic.act(sweep, 0)


def rows(clinic: ClinicSetup) -> list[tuple[Any, ...]]:
    with reading(clinic.engine) as session:
        found = session.scalars(select(Message).order_by(col(Message.id)))
        return [(one.id, one.step, one.state, one.due_at, one.text, one.topics) for one in found]


def test_while_nobody_knows_whether_the_rule_arrived_its_lift_waits(clinic: ClinicSetup) -> None:
    whose = clinic.enroll().enrollment
    clinic.send(clinic.texts(whose)["today"], clinic.now + HOUR, to=UNKNOWN)
    lift, row = clinic.texts(whose)["makeup-again"], clinic.texts(whose)["today"]
    assert {lift.id: "the text that tells the rule comes first (makeup)"} == waits(clinic, lift)
    clinic.act(outbox.move, row.id, seen=UNKNOWN, to=MessageState.ACCEPTED, at=clinic.now, by="test", why=None)
    assert {} == waits(clinic, lift)


def waits(clinic: ClinicSetup, *lifts: Message) -> dict[int, str]:
    with reading(clinic.engine) as session:
        return uninformed_lifts(session, [one.id for one in lifts if one.id], clinic.now)


def test_what_a_person_told_is_lifted_and_told_by_text_too_unless_it_is_in_writing(clinic: ClinicSetup) -> None:
    late, informed = clinic.now - 10 * HOUR, [None, "yes", "card"]
    found = {how: clinic.enroll(at=late, phone=f"+1212555020{n}", informed=how) for n, how in enumerate(informed)}
    states = {how: clinic.states(one.enrollment) for how, one in found.items()}
    assert [True, True, False] == ["catch-up" in states[how] for how in informed]
    lifts = [clinic.texts(found[how].enrollment)["makeup-again"] for how in ("yes", "card")]
    assert ([PLANNED] * 2, {}) == ([one.state for one in lifts], waits(clinic, *lifts))
    assert ["told in person: makeup, sun", "told in person: makeup, sun, in writing"] == events(clinic)


def events(clinic: ClinicSetup) -> list[str | None]:
    with reading(clinic.engine) as session:
        found = session.scalars(select(Event).where(col(Event.what) == "informed").order_by(col(Event.id)))
        return [one.why for one in found]


def test_telling_in_person_brings_a_withheld_lift_back_at_once(clinic: ClinicSetup) -> None:
    whose, night = clinic.enroll().enrollment, clinic.now + 10 * HOUR
    bounces(clinic, whose, night)
    follow(clinic, night)
    assert (EXPIRED, "not told") == (clinic.states(whose)["makeup-again"], clinic.texts(whose)["makeup-again"].reason)
    with pytest.raises(Refused, match=r'"nails" is no restriction of plain; say one of makeup, sun'):
        command(clinic, whose, InformInPerson(("nails",)), night)
    effect = command(clinic, whose, InformInPerson(("makeup",)), night)
    assert (["makeup-again"], ()) == ([one.step for one in effect.texts if one.what == "added"], effect.not_told)
    assert PLANNED == clinic.states(whose)["makeup-again"]


def test_told_in_person_on_a_text_that_could_not_be_sent_is_written_down(clinic: ClinicSetup) -> None:
    whose, night = clinic.enroll().enrollment, clinic.now + 10 * HOUR
    bounces(clinic, whose, night)
    follow(clinic, night)
    clinic.act(see_to, clinic.texts(whose)["makeup-again"].id, now=night, by="desk")
    follow(clinic, night)
    assert PLANNED == clinic.states(whose)["makeup-again"]
    with reading(clinic.engine) as session:
        one = session.get_one(Enrollment, whose)
        assert {"makeup": "in person", "sun": "not yet: its text is to come"} == informed_of(session, one)


@pytest.mark.parametrize(("protocol", "hours", "asked"), [("makeup-only", 10, []), ("plain", 26, ["makeup-again"])])
async def test_nobody_is_asked_any_more_to_tell_what_a_catch_up_has_told(
    clinic: ClinicSetup, protocol: str, hours: int, asked: list[str]
) -> None:
    """After 26 hours the rule on makeup is over: its lift asks for the call, and the text of the rule does not."""
    whose, late = clinic.enroll(protocol=protocol).enrollment, clinic.now + hours * HOUR
    expires(clinic, whose, late)
    follow(clinic, late)
    assert {"today", *asked} == listed(clinic, late)
    leaves = clinic.texts(whose)["catch-up"].due_at
    assert leaves is not None
    with open_house(clinic.engine, leaves) as house:
        await house.turn()
    follow(clinic, leaves)
    assert set(asked) == listed(clinic, leaves)


def listed(clinic: ClinicSetup, at: datetime) -> set[str]:
    with reading(clinic.engine) as session:
        return {session.get_one(Message, one.ref.number).step for one in all_tasks(session, at, limit=9)}


def test_a_catch_up_that_does_not_arrive_is_not_repeated_to_the_number_but_left_to_a_person(
    clinic: ClinicSetup,
) -> None:
    whose, night = clinic.enroll().enrollment, clinic.now + 10 * HOUR
    bounces(clinic, whose, night)
    follow(clinic, night)
    clinic.send(clinic.texts(whose)["catch-up"], night + 9 * HOUR, to=FAILED)
    follow(clinic, night + 9 * HOUR)
    assert ({"today", "catch-up", "makeup-again", "sun-again"}, "not told") == (
        set(clinic.texts(whose)),
        clinic.texts(whose)["sun-again"].reason,
    )
    command(clinic, whose, Change(ChangeRequest(phone=BOB)), night + 10 * HOUR)
    states = clinic.states(whose)
    assert [PLANNED, PLANNED] == [states["sun-again"], states["catch-up"]], "a new number is worth saying it to"


def test_who_was_enrolled_before_the_rule_hears_no_more_than_was_planned(clinic: ClinicSetup) -> None:
    """What a text named must have been told by it; what no step names was told in person."""
    whose = clinic.enroll(protocol="makeup-only", answers={"shaves": "yes"}).enrollment
    clinic.act(lambda session: session.execute(update(Enrollment).values(catches_up=False)))
    clinic.act(lambda session: session.execute(update(Message).where(col(Message.step) == "catch-up").values(kind="x")))
    expires(clinic, whose, clinic.now + 10 * HOUR)
    follow(clinic, clinic.now + 10 * HOUR)
    texts = clinic.texts(whose)
    assert (EXPIRED, "not told", PLANNED) == (
        texts["makeup-again"].state, texts["makeup-again"].reason, texts["shaving-again"].state
    )  # fmt: skip
    assert {} == waits(clinic, texts["shaving-again"])
    assert [Informed.SAID, Informed.CARD] == ["yes", "card"]
