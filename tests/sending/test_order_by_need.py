"""What is due leaves in the order of its need: answers, warnings, then what stops being useful first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from sqlalchemy import text

from notifier.db.engine import reading, writing
from notifier.domain.states import MessageState
from notifier.sending.claim import claim
from tests.setups.sending import Sending

S = MessageState
Need = tuple[str, int, float]
"""A kind, how many seconds ago it fell due, and in how many it expires."""
_HOUR = 3600


def plan(sending: Sending, needs: Sequence[Need]) -> list[int]:
    """These texts, each to a number of its own."""
    now, texts = sending.clock.now(), []
    with writing(sending.engine) as session:
        for number, (kind, ago, ends) in enumerate(needs):
            phone = f"+1212555{number:04d}"
            whose = sending.rows.enrollment(session, phone=phone, rebook_consent=True)
            due = now - timedelta(seconds=ago)
            when = {"nominal_at": due, "due_at": due, "not_before": due, "expires_at": now + timedelta(seconds=ends)}
            texts.append(sending.rows.message(session, whose, phone=phone, kind=kind, **when))
    return texts


def claimed(sending: Sending, limit: int) -> list[int]:
    """Until so many leave, or nothing is due: what has expired takes no one's place."""
    left: list[int] = []
    with writing(sending.engine) as session:
        while len(left) < limit:
            found = claim(session, sending.rules, now=sending.clock.now(), worker_id="w", limit=limit - len(left))
            if not found.looked_at:
                break
            left += [one.message_id for one in found.claims]
    return left


def test_a_backlog_leaves_by_need_and_kinds_break_ties(sending: Sending) -> None:
    """In this order, written down in another."""
    needs: list[Need] = [
        ("reply", 0, 9 * _HOUR), ("warning", 0, 90 * _HOUR), ("lift", 60, 1 * _HOUR), ("rebook", 60, 2 * _HOUR),
        ("restrict", 600, 70 * _HOUR), ("restrict", 0, 8 * _HOUR), ("care", 0, 8 * _HOUR),
        ("lift", 0, 8 * _HOUR), ("ask", 0, 8 * _HOUR), ("expect", 0, 8 * _HOUR), ("check_in", 900, 8 * _HOUR),
        ("rebook", 900, 8 * _HOUR),
    ]  # fmt: skip
    shuffled = Random(7).sample(range(len(needs)), len(needs))
    ids = dict(zip(shuffled, plan(sending, [needs[place] for place in shuffled]), strict=True))
    sending.open_gate()
    with writing(sending.engine) as session:  # all at once, and none is marked
        found = claim(session, sending.rules, now=sending.clock.now(), worker_id="w", limit=50)
        session.rollback()
    assert [ids[place] for place in range(len(needs))] == [one.message_id for one in found.claims]
    left = [claimed(sending, 1) for _ in needs]
    assert [[ids[place]] for place in range(len(needs))] == left


def test_what_fell_due_first_does_not_wait_for_its_mark_and_what_waits_loses_it(sending: Sending) -> None:
    texts = plan(sending, [("care", 3, 5 * _HOUR), ("care", 2, 3 * _HOUR), ("care", 1, 4 * _HOUR)])
    sending.open_gate()
    assert [texts[1]] == claimed(sending, 1)
    whose = sending.message(texts[2]).enrollment_id
    with writing(sending.engine) as session:
        session.execute(text(f"UPDATE enrollments SET state = 'held' WHERE id = {whose}"))
    assert [texts[0]] == claimed(sending, 1)
    waits = sending.message(texts[2])
    assert (S.PLANNED, None) == (waits.state, waits.need)
    assert [] == claimed(sending, 1)


def test_of_a_mix_no_more_expire_than_with_the_earliest_need_first(sqlite_house: Sending) -> None:
    """One text a second; at most five in a hundred more than where the next to expire is always the next to leave."""
    sending = sqlite_house
    sending.recover_above = 10**6
    random = Random(20261129)
    small: list[Need] = [("rebook", 60 - n, 40.0 + n) for n in range(50)]
    small += [("restrict", 5, 20.0 + n) for n in range(10)]
    kinds = ["rebook", "check_in", "lift", "care", "restrict"]
    big: list[Need] = [(random.choice(kinds), random.randrange(3000), random.randrange(20, 700)) for _ in range(800)]
    for needs in (small, big):
        with writing(sending.engine) as session:
            for table in ("attempts", "messages", "enrollments"):
                session.execute(text(f"DELETE FROM {table}"))
        plan(sending, needs)
        at_once = 1 if needs is small else 10
        for _ in range(0, int(max(ends for *_, ends in needs)) + at_once, at_once):
            sending.open_gate()
            claimed(sending, at_once)
            sending.clock.pass_(seconds=at_once)
        with reading(sending.engine) as session:
            expired = session.scalar(text("SELECT count(*) FROM messages WHERE state = 'expired'"))
            assert 0 == session.scalar(text("SELECT count(*) FROM messages WHERE state = 'planned'"))
        assert expired <= 1.05 * _expire_at_best([ends for *_, ends in needs], at_once)


def _expire_at_best(ends: Sequence[float], at_once: int) -> int:
    """How many expire where the earliest to expire leaves first."""
    waiting, second, expired = sorted(ends), 0, 0
    while waiting:
        useful = [one for one in waiting if one > second]
        expired += len(waiting) - len(useful)
        waiting, second = useful[at_once:], second + at_once
    return expired
