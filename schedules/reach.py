"""How far a protocol reaches after a treatment: beyond it no restriction holds, and no text is of any use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schedules.protocol import CareProtocol, StepKind

_TREATED: Final = datetime(2024, 7, 1, 12, tzinfo=UTC)
_ZONE: Final = ZoneInfo("UTC")
_MOVED_BY: Final = timedelta(days=10)
"""More than what nights, quiet days, full days and the lengths of months change."""


def reach(protocol: CareProtocol) -> timedelta:
    """How long after a treatment all of it is over, for a patient without lengths of their own. A gate waits for
    staff, however long: it counts as long as its length."""
    said = [
        one
        for restriction in protocol.restrictions.values()
        for one in (restriction.shortest, restriction.usual, restriction.up_to)
        if one is not None
    ]
    held = max((one.end(_TREATED, _ZONE) for one in said), default=_TREATED)
    last = held
    for step in protocol.planned_steps:
        if step.enabled and step.kind is not StepKind.PREPARE:
            nominal = step.at.after(_TREATED, _ZONE) if step.at else held
            last = max(last, nominal + (step.stale_after.length if step.stale_after else timedelta()))
    return last - _TREATED + _MOVED_BY
