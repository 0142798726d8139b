"""What staff say of a gate: it is cleared since an instant, or it is not cleared after all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from notifier.domain.instants import CLOCKS_DIFFER, zone_called
from notifier.domain.planning.plan import EnrollmentFacts
from notifier.domain.refused import Refused
from schedules.saying import say_moment

FIELD: Final = "cleared"
_BETWEEN: Final = re.compile(r"[;,\n]")


class Gate(StrEnum):
    """What is said of a gate without an instant."""

    CLEARED = "cleared"
    """Since now, or since it was said first."""
    NOT_CLEARED = "not cleared"
    """It was marked by mistake."""


Said = Mapping[str, datetime | Gate]
"""By topic: since when (an aware instant) it is cleared, or what else is said of it."""


def parse_cleared(typed: str, read: Callable[[str], datetime]) -> dict[str, datetime | Gate]:
    """`soaking; sun=2026-03-20T10:00`; `soaking=` takes it back. `read` reads an instant. Raises Refused."""
    said: dict[str, datetime | Gate] = {}
    for part in filter(None, (part.strip() for part in _BETWEEN.split(typed))):
        topic, equals, at = (piece.strip() for piece in part.partition("="))
        if not topic or topic in said:
            why = f"names {topic[:40]} twice" if topic else f'"{part[:40]}" names no restriction'
            raise Refused(f"cleared {why}; write it like soaking=2026-03-20T10:00", FIELD)
        said[topic] = read(at) if at else (Gate.NOT_CLEARED if equals else Gate.CLEARED)
    return said


def with_cleared(facts: EnrollmentFacts, said: Said, now: datetime) -> EnrollmentFacts:
    """The enrollment once that is said. What was cleared before the treatment it now has is open again.

    Raises Refused for a topic that its protocol does not restrict, for a patient who is not treated, and for an instant
    before the treatment or in the future.
    """
    kept = {topic: at for topic, at in facts.cleared.items() if topic in facts.protocol.restrictions}
    if facts.treated_at is not None:
        kept = {topic: at for topic, at in kept.items() if datetime.fromisoformat(at) >= facts.treated_at}
    for topic, what in said.items():
        _check(facts, topic, what, now)
        if what is Gate.NOT_CLEARED:
            kept.pop(topic, None)
        elif isinstance(what, datetime):
            kept[topic] = min(what, now).astimezone(UTC).isoformat()
        else:
            kept.setdefault(topic, now.astimezone(UTC).isoformat())
    return replace(facts, cleared=kept) if kept != dict(facts.cleared) else facts


def is_said(what: datetime | Gate, known: str | None) -> bool:
    """Whether it is known of a gate already. `known`: since when (ISO 8601) it is cleared; None: it is not."""
    if isinstance(what, datetime):
        return known is not None and datetime.fromisoformat(known) == what
    return (known is not None) is (what is Gate.CLEARED)


def cleared_note(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What was said of gates, for the history; "" where nothing was."""
    said = sorted(topic for topic, at in after.items() if before.get(topic) != at)
    notes = [f"cleared: {', '.join(said)}"] if said else []
    taken_back = sorted(before.keys() - after.keys())
    return "; ".join([*notes, f"not cleared after all: {', '.join(taken_back)}"] if taken_back else notes)


def _check(facts: EnrollmentFacts, topic: str, what: datetime | Gate, now: datetime) -> None:
    protocol = facts.protocol
    if topic not in protocol.restrictions:
        known = ", ".join(one for one, rule in protocol.restrictions.items() if rule.is_gate)
        instead = f"say {known}" if known else "nothing of it waits to be cleared"
        raise Refused(f'"{topic[:40]}" is no restriction of {protocol.id}; {instead}', FIELD)
    if facts.treated_at is None:
        raise Refused(
            "the patient is not treated yet, so there is nothing to clear; say first when the treatment ended", FIELD
        )
    if not isinstance(what, datetime):
        return
    zone = zone_called(facts.timezone)
    when = say_moment(what, zone, year=True)
    if what > now + CLOCKS_DIFFER:
        raise Refused(f"{when} lies in the future; say when {topic} was cleared, or say it then", FIELD)
    if what < facts.treated_at:
        treated = say_moment(facts.treated_at, zone, year=True)
        raise Refused(f"{when} is before the treatment, which ended {treated}; check when {topic} was cleared", FIELD)
