"""Time is odd: days without us, a clock that is set back, nights that change their length."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notifier.domain.phone import area_zones
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
    world.start(NOTIFIER_MESSAGES_PER_SECOND="4")
    until(lambda: world.states() == {S.ACCEPTED: 8, S.EXPIRED: 3}, lambda: str(world.states()))
    assert [1] * 8 == [len(world.ledger_of(text)) for text in useful]
    assert {"it could not leave while it was still useful"} == {world.message(text).reason for text in stale}
    left = [one.created_at for one in world.sandbox.ledger]
    assert timedelta(seconds=0.9) < max(left) - min(left)


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


@pytest.fixture
def without_zones(tmp_path: Path) -> Iterator[None]:
    """A machine that has no zone database of its own."""
    zoneinfo.reset_tzpath([str(tmp_path)])
    yield
    zoneinfo.reset_tzpath()


def test_a_machine_without_time_zones_is_none_of_our_trouble(without_zones: None) -> None:
    read_anew = zoneinfo.ZoneInfo.no_cache  # the cache stays as it is: other tests compare zones by what they are
    for phone in ("+12125550101", "+19075550101", "+16715550101", "+18085550101", "+18505550101"):
        assert all(read_anew(name) for name in area_zones(phone))
    noon = datetime(2026, 7, 1, 12, tzinfo=read_anew("America/New_York"))
    assert timedelta(hours=-4) == noon.utcoffset()
