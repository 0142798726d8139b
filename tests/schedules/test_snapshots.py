"""The shipped plans as patients hear them, word for word: a change to any of them shows here and is read by a person.

Where a change is meant, write the new ones and read the difference:
    UPDATE_SNAPSHOTS=1 python -m pytest tests/schedules/test_snapshots.py && git diff tests/schedules/snapshots
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schedules.catalogue import shipped
from schedules.moments import Anchor
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol
from schedules.timeline import Patient, Timeline, build_timeline
from tests.schedules.plans import NEW_YORK, RULES, at

SNAPSHOTS = Path(__file__).parent / "snapshots"
HOW_TO = "UPDATE_SNAPSHOTS=1 python -m pytest tests/schedules/test_snapshots.py, then read the difference"
PROTOCOLS = shipped()
TREATED = ("2026-06-17T10:00", "2026-03-07T15:30", "2026-10-31T19:50")
"""An ordinary morning; an afternoon before the clocks go forward; a late evening before they go back."""
APPOINTMENT = "2026-06-17T10:00"
ANSWERS: dict[str, tuple[dict[str, str], ...]] = {
    "microneedling-24h": ({"depth": "mild"}, {"depth": "deep"}),
    "microneedling-kit": ({"kit": "yes", "cold-sores": "yes", "goal": "correct"}, {"kit": "no", "goal": "maintain"}),
    "microneedling-regimen": (
        {"shaves": "yes", "cold-sores": "yes", "indication": "facial"},
        {"shaves": "no", "cold-sores": "no", "indication": "acne-scars"},
    ),
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS.keys())
def test_a_plan_reads_as_it_was_reviewed(protocol: CareProtocol, language: str) -> None:
    stored = SNAPSHOTS / f"{protocol.id}.{language}.txt"
    written = _written(protocol, language)
    if os.environ.get("UPDATE_SNAPSHOTS"):  # noqa: TID251 (asked of the test run, not of the program)
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(written, "utf-8")
    assert stored.exists(), f"{stored.name} is missing; write it with {HOW_TO}"
    assert stored.read_text("utf-8") == written, f"{protocol.id} reads differently; if that is meant: {HOW_TO}"


def test_every_snapshot_is_of_a_shipped_protocol() -> None:
    expected = {f"{name}.{language}.txt" for name in PROTOCOLS for language in ("en", "es")}
    assert expected == {file.name for file in SNAPSHOTS.iterdir()}


def _written(protocol: CareProtocol, language: str) -> str:
    """Every plan of one protocol in one language: before the visit, then after, for the answers that differ most."""
    plans = []
    for answers in ({}, *ANSWERS.get(protocol.id, ())):
        patient = Patient(NEW_YORK, language, "Ana", answers=answers)
        treated = TREATED[:1] if answers else TREATED
        anchors = [Anchor(at(APPOINTMENT), treated=False), *(Anchor(at(local)) for local in treated)]
        plans += [_plan(build_timeline(protocol, anchor, patient, RULES), answers) for anchor in anchors]
    return f"{protocol.title}\n\n" + "\n\n".join(plans) + "\n"


def _plan(timeline: Timeline, answers: dict[str, str]) -> str:
    what = "treatment ended" if timeline.anchor.treated else "appointment"
    local = timeline.anchor.at.astimezone(timeline.zone)
    said = ", ".join(f"{question}: {answer}" for question, answer in answers.items()) or "nothing answered"
    lines = [f"== {what} {local:%a %d %b %Y %H:%M} ({said})"]
    lines += [
        f"   {topic} until {until.astimezone(timeline.zone):%a %d %b %H:%M}" for topic, until in timeline.restrictions
    ]
    lines += [line for message in timeline.messages for line in _message(message, timeline)]
    lines += [f"   left out: {left.step} ({left.why})" for left in timeline.left_out if not left.why.startswith("off:")]
    return "\n".join(lines)


def _message(message: PlannedMessage, timeline: Timeline) -> list[str]:
    due = f"{message.due_at.astimezone(timeline.zone):%a %d %b %H:%M}" if message.due_at else "----------------"
    head = f"{due}  {message.step} ({message.kind.value}; {message.segments.count} x {message.segments.encoding})"
    return [head, f"    {message.text}", *(f"    note: {note}" for note in message.notes)]
