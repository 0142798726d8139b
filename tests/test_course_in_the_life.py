"""A course of sessions with a text that repeats, as the worker lives it: paused, held, on quiet days, treated again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import Message
from notifier.enrollments.command import Command
from notifier.enrollments.commands import Hold, Resume
from notifier.enrollments.lifecycle import apply
from notifier.oversight.explain import explain
from notifier.publishing.pause import pause, unpause
from notifier.tasks.sources import is_open_text
from schedules.quiet_days import QuietDays
from schedules.send_window import SendWindow
from tests.schedules.plans import lift, protocol, step
from tests.test_day_in_the_life import MARIA, Clinic, at, clinic

__all__ = ["clinic"]

COURSE = protocol(
    step("today", "restrict", at={"hours": 1}, topics=["makeup"], text={"en": "no makeup"}, stale_after={"hours": 9}),
    lift("makeup", text={"en": "makeup again"}),
    step(
        "wash",
        "care",
        repeat={"days": [0, 1, 2, 3], "at": ["09:30", "19:00"]},
        text={"en": "wash"},
        stale_after={"hours": 3},
    ),
    step(
        "new",
        "expect",
        at={"day": 1, "time": "12:00"},
        only_if={"session": "first"},
        text={"en": "{session}/{sessions}"},
    ),
    step("next", "rebook", at={"day": 5, "time": "11:00"}, text={"en": "book"}),
    restrictions={"makeup": {"hours": 24}},
)
TREATED = at("2026-03-07T15:30")
SATURDAY = [("Sat 07 15:30", "wash"), ("Sat 07 16:30", "no makeup"), ("Sat 07 19:00", "wash")]
SUNDAY = [("Sun 08 09:30", "wash"), ("Sun 08 12:00", "1/2"), ("Sun 08 16:30", "makeup again")]


def enroll(clinic: Clinic, session: str = "1", when: str = "2026-03-07T15:30") -> int:
    """Maria's session of two, of this course."""
    clinic.protocols = {"plan": COURSE}
    clinic.rules = replace(clinic.rules, first_text=False, max_texts_per_day=4)
    clinic.start_worker()
    return clinic.enroll(when, protocol="plan", treated_at=at(when), session=session, sessions="2", rebook_consent=True)


def command(clinic: Clinic, enrollment: int, command: Command, when: str) -> None:
    with writing(clinic.engine) as session:
        apply(session, enrollment, command, rules=clinic.rules, now=at(when), by="desk")


def to_do(clinic: Clinic) -> list[str]:
    """The texts that ask for a person."""
    with reading(clinic.engine) as session:
        found = select(col(Message.step)).where(*is_open_text(clinic.clock.now())).order_by(col(Message.id))
        return list(session.scalars(found))


async def test_a_paused_step_holds_all_its_occurrences_and_those_that_were_missed_ask_nobody(clinic: Clinic) -> None:
    enroll(clinic)
    await clinic.live_through("2026-03-07T15:30", "2026-03-08T08:00")
    known: dict[str, Any] = {"now": at("2026-03-08T08:00"), "by": "desk", "step": "wash", "reason": "wrong soap"}
    with writing(clinic.engine) as session:
        pause(session, "plan", protocols=clinic.protocols, **known)
    with reading(clinic.engine) as session:
        (tonight,) = session.scalars(select(Message).where(col(Message.step) == "wash.d1-1900"))
        said = "\n".join(explain(session, tonight.id or 0, rules=clinic.rules, now=known["now"]))
    assert "“wash” is paused by desk: wrong soap." in said
    await clinic.live_through("2026-03-08T08:00", "2026-03-09T08:00")
    assert [*SATURDAY, *SUNDAY[1:]] == clinic.heard(MARIA)
    with writing(clinic.engine) as session:
        unpause(session, "plan", **{**known, "now": at("2026-03-09T08:00")})
    await clinic.live_through("2026-03-09T08:00", "2026-03-14T00:00")
    rest = [("Mon 09 09:30", "wash"), ("Mon 09 19:00", "wash"), ("Tue 10 09:30", "wash"), ("Tue 10 19:00", "wash")]
    assert [*SATURDAY, *SUNDAY[1:], *rest, ("Thu 12 11:00", "book")] == clinic.heard(MARIA)
    assert [] == to_do(clinic)


async def test_a_hold_and_a_second_session_leave_of_the_repeat_what_is_still_to_come(clinic: Clinic) -> None:
    """After the last session nobody is asked to book."""
    first = enroll(clinic)
    await clinic.live_through("2026-03-07T15:30", "2026-03-08T08:00")
    command(clinic, first, Hold("travels"), "2026-03-08T08:00")
    await clinic.live_through("2026-03-08T08:00", "2026-03-08T14:00")
    command(clinic, first, Resume(), "2026-03-08T14:00")
    await clinic.live_through("2026-03-08T14:00", "2026-03-09T08:00")
    assert [*SATURDAY, ("Sun 08 14:00", "1/2"), SUNDAY[2], ("Sun 08 19:00", "wash")] == clinic.heard(MARIA)
    await clinic.live_through("2026-03-09T08:00", "2026-03-09T15:30")
    heard = len(clinic.heard(MARIA))
    enroll(clinic, "2", "2026-03-09T15:30")
    await clinic.live_through("2026-03-09T15:30", "2026-03-20T00:00")
    after = [text for _, text in clinic.heard(MARIA)[heard:]]
    assert [1, 1, 0, 0] == [after.count(text) for text in ("no makeup", "makeup again", "book", "1/2")]
    assert [] == to_do(clinic)


async def test_quiet_days_take_out_what_repeats_and_move_the_rest_though_the_plan_knew_nothing_of_them(
    clinic: Clinic,
) -> None:
    """The setting is changed on Saturday night: the sender holds what was planned for Sunday."""
    enroll(clinic)
    await clinic.live_through("2026-03-07T15:30", "2026-03-08T00:00")
    clinic.window = SendWindow(quiet=QuietDays.parse("Sun"))
    clinic.start_worker()
    await clinic.live_through("2026-03-08T00:00", "2026-03-10T00:00")
    monday = [text for text in clinic.heard(MARIA) if text not in SATURDAY]
    assert {"Mon 09"} == {when[:6] for when, _ in monday}
    assert {"wash", "1/2", "makeup again"} == {text for _, text in monday}
    assert [] == to_do(clinic)
