"""Time is odd: days without us, a clock that is set back, nights that change their length. And rows that are odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, MetaData

from notifier.db.engine import writing
from notifier.db.migrate import config
from notifier.db.outbox import by_id
from notifier.db.schema import upgrade
from notifier.domain.states import MessageState
from tests.faults.process import became, until
from tests.faults.world import World

S = MessageState
HOUR = timedelta(hours=1)


def test_down_for_three_days_what_is_useful_leaves_and_what_is_stale_says_so(world: World) -> None:
    """Back on Monday, the texts leave one after the other, at the sender's rate."""
    now = world.clock.now()
    useful = [world.plan(due=now + 9 * number * HOUR, expires_at=now + 96 * HOUR) for number in range(8)]
    stale = [world.plan(due=now + HOUR, expires_at=now + 24 * HOUR) for _ in range(3)]
    world.jump(now + 72 * HOUR)
    world.start(NOTIFIER_MESSAGES_PER_SECOND="8")
    until(lambda: world.states() == {S.ACCEPTED: 8, S.EXPIRED: 3}, lambda: str(world.states()))
    assert [1] * 8 == [len(world.ledger_of(text)) for text in useful]
    assert {"it could not leave while it was still useful"} == {world.message(text).reason for text in stale}
    left = [one.created_at for one in world.sandbox.ledger]
    assert timedelta(seconds=0.7) < max(left) - min(left)


def test_set_back_by_an_hour_it_goes_on_and_sends_nothing_twice(world: World) -> None:
    first = world.plan()
    worker = world.start()
    world.until_state(first, S.ACCEPTED)
    world.pass_(hours=-1)
    until(lambda: worker.said("clock_jumped"), lambda: str(worker.lines))
    second = world.plan()
    became(lambda: world.state(second) is S.ACCEPTED, within=1.5)
    world.pass_(hours=1)
    world.until_state(second, S.ACCEPTED)
    assert [1, 1] == [len(world.ledger_of(text)) for text in (first, second)]


@pytest.mark.parametrize(
    ("due", "before", "during", "nine"),
    [
        # 02:30 does not exist on that night: it is 03:30 summer time.
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "2026-03-08 06:50", ["2026-03-08 07:31"], "2026-03-08 13:00"),
        # 01:30 exists twice.
        (
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
            "2026-11-01 05:20",
            ["2026-11-01 05:31", "2026-11-01 06:31"],
            "2026-11-01 14:00",
        ),
    ],
    ids=["spring", "fall"],
)
def test_over_both_clock_changes_each_text_leaves_once_at_nine(
    sqlite_world: World, due: datetime, before: str, during: list[str], nine: str
) -> None:
    world = sqlite_world
    world.jump(_utc(before))
    text = world.plan(due=due)
    world.start()
    for moment in during:
        world.jump(_utc(moment))
        until(lambda: world.message(text).due_at == _utc(nine), lambda: str(world.message(text)))
    world.jump(_utc(nine) - timedelta(minutes=1))
    assert not became(lambda: world.creates() > 0, within=0.8)
    world.jump(_utc(nine) + timedelta(seconds=1))
    world.until_state(text, S.ACCEPTED)


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(f"{moment}:00+00:00")


def test_a_row_that_cannot_be_prepared_stops_nobody_else(world: World) -> None:
    """Whatever a hand-edited row says, it is that row's own trouble."""
    end_of_time = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    odd = [
        world.plan(patient=world.enroll(timezone="Africa/Cairo"), nominal_at=end_of_time, late_text="Late."),
        world.plan(patient=world.enroll(timezone="")),
        world.plan(patient=world.enroll(timezone="../../etc/passwd")),
        world.plan(patient=world.enroll(timezone="Mars/Olympus")),
        world.plan(phone="not a number"),
        world.plan(text=""),
    ]
    good = world.plan_many(3)
    worker = world.start()
    until(lambda: not world.waiting(), lambda: f"{world.states()} {worker.lines}")
    assert [S.ACCEPTED] * 3 == [world.state(text) for text in good]
    assert (None, False) == (worker.code, worker.said("turn_failed"))
    assert [S.FAILED, *[S.PLANNED] * 4, S.FAILED] == [world.state(text) for text in odd]
    assert all(world.message(text).reason for text in odd)


def test_an_upgrade_leaves_every_text_in_its_state(empty_engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415  # only here

    with empty_engine.begin() as connection:
        command.upgrade(config(connection), "0001")
    old = MetaData()
    old.reflect(empty_engine)
    at = datetime(2026, 3, 6, 19, tzinfo=UTC)
    now = at if empty_engine.dialect.name == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S.%f")
    enrollment = {
        "id": 1, "clinic_id": "clinic", "name": "Ana", "folded_name": "ana", "phone": "+12125550101", "protocol": "p",
        "version": "v", "treated_on": at.date(), "treated_at": now, "timezone": "America/New_York", "language": "en",
        "state": "active", "consent": "form", "consent_by": "desk", "consent_at": now, "enrolled_at": now,
        "enrolled_by": "desk", "ordinal": 0, "answers": {}, "separate_areas": False, "rebook_consent": False,
    }  # fmt: skip
    same = {
        "clinic_id": "clinic", "enrollment_id": 1, "kind": "care", "phone": "+12125550101", "nominal_at": now,
        "not_before": now, "due_at": now, "expires_at": now, "text": "Hi.", "topics": [], "notes": [], "attempts": 0,
        "retries": 0, "revision": 0,
    }  # fmt: skip
    states = dict(enumerate(MessageState, start=1))
    with empty_engine.begin() as connection:
        connection.execute(old.tables["enrollments"].insert(), [enrollment])
        rows = [{**same, "id": id_, "step": f"s{id_}", "state": state.value} for id_, state in states.items()]
        connection.execute(old.tables["messages"].insert(), rows)
    upgrade(empty_engine)
    upgrade(empty_engine)
    with writing(empty_engine) as session:
        found = {id_: by_id(session, "clinic", id_) for id_ in states}
        assert states == {id_: message.state for id_, message in found.items() if message}
