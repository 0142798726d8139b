"""Was it sent? What a provider's list of our texts to a number says about one attempt whose answer was lost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.domain.folded_words import folded

EARLIEST, LATEST = timedelta(seconds=5), timedelta(seconds=120)
"""How long before and after the attempt began its text may have been created, by the provider's clock."""
LIST_SINCE = timedelta(days=1)
COUNTS_AFTER = timedelta(seconds=60)
"""A text may take a moment to appear: an earlier list without it proves nothing."""
LOOKS, LOOKS_SPAN = 3, timedelta(minutes=15)
"""So many lists without it, over at least so long, prove that it was not created."""


@dataclass(frozen=True, slots=True)
class ProviderText:
    """One of our texts at the provider."""

    sid: str
    body: str
    created_at: datetime


class Found(StrEnum):
    """What a complete list says."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"
    """The same words at another time, or at that time a text that nobody can account for: only a person can say."""


def find(
    body: str, started_at: datetime, listed: Iterable[ProviderText], bound: set[str], others: Collection[str] = ()
) -> tuple[Found, str | None]:
    """Whether an attempt's text is in the list, and under which SID; words are compared folded.

    `bound`: SIDs that belong to other attempts. `others`: words of other texts to this number whose SIDs are not known
    yet. Whatever else was created at that time may be this one, in words that Twilio changed or hides.
    """
    unbound = sorted((one for one in listed if one.sid not in bound), key=lambda one: (one.created_at, one.sid))
    words, accounted = folded(body), {folded(other) for other in others}
    same = [one for one in unbound if folded(one.body) == words]
    if near := _near(same, started_at):
        return Found.YES, near[0].sid
    unknown = [one for one in _near(unbound, started_at) if folded(one.body) not in accounted]
    perhaps = same or unknown
    return (Found.PERHAPS, perhaps[0].sid) if perhaps else (Found.NO, None)


def _near(listed: Sequence[ProviderText], started_at: datetime) -> list[ProviderText]:
    return [one for one in listed if started_at - EARLIEST <= one.created_at <= started_at + LATEST]


def next_look(started_at: datetime, last_look_at: datetime | None, empty_lists: int) -> datetime:
    """When to look again: at once, a minute after it began, then so that the last look ends the span."""
    if last_look_at is None:
        return started_at
    if empty_lists == 0:
        return max(started_at + COUNTS_AFTER, last_look_at + timedelta(seconds=10))
    return last_look_at + LOOKS_SPAN / (LOOKS - 1)


def is_proof(empty_lists: int, first_empty_at: datetime, now: datetime) -> bool:
    """Whether the lists without it prove that it was not created."""
    return empty_lists >= LOOKS and now - first_empty_at >= LOOKS_SPAN
