"""One patient's own lengths: no lift leaves before what it lifts has ended, whatever was chosen, decided or cleared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.catalogue import parse_protocol
from schedules.moments import NOT_TOLD, Anchor
from schedules.own_lengths import OwnLengths, read_length
from schedules.planned import WAITS_UNTIL_CLEARED
from schedules.timeline import Patient, Rules, build_timeline
from schedules.timeline_json import timeline_json
from schedules.wording import Voice

PLAN = parse_protocol(
    "plan",
    """title = "A plan"
source = "a test"
[restrictions]
makeup = { hours = 24, up_to = { hours = 72 }, usual = { hours = 48 } }
sun = { days = 7 }
exercise = { days = 2, until = "cleared" }
[[steps]]
key = "today"
topics = ["makeup", "sun", "exercise"]
at = { hours = 1 }
[[steps]]
key = "makeup-again"
lifts = ["makeup"]
[[steps]]
key = "sun-again"
lifts = ["sun"]
[[steps]]
key = "rest-again"
lifts = ["exercise"]
""",
)
RULES = Rules(Voice("Glow", "(212) 555-0100"))
_HOURS = st.one_of(st.none(), st.integers(1, 720))


@settings(max_examples=60, deadline=None)
@given(
    minute=st.integers(0, 525_600),
    hours=st.tuples(_HOURS, _HOURS, _HOURS),
    decided=st.booleans(),
    cleared=st.one_of(st.none(), st.integers(1, 43_200)),
    zone=st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_no_lift_is_early_whatever_is_chosen_decided_or_cleared(
    minute: int, hours: tuple[int | None, ...], decided: bool, cleared: int | None, zone: str
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    topics = ("makeup", "sun", "exercise")
    said = {topic: read_length(f"{one}h") for topic, one in zip(topics, hours, strict=True) if one is not None}
    opened = {} if cleared is None else {"exercise": at + timedelta(minutes=cleared)}
    patient = Patient(ZoneInfo(zone), own=OwnLengths(said, decided, opened))
    timeline = build_timeline(PLAN, Anchor(at), patient, RULES)
    least = {"makeup": timedelta(hours=24), "sun": timedelta(days=7), "exercise": timedelta(days=2)}
    usual = {**least, "makeup": timedelta(hours=48)}
    for message in timeline.messages:
        for topic in message.topics if message.kind.value == "lift" else ():
            ends = at + (timedelta(hours=hours[topics.index(topic)] or 0) if topic in said else usual[topic])
            ends = ends if decided else max(ends, at + least[topic])
            assert message.due_at is None or message.due_at >= ends
            if topic == "exercise":
                assert message.due_at is None or message.due_at >= opened["exercise"]
    if cleared is None:
        assert "3000" not in str(timeline_json(timeline))
        (rest,) = (one for one in timeline.messages if one.step == "rest-again")
        assert rest.due_at is None
        assert rest.notes in {(WAITS_UNTIL_CLEARED,), (NOT_TOLD,)}
