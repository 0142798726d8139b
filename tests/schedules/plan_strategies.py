"""Random plans, patients and treatments, the moments around clock changes among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from tests.schedules.plans import WORDS, lift, protocol, step

# Not places: a link to whatever this machine uses, and a marker for "not set up".
ZONE_NAMES = sorted(available_timezones() - {"localtime", "Factory"})
_FIRST, _LAST = datetime(2000, 1, 2), datetime(2099, 12, 30)  # noqa: DTZ001 (hypothesis adds the zone)
_CHANGING = (
    "America/New_York", "America/Los_Angeles", "America/Havana", "America/Sao_Paulo", "America/St_Johns",
    "Antarctica/Casey", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Australia/Lord_Howe", "Europe/London",
    "Pacific/Apia", "Pacific/Chatham", "Pacific/Easter",
)  # fmt: skip
_YEARS = (2011, 2018, 2021, 2026)
"""Samoa left out a day in 2011, São Paulo's midnights in 2018, Casey's clocks went back three hours in 2021."""


def _changes(name: str) -> list[tuple[ZoneInfo, datetime]]:
    """The noons before which a zone's clock was set, each with the zone."""
    zone = ZoneInfo(name)
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for year in _YEARS for day in range(366)]
    return [
        (zone, after)
        for before, after in pairwise(noons)
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset()
    ]


zones = st.sampled_from(ZONE_NAMES).map(ZoneInfo)
_anywhere = st.tuples(zones, st.datetimes(_FIRST, _LAST, timezones=st.just(UTC)))
_near_a_change = st.builds(
    lambda place, minutes: (place[0], place[1] - timedelta(minutes=minutes)),
    st.sampled_from([change for name in _CHANGING for change in _changes(name)]),
    st.integers(-24 * 60, 9 * 24 * 60),
)
places = st.one_of(_anywhere, _near_a_change, _near_a_change)
"""A zone, and an instant there: often within days of its clock being set."""
area_zones = st.lists(zones, max_size=4).map(tuple)

_TOPICS = ("makeup", "sun", "retinoids")
_lengths = st.one_of(
    st.builds(lambda n: {"hours": n}, st.integers(1, 200)),
    st.builds(lambda n: {"days": n}, st.integers(1, 14)),
    st.builds(lambda n: {"until_day": n}, st.integers(1, 10)),
    st.builds(lambda n: {"weeks": n}, st.integers(1, 3)),
    st.builds(lambda n: {"months": n}, st.integers(1, 7)),
)
_wall = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
_moments = st.one_of(
    st.builds(lambda n: {"minutes": n}, st.integers(0, 600)),
    st.builds(lambda n: {"hours": n}, st.integers(0, 100)),
    st.builds(lambda n, at: {"day": n, "time": at}, st.integers(0, 9), _wall),
    st.builds(lambda n, at: {"weeks": n, "time": at}, st.integers(1, 3), _wall),
)
_days_before = st.builds(lambda n, at: {"day": -n, "time": at}, st.integers(0, 9), _wall)
_repeats = st.builds(
    lambda days, hours: {"days": sorted(days), "at": [f"{hour:02}:30" for hour in sorted(hours)]},
    st.sets(st.integers(0, 5), min_size=1, max_size=3),
    st.sets(st.integers(0, 23), min_size=2, max_size=4),
)
_spans = st.one_of(
    st.builds(lambda n: {"minutes": n}, st.integers(15, 1440)),
    st.builds(lambda n: {"hours": n}, st.integers(1, 72)),
    st.builds(lambda n: {"days": n}, st.integers(1, 9)),
)


@st.composite
def random_protocols(draw: st.DrawFn) -> CareProtocol:
    """Any restrictions, a lift for some of them, and a few steps of every kind."""
    restrictions = {topic: draw(_lengths) for topic in _TOPICS[: draw(st.integers(1, 3))]}
    steps: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        least = draw(st.integers(1, len(restrictions)))
        topics = tuple(sorted(draw(st.sets(st.sampled_from(sorted(restrictions)), min_size=least))))
        steps.append(lift(*topics, key=f"lift-{number}", stale_after=draw(_spans)))
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["restrict", "care", "expect", "check_in", "rebook", "prepare"]))
        when: dict[str, Any] = {"at": draw(_days_before if kind == "prepare" else _moments)}
        if kind in {"restrict", "care", "expect", "check_in"} and draw(st.booleans()):
            when = {"repeat": draw(_repeats)}
        named = draw(st.sets(st.sampled_from(sorted(restrictions)))) if kind == "restrict" else set()
        words = {"en": WORDS + "".join(f" {{{topic}.until}}" for topic in sorted(named))}
        steps.append(step(f"step-{number}", kind, **when, stale_after=draw(_spans), text=words))
    return protocol(*steps, restrictions=restrictions)


protocols = st.one_of(st.sampled_from(list(shipped().values())), random_protocols(), random_protocols())


def answers_to(plan: CareProtocol) -> st.SearchStrategy[dict[str, str]]:
    """Answers to some of its questions."""
    return st.fixed_dictionaries({}, optional={q: st.sampled_from(one.answers) for q, one in plan.questions.items()})
