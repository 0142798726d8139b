"""Random plans, patients and treatments, the moments around clock changes among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from tests.schedules.plans import WORDS, lift, protocol, step

# Not places: a link to whatever this machine uses, and a marker for "not set up".
ZONE_NAMES = sorted(available_timezones() - {"localtime", "Factory"})
_FIRST, _LAST = datetime(2000, 1, 2, tzinfo=UTC), datetime(2099, 12, 30, tzinfo=UTC)
_CHANGES = [
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Samoa leaves out a day
    datetime(2000, 1, 15, 9, tzinfo=UTC),  # Khartoum: noon becomes one o'clock
    datetime(2021, 3, 13, 13, tzinfo=UTC),  # Casey goes back three hours
    *(datetime(year, 3, day, 7, tzinfo=UTC) for year, day in ((2026, 8), (2027, 14), (2099, 8))),
    *(datetime(year, 11, day, 6, tzinfo=UTC) for year, day in ((2026, 1), (2027, 7))),
    *(datetime(2026, month, day, 15, 30, tzinfo=UTC) for month, day in ((4, 4), (10, 3))),  # Lord Howe
    *(datetime(2026, month, day, 1, tzinfo=UTC) for month, day in ((3, 29), (10, 25))),  # Europe
]

zones = st.sampled_from(ZONE_NAMES).map(ZoneInfo)
instants = st.one_of(
    st.datetimes(_FIRST.replace(tzinfo=None), _LAST.replace(tzinfo=None), timezones=st.just(UTC)),
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes),
        st.sampled_from(_CHANGES),
        st.integers(-9 * 24 * 60, 2 * 24 * 60),
    ),
)
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
_spans = st.one_of(
    st.builds(lambda n: {"minutes": n}, st.integers(15, 1440)),
    st.builds(lambda n: {"hours": n}, st.integers(1, 72)),
    st.builds(lambda n: {"days": n}, st.integers(1, 9)),
)


@st.composite
def random_protocols(draw: st.DrawFn) -> CareProtocol:
    """Any restrictions, a lift for some of them, and a few steps of every kind."""
    restrictions = {topic: draw(_lengths) for topic in draw(st.sets(st.sampled_from(_TOPICS), min_size=1))}
    steps: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 3))):
        topics = tuple(sorted(draw(st.sets(st.sampled_from(sorted(restrictions)), min_size=1))))
        steps.append(lift(*topics, key=f"lift-{number}", stale_after=draw(_spans)))
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["restrict", "care", "expect", "check_in", "rebook", "prepare"]))
        moment = draw(_days_before if kind == "prepare" else _moments)
        named = draw(st.sets(st.sampled_from(sorted(restrictions)))) if kind == "restrict" else set()
        words = {"en": WORDS + "".join(f" {{{topic}.until}}" for topic in sorted(named))}
        steps.append(step(f"step-{number}", kind, at=moment, stale_after=draw(_spans), text=words))
    return protocol(*steps, restrictions=restrictions)


protocols = st.one_of(st.sampled_from(list(shipped().values())), random_protocols())


def answers_to(plan: CareProtocol) -> st.SearchStrategy[dict[str, str]]:
    """Answers to some of its questions."""
    return st.fixed_dictionaries({}, optional={q: st.sampled_from(one.answers) for q, one in plan.questions.items()})
