"""What staff say of one patient's lengths: within a range, or an exception; shorter only where somebody decided it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from notifier.domain.instants import zone_called
from notifier.domain.refused import Refused
from schedules.moments import Anchor
from schedules.own_lengths import OwnLengths, read_length, write_length
from schedules.plain import length_in_words
from schedules.protocol import CareProtocol

FIELD: Final = "restrictions"
_BETWEEN: Final = re.compile(r"[;,\n]")


def parse_own_lengths(typed: Iterable[str]) -> dict[str, str]:
    """`sun=10d; makeup=48h`, in one text or several; an empty length takes an exception back. Raises Refused."""
    read: dict[str, str] = {}
    for one in (part.strip() for text in typed for part in _BETWEEN.split(text)):
        topic, equals, length = (piece.strip() for piece in one.partition("="))
        if one and not (topic and equals):
            raise Refused(f'restrictions "{one[:40]}" says no length; write it like sun=10d', FIELD)
        if one and read.setdefault(topic, length) != length:
            raise Refused(f'restrictions gives both "{read[topic]}" and "{length}" for {topic[:40]}; say one', FIELD)
    return read


def own_lengths(said: Mapping[str, str], decided_by: str | None, cleared: Mapping[str, str]) -> OwnLengths:
    """What is stored with an enrollment, as the planner takes it."""
    opened = {topic: datetime.fromisoformat(at).astimezone(UTC) for topic, at in cleared.items()}
    return OwnLengths({topic: read_length(one) for topic, one in said.items()}, bool(decided_by), opened)


def check_own_lengths(
    said: Mapping[str, str],
    protocol: CareProtocol,
    anchor: Anchor,
    timezone: str,
    *,
    decided_by: str | None,
) -> dict[str, str]:
    """The lengths as they are stored. Raises Refused for a topic that is none, for what is no length, and for one
    that is shorter than the protocol allows where nobody is named who decided it."""
    checked: dict[str, str] = {}
    for topic, typed in said.items():
        if topic not in protocol.restrictions:
            known = ", ".join(protocol.restrictions)
            instead = f"say one of {known}" if known else "it has none"
            raise Refused(f'restrictions: "{topic[:40]}" is no restriction of {protocol.id}; {instead}', FIELD)
        try:
            checked[topic] = write_length(read_length(typed))
        except ValueError as why:
            raise Refused(f"restrictions, {topic}: {why}", FIELD) from None
        one = protocol.restrictions[topic]
        own = own_lengths({topic: checked[topic]}, decided_by, {})
        if not decided_by and own.is_shorter(topic, one, anchor.at, zone_called(timezone)):
            least = length_in_words(one.shortest) if one.shortest else ""
            raise Refused(
                f"restrictions: {topic} for {length_in_words(own.said[topic])} is shorter than the protocol's {least}; "
                "say in decided_by who decided that, or write a longer one",
                "decided_by",
            )
    return checked
