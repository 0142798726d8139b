"""What is told about replies: urgent and holding ones at once, all that is unread in one digest an office."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.counted import counted
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.alerts.cadence import DIGEST_EVERY, URGENT_AGAIN, Cause
from notifier.oversight.health import spoken_span

_MANY_HOLDING: Final = (
    "{many} replies may be a wish to stop, or from somebody else's phone; their numbers get no text until a person has"
    " closed them"
)
UNKNOWN_NUMBERS: Final = "unknown-numbers"
_UNANSWERED: Final = {
    "stop": "the patient wants no more texts",
    "perhaps_stop": "the patient may want no more texts",
    "wrong_person": "the phone may be somebody else's",
}
"""Meanings after which no text of ours leaves, whatever else the words say."""


@dataclass(frozen=True, slots=True)
class UntakenReply:
    """A reply that nobody has closed, and nobody has taken either, or so long ago that it comes back."""

    id: int
    meaning: str
    office: str | None = None
    returns: bool = False
    """Somebody took it, and has not closed it."""


@dataclass(frozen=True, slots=True)
class UnreadReplies:
    """What is unread at one office."""

    office: str | None
    count: int
    oldest_at: datetime


def urgent_cause(reply: UntakenReply) -> Cause:
    """Urgent words: told again and again, to more and more people, until somebody takes or closes the reply."""
    state = "it was taken and is not closed" if reply.returns else "nobody has taken it"
    why = f"reply {reply.id} has urgent words and {state}"
    if unanswered := _UNANSWERED.get(reply.meaning):
        why += f"; no text may answer it ({unanswered}): call now"
    return Cause(f"urgent-{reply.id}", why, URGENT_AGAIN, clinical=True, office=reply.office, escalates=True)


def holding_cause(reply: UntakenReply) -> Cause:
    """A reply that may be a wish to stop, or from somebody else's phone."""
    what = "from somebody else's phone" if reply.meaning == "wrong_person" else "a wish to stop"
    why = f"reply {reply.id} may be {what}; its number gets no text until a person has closed it"
    return Cause(f"holding-{reply.id}", why, clinical=True, office=reply.office, together=_MANY_HOLDING)


def digest(
    unread: UnreadReplies, staffed: StaffedHours, zone: ZoneInfo, *, after: timedelta, now: datetime
) -> Cause | None:
    """One sentence for an office, while it is staffed, once the oldest has waited through so much staffed time."""
    if not staffed.include(now, zone) or staffed.passed(unread.oldest_at, now, zone) < after:
        return None
    key = f"unread-{unread.office}" if unread.office else "unread"
    why = f"{unread.count} unread, oldest {spoken_span(now - unread.oldest_at)}"
    return Cause(key, why, DIGEST_EVERY, clinical=True, office=unread.office, at_most_every=DIGEST_EVERY)


def held_since_upgrade_cause(many: int) -> Cause:
    """What nobody had closed when open replies began to hold texts: told once, with how many there are."""
    what = counted(many, "reply was", "replies were")
    why = f"{what} open at the upgrade, and until somebody closes them no lift, no check-in and nothing that reassures"
    return Cause("upgrade-held", f"{why} leaves for their numbers; see: notifier replies --open", clinical=True)


def unknown_numbers_cause() -> Cause:
    """More urgent words from unknown numbers than the program answers."""
    why = "in the last hour 20 numbers that nobody enrolled got the fixed answer to urgent words; further ones get none"
    return Cause(UNKNOWN_NUMBERS, f"{why}: read them", clinical=True)


def reply_causes(urgent: Iterable[UntakenReply], holding: Iterable[UntakenReply]) -> Iterator[Cause]:
    """What is told at once."""
    yield from map(urgent_cause, urgent)
    yield from map(holding_cause, holding)
