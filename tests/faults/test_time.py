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
from tests.faults.service import Service

S = MessageState
HOUR = timedelta(hours=1)


def test_down_for_three_days_what_is_useful_leaves_and_what_is_stale_says_so(service: Service) -> None:
    """Back on Monday, the texts leave one after the other, at the sender's rate."""
    now = service.clock.now()
    useful = [service.plan(due=now + 9 * number * HOUR, expires_at=now + 96 * HOUR) for number in range(8)]
    stale = [service.plan(due=now + HOUR, expires_at=now + 24 * HOUR) for _ in range(3)]
    service.jump(now + 72 * HOUR)
    service.start(NOTIFIER_MESSAGES_PER_SECOND="4")
    until(lambda: service.states() == {S.ACCEPTED: 8, S.EXPIRED: 3}, lambda: str(service.states()))
    assert [1] * 8 == [len(service.ledger_of(text)) for text in useful]
    assert {"it could not leave while it was still useful"} == {service.message(text).reason for text in stale}
    left = [one.created_at for one in service.sandbox.ledger]
    assert timedelta(seconds=0.9) < max(left) - min(left)


def test_set_back_by_an_hour_it_goes_on_and_sends_nothing_twice(service: Service) -> None:
    first = service.plan()
    worker = service.start()
    service.until_state(first, S.ACCEPTED)
    service.pass_(hours=-1)
    until(lambda: worker.said("clock_jumped"), lambda: str(worker.lines))
    second = service.plan()
    became(lambda: service.state(second) is S.ACCEPTED, within=1.5)
    service.pass_(hours=1)
    service.until_state(second, S.ACCEPTED)
    assert [1, 1] == [len(service.ledger_of(text)) for text in (first, second)]


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
    sqlite_service: Service, due: datetime, before: str, during: list[str], nine: str
) -> None:
    service = sqlite_service
    service.jump(_utc(before))
    text = service.plan(due=due)
    service.start()
    for moment in during:
        service.jump(_utc(moment))
        until(lambda: service.message(text).due_at == _utc(nine), lambda: str(service.message(text)))
    service.jump(_utc(nine) - timedelta(minutes=1))
    assert not became(lambda: service.creates() > 0, within=0.8)
    service.jump(_utc(nine) + timedelta(seconds=1))
    service.until_state(text, S.ACCEPTED)


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
