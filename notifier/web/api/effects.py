"""What a change does to a patient's texts, in the words of `notifier change --json`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from notifier.domain.planning.difference import Difference, Entry
from notifier.enrollments.change_effect import Change
from notifier.enrollments.end_effect import Ended
from notifier.web.api.timelines import Instant, Told


class EntryTold(Told):
    """One text."""

    step: str
    message: int | None
    due_at: Instant | None
    why: str


class DifferenceTold(Told):
    """What becomes of one enrollment's texts."""

    enrollment: int
    added: list[EntryTold]
    passed: list[EntryTold]
    """New, and their moment has passed: they will not be sent."""
    moved: list[EntryTold]
    reworded: list[EntryTold]
    cancelled: list[EntryTold]
    expired: list[EntryTold]
    wrong_now: list[EntryTold]
    """Sent already, and wrong now: call her."""


class ChangeTold(DifferenceTold):
    """What was changed; with `dry_run`, what would be."""

    dry_run: bool
    others: list[DifferenceTold] = Field(description="Other enrollments on her phone whose texts change.")


class EndedTold(Told):
    """What an ending withdraws, what it cannot, and what it does to others on her phone."""

    enrollment: int
    dry_run: bool
    already: bool
    """It had ended so before; nothing changes."""
    withdrawn: list[str]
    on_their_way: list[str]
    """May have left a moment ago."""
    nobody_tells: list[str]
    """What she must be told in person now."""
    others: list[DifferenceTold] = Field(description="Other enrollments on her phone whose texts change.")


class HeldTold(Told):
    """A hold."""

    enrollment: int
    dry_run: bool
    already: bool
    """It was held before; nothing changes."""


def change_told(change: Change, *, dry_run: bool) -> ChangeTold:
    """Hers, and those of others on her phone."""
    others = _others_told(change.others)
    hers = difference_told(change.enrollment, change.difference)
    return ChangeTold(**hers.model_dump(), dry_run=dry_run, others=others)


def difference_told(whose: int, difference: Difference) -> DifferenceTold:
    """Every step that changes, by what becomes of it."""
    lists = [name for name in DifferenceTold.model_fields if name != "enrollment"]
    return DifferenceTold(
        enrollment=whose, **{name: [_entry(one) for one in getattr(difference, name)] for name in lists}
    )


def ended_told(ended: Ended, *, dry_run: bool) -> EndedTold:
    """Of a cancellation or a no-show."""
    steps = {name: list(getattr(ended, name)) for name in ("withdrawn", "on_their_way", "nobody_tells")}
    others = _others_told(ended.others)
    return EndedTold(enrollment=ended.enrollment, dry_run=dry_run, already=ended.already, **steps, others=others)


def _others_told(others: Mapping[int, Difference]) -> list[DifferenceTold]:
    return [difference_told(whose, one) for whose, one in others.items()]


def _entry(entry: Entry) -> EntryTold:
    return EntryTold(
        step=entry.step,
        message=entry.row.id if entry.row else None,
        due_at=entry.planned.due_at if entry.planned else None,
        why=entry.why,
    )
