"""What the doctor says of work that waits for a person: the count that stands on Today."""

from __future__ import annotations

from datetime import datetime

from notifier.domain.counted import counted
from notifier.oversight.doctor.diagnosis import Diagnosis, Level
from notifier.oversight.health import spoken_span
from notifier.tasks.counts import TaskCounts


def check_open_work(counts: TaskCounts, now: datetime) -> Diagnosis:
    """How much is open and since when; a warning where something is urgent, or has waited for days."""
    put_off = f"; {counts.snoozed:,} put off" if counts.snoozed else ""
    if not counts.pieces:
        return Diagnosis("open work", Level.OK, f"nothing needs a person{put_off}")
    said = [f"{counted(counts.pieces, 'thing needs', 'things need')} a person"]
    if counts.urgent:
        said.append(f"{counts.urgent:,} urgent")
    if counts.older:
        said.append(f"{counts.older:,} for more than three days")
    if counts.oldest:
        said.append(f"the oldest for {spoken_span(now - counts.oldest)}")
    level = Level.WARN if counts.urgent or counts.older else Level.OK
    return Diagnosis("open work", level, f"{', '.join(said)}{put_off}", "see Today, or: notifier tasks list")
