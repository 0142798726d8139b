"""When a text leaves, quiet days are checked again: it is a Friday in New York."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from notifier.domain.states import MessageState
from schedules.quiet_days import QuietDays
from schedules.send_window import SendWindow
from tests.schedules.plans import at
from tests.sending.test_offices import OFFICES
from tests.setups.sending import Sending

S = MessageState
QUIET = SendWindow(quiet=QuietDays.parse("Fri"))
SATURDAY = at("2026-03-07T09:00")


async def test_on_a_quiet_day_a_warning_and_an_untold_rule_leave_and_the_rest_waits_for_the_next(
    sending: Sending,
) -> None:
    sending.window, sending.daily_cap = QUIET, 9
    sending.start()
    table = [
        ("restrict", ["sun"], S.ACCEPTED),
        ("warning", [], S.ACCEPTED),
        ("first", [], S.ACCEPTED),
        ("restrict", ["makeup"], S.PLANNED),  # it reminds
        ("lift", ["makeup"], S.PLANNED),
        *((kind, list[str](), S.PLANNED) for kind in ("care", "expect", "ask", "check_in", "rebook")),
    ]
    whose = sending.enroll(rebook_consent=True)
    sending.plan(whose, kind="restrict", topics=["makeup"], state=S.DELIVERED)
    texts = [sending.plan(whose, kind=kind, topics=topics) for kind, topics, _ in table]
    for _ in range(4):
        await sending.turn()
        sending.clock.pass_(minutes=15)
    assert [state for *_, state in table] == [sending.state(text) for text in texts]
    waiting = [sending.message(text) for text, (*_, state) in zip(texts, table, strict=True) if state is S.PLANNED]
    assert {("a quiet day", SATURDAY)} == {(message.reason, message.due_at) for message in waiting}


async def test_an_office_has_quiet_days_of_its_own_and_what_the_patient_wishes_holds_everything(
    sending: Sending,
) -> None:
    sending.offices = {"north": replace(OFFICES["north"], window=QUIET), "west": OFFICES["west"]}
    sending.start()
    cases = [("north", None, S.PLANNED), ("west", None, S.ACCEPTED), ("west", "Fri", S.PLANNED)]
    texts = []
    for number, (office, wish, _) in enumerate(cases):
        phone, kind = f"+1212555{number:04}", "warning" if wish else "care"
        whose = sending.enroll(office=office, quiet_days=wish, phone=phone, name=phone, folded_name=phone)
        texts.append(sending.plan(whose, kind=kind, phone=phone))
    sending.plan(sending.enroll(quiet_days="Fri", ordinal=1), expires_at=SATURDAY - timedelta(minutes=1))
    await sending.turn()
    assert [state for *_, state in cases] == [sending.state(text) for text in texts]
    last = sending.message(texts[-1] + 1)
    said = "a quiet day, and no open hour was left before it expired"
    assert (S.EXPIRED, said) == (last.state, last.reason)
