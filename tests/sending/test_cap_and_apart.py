"""When a text leaves, the texts of its number are counted again: how many on this day, and how long ago the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from notifier.domain.states import MessageState
from tests.setups.sending import Sending

S = MessageState
QUARTER = timedelta(minutes=15)


def told(sending: Sending, enrollment: int, *topics: str, hours_ago: int, **values: object) -> int:
    """A text about these rules that has left today."""
    left_at = sending.clock.now() - timedelta(hours=hours_ago)
    return sending.plan(
        enrollment, kind="restrict", topics=list(topics), state=S.DELIVERED, left_at=left_at, due_at=left_at, **values
    )


async def test_on_a_full_day_a_rule_leaves_that_nothing_has_told_and_a_reminder_of_it_does_not(
    sending: Sending,
) -> None:
    whose = sending.enroll()
    told(sending, whose, "sun", hours_ago=3)
    told(sending, whose, "sun", hours_ago=2)
    table = [
        ("restrict", ["sun"], S.PLANNED),  # a reminder
        ("restrict", [], S.PLANNED),  # names no rule
        ("restrict", ["sun", "makeup"], S.ACCEPTED),  # makeup is told by nothing else
        ("warning", [], S.ACCEPTED),
        ("care", [], S.PLANNED),
    ]
    texts = [sending.plan(whose, kind=kind, topics=topics) for kind, topics, _ in table]
    for _ in table:
        await sending.turn()
        sending.clock.pass_(minutes=15)
    assert [state for *_, state in table] == [sending.state(text) for text in texts]
    assert "2 texts have left for this number today" == sending.message(texts[0]).reason


async def test_a_rule_told_to_another_number_or_not_at_all_is_untold(sending: Sending) -> None:
    whose = sending.enroll()
    told(sending, whose, "sun", hours_ago=3, phone="+12125550199")
    for hours in (2, 3):
        sending.plan(whose, state=S.DELIVERED, left_at=sending.clock.now() - timedelta(hours=hours))
    sending.plan(whose, kind="restrict", topics=["sun"], state=S.EXPIRED)
    text = sending.plan(whose, kind="restrict", topics=["sun"])
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)


async def test_what_is_due_at_once_to_one_number_leaves_a_quarter_of_an_hour_apart(sending: Sending) -> None:
    """Over all patients of the number, a warning and an untold rule among them; other numbers do not wait."""
    whose, sister = sending.enroll(), sending.enroll(folded_name="eva ruiz")
    texts = [
        sending.plan(whose, kind="warning"),
        sending.plan(sister, kind="restrict", topics=["sun"]),
        sending.plan(sister, kind="warning"),
    ]
    elsewhere = sending.plan(sending.enroll(phone="+12125550102"), phone="+12125550102")
    began = sending.clock.now()
    for _ in range(4):
        await sending.turn()
        sending.clock.pass_(minutes=10)
    await sending.turn()
    left = sorted(at - began for text in texts if (at := sending.message(text).left_at))
    assert [timedelta(0), timedelta(minutes=20), timedelta(minutes=40)] == left
    assert began == sending.message(elsewhere).left_at
    assert "another text has just left for this number" in {one.why for text in texts for one in sending.events(text)}


async def test_a_reply_waits_for_no_other_text_and_keeps_none(sending: Sending) -> None:
    whose = sending.enroll()
    texts = [sending.plan(whose, kind="reply", step=f"reply-{n}") for n in (1, 2)] + [sending.plan(whose)]
    await sending.turn()
    assert [S.ACCEPTED] * 3 == [sending.state(text) for text in texts]


async def test_a_text_that_would_be_lost_by_waiting_does_not_wait(sending: Sending) -> None:
    sending.clock.pass_until(datetime(2026, 3, 7, 15, 0, tzinfo=UTC))
    whose = sending.enroll()
    sending.plan(whose, kind="warning")
    text = sending.plan(whose, expires_at=sending.clock.now() + QUARTER)
    await sending.turn()
    assert S.ACCEPTED == sending.state(text)
