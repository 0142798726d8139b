"""What was said and what is still to come, as one conversation: each text stands once, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from notifier.db.tables import Reply
from notifier.domain.kinds import REPLY
from notifier.domain.states import MessageState
from notifier.web.widgets.formats import day, hour
from notifier.web.widgets.timeline_view import Bubble

_S = MessageState
_UNDER_WAY = frozenset({_S.PLANNED, _S.ATTEMPTING})
SHOWN_AT_ONCE = 6
"""Lines of what was said that are not folded."""


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """One text: the patient's (`reply`), or ours (`bubble`)."""

    at: datetime
    hour: str
    reply: Reply | None = None
    must_be_released: bool = False
    """Of what the patient wrote: texts go on only by a release of the number."""
    bubble: Bubble | None = None


@dataclass(frozen=True, slots=True)
class ConversationDay:
    """One local date of it."""

    name: str
    number: int
    """0 is the day of the treatment, or of the visit; negative before it."""
    lines: tuple[ConversationLine, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything between the clinic and one patient."""

    earlier: Sequence[ConversationDay]
    """What was said before that, folded."""
    said: Sequence[ConversationDay]
    to_come: Sequence[ConversationDay]

    @property
    def many_earlier(self) -> int:
        return sum(len(one.lines) for one in self.earlier)


def conversation_view(
    replies: Iterable[tuple[Reply, bool]], bubbles: Iterable[Bubble], *, zone: ZoneInfo, day0: date, now: datetime
) -> Conversation:
    """Each reply comes with whether it must be released. What is planned is to come, also where it waits past its
    moment; what will not be said stands at the moment at which it would have been."""
    said = [ConversationLine(one.at, hour(one.at, zone), one, must) for one, must in replies]
    to_come: list[ConversationLine] = []
    for one in bubbles:
        line = ConversationLine(one.at, one.hour, bubble=one)
        is_over = one.state not in _UNDER_WAY and one.at <= now
        (said if is_over or one.has_left or one.kind == REPLY else to_come).append(line)
    said.sort(key=lambda line: line.at)
    to_come.sort(key=lambda line: line.at)
    days = _days(said, zone, day0)
    shown = 0
    for number in range(len(days), 0, -1):
        shown += len(days[number - 1].lines)
        if shown >= SHOWN_AT_ONCE:
            return Conversation(days[: number - 1], days[number - 1 :], _days(to_come, zone, day0))
    return Conversation((), days, _days(to_come, zone, day0))


def _days(lines: Sequence[ConversationLine], zone: ZoneInfo, day0: date) -> list[ConversationDay]:
    return [
        ConversationDay(day(on), (on - day0).days, tuple(those))
        for on, those in groupby(lines, key=lambda line: line.at.astimezone(zone).date())
    ]
