"""Why a planned text waits for a person: decided here once. `notifier.oversight.waiting` asks the same in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol

from notifier.domain.kinds import REPLY
from notifier.domain.states import EnrollmentState

ON_HOLD: Final = "the number is on hold"
"""How it is said that a hold of the number or an open reply keeps a text."""


class OpenHold(Protocol):
    """What keeps texts to a number until a person acts: a hold that nobody has released, or an open reply."""

    @property
    def reason(self) -> str:
        """Why, for staff."""

    @property
    def at(self) -> datetime:
        """Since when."""

    def covers(self, kind: str) -> bool:
        """Whether a text of this step kind has to wait."""


def waits_for(
    kind: str,
    step: str,
    protocol: str,
    *,
    enrollment: EnrollmentState,
    holds: Iterable[OpenHold],
    pauses: Mapping[tuple[str, str | None], str],
    why_held: str | None = None,
) -> str | None:
    """What a person must end before a planned text may leave, as part of a sentence; None where nothing keeps it.

    `holds`: the open ones of its number. `pauses`: why, by protocol and step (None: the whole protocol). `why_held`:
    what staff said when they held the enrollment. A reply to a patient waits for none of them.
    """
    if kind == REPLY:
        return None
    if enrollment is EnrollmentState.HELD:
        return "the enrollment is on hold" + (f": {why_held}" if why_held else "")
    for hold in holds:
        if hold.covers(kind):
            return f"{ON_HOLD}: {hold.reason}"
    for key in ((protocol, None), (protocol, step)):
        if key in pauses:
            return f"paused: {pauses[key]}"
    return None
