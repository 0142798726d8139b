"""When a text leaves, the texts of its number are counted again; what nothing has told leaves on a full day, too."""

from __future__ import annotations

from datetime import timedelta

from notifier.domain.states import MessageState
from tests.setups.sending import Sending

S = MessageState


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
