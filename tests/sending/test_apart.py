"""Texts of one number that an outage, a hold or a late start made due at once leave a quarter of an hour apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from notifier.db.engine import writing
from notifier.domain.states import MessageState
from notifier.sending.apart import JUST_LEFT, waits_until
from notifier.sending.claim import claim
from schedules.send_window import OpenHours, SendWindow
from tests.setups.fakes import created_but_lost
from tests.setups.sending import ALWAYS, Sending

S = MessageState
QUARTER, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
NEW_YORK = ZoneInfo("America/New_York")
KINDS = ("restrict", "care", "lift", "ask", "expect", "warning")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 6, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def test_how_long_a_text_waits_for_the_one_before_it() -> None:
    """The window closes at 20:00, and a quarter of it must remain; a minute before that is the last moment."""
    hours, closes = OpenHours(SendWindow(), NEW_YORK, staffed=ALWAYS), at(20)
    table = [
        ("care", None, at(12), at(18), None),
        ("care", at(11, 50), at(12), at(18), at(12, 5)),
        ("restrict", at(11, 50), at(12), at(18), at(12, 5)),
        ("correction", at(11, 50), at(12), at(18), at(12, 5)),
        ("care", at(11, 45), at(12), at(18), None),
        ("care", at(11, 50), at(12), at(12, 5), at(12, 4)),  # it would expire
        ("care", at(11, 50), at(12), at(12, 1), None),
        ("care", at(19, 30), at(19, 31), at(23), at(19, 45)),
        ("care", at(19, 31), at(19, 32), at(23), at(19, 44)),  # the window would close
        ("care", at(19, 31), at(19, 44), at(23), None),
        ("ask", at(11, 50), at(12), at(18), at(12, 5)),
        ("ask", at(21, 50), at(22), at(23, 30), None),  # nobody would be there for the answer
        *((kind, at(11, 50), at(12), at(18), None) for kind in ("reply", "first", "test", "warning")),
    ]
    for kind, last_left, now, expires_at, until in table:
        assert (kind, now, until) == (
            kind,
            now,
            waits_until(kind, hours, last_left=last_left, closes=closes, expires_at=expires_at, now=now, day0=None),
        )


async def test_what_is_due_at_once_leaves_by_need_and_apart_whoever_of_the_number_it_is_for(sending: Sending) -> None:
    """What warns leaves at once, and so does what is for another number."""
    whose, sister = sending.enroll(), sending.enroll(folded_name="eva ruiz")
    began = sending.clock.now()
    sending.daily_cap = 9
    sending.start()
    texts = {
        "third": sending.plan(sister, expires_at=began + timedelta(hours=20)),
        "first": sending.plan(whose, kind="restrict", topics=["sun"]),
        "second": sending.plan(sister, kind="lift", expires_at=began + timedelta(hours=9)),
        "warning": sending.plan(sister, kind="warning"),
        "elsewhere": sending.plan(sending.enroll(phone="+12125550102"), phone="+12125550102"),
    }
    for _ in range(5):
        await sending.turn()
        sending.clock.pass_(minutes=8)
    left = {name: one - began for name, text in texts.items() if (one := sending.message(text).left_at)}
    zero, minutes = timedelta(0), timedelta(minutes=1)
    assert {
        "warning": zero, "elsewhere": zero, "first": 16 * minutes, "second": 32 * minutes,
    } == left  # fmt: skip
    waits = sending.message(texts["third"])
    assert (S.PLANNED, JUST_LEFT, began + 47 * minutes) == (waits.state, waits.reason, waits.due_at)
    assert 1 == [one.what for one in sending.events(texts["third"])].count("put_off")


async def test_a_lift_reaches_the_phone_a_quarter_after_the_rule_however_late_that_is(sending: Sending) -> None:
    whose = sending.enroll(catches_up=True)
    rule = sending.plan(whose, kind="restrict", topics=["sun"])
    lift = sending.plan(whose, kind="lift", topics=["sun"])
    for _ in range(30):
        await sending.turn()
        sending.clock.pass_(minutes=1)
    told, lifted = sending.message(rule).left_at, sending.message(lift).left_at
    assert told
    assert lifted
    assert QUARTER <= lifted - told < QUARTER + 2 * MINUTE


async def test_a_text_of_which_nobody_knows_whether_it_left_counts_and_one_that_did_not_leave_does_not(
    sending: Sending,
) -> None:
    """Of two workers, too: what the other has claimed is on its way."""
    sending.open_gate()
    lost, other = sending.plan(), sending.plan(1)
    sending.gateway.script.append(created_but_lost)
    await sending.turn()
    assert (S.UNKNOWN, S.PLANNED) == (sending.state(lost), sending.state(other))
    phone = "+12125550102"
    two = [sending.plan(sending.enroll(phone=phone, folded_name=name), phone=phone) for name in ("a", "b")]
    for worker in ("one", "two"):
        with writing(sending.engine) as session:
            claim(session, sending.rules, now=sending.clock.now(), worker_id=worker, limit=1)
    assert {S.ATTEMPTING, S.PLANNED} == {sending.state(text) for text in two}
    bounced = sending.plan(sending.enroll(phone="+12125550103"), phone="+12125550103", state=S.FAILED,
                           left_at=sending.clock.now())  # fmt: skip
    after = sending.plan(sending.message(bounced).enrollment_id, phone="+12125550103")
    await sending.turn()
    assert S.ACCEPTED == sending.state(after)


async def late_mix(sending: Sending, dice: Random, phone: str) -> dict[int, datetime | None]:
    """When each of some late texts of one number leaves, if it does; the window closes in less than three hours."""
    whose = sending.enroll(phone=phone, folded_name=phone)
    began, texts = sending.clock.now(), list[int]()
    for _ in range(dice.randint(3, 6)):
        ends = timedelta(minutes=dice.choice([5, 16, 20, 40, 90, 600]))
        texts.append(sending.plan(whose, phone=phone, kind=dice.choice(KINDS), expires_at=began + ends))
    for _ in range(30):
        if (then := (await sending.turn()).next_due) is None:
            break
        sending.clock.pass_until(then + timedelta(seconds=dice.choice([0, 3])))
    return {text: sending.message(text).left_at for text in texts}


async def test_in_a_late_mix_no_two_leave_closer_and_none_is_lost_by_that(
    sqlite_house: Sending,
) -> None:
    sending, began = sqlite_house, at(17)
    sending.daily_cap = 9
    sending.start()
    for seed in range(4):
        sending.clock.pass_until(began + timedelta(days=2 * seed))
        mix = await late_mix(sending, Random(seed), f"+1212555{seed:04}")
        assert None not in mix.values()
        by_time = sorted((left, text) for text, left in mix.items() if left)
        for (one, _), (other, text) in pairwise(by_time):
            message = sending.message(text)
            last = min(message.expires_at, at(19, 45) + timedelta(days=2 * seed))
            is_named = message.kind == "warning" or one + QUARTER >= last - MINUTE
            assert other - one >= QUARTER or is_named, (seed, message.kind)
