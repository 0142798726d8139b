"""What is written down about the numbers and enrollments of a batch: one statement reads it all, for what the database
answers in microseconds takes longer to be asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import CompoundSelect, Select, Text, cast, literal_column, null, union_all
from sqlalchemy.orm import Session

from notifier.db.columns import UTCDateTime
from notifier.db.outbox import LEFT, LONGEST_DAY
from notifier.db.protocols import PAUSED_NOW
from notifier.numbers.kept import KEPT
from notifier.numbers.never_text import NEVER_TEXTED

_NOTHING: Final = cast(null(), Text)
_NEVER: Final = cast(null(), UTCDateTime)


@dataclass(frozen=True, slots=True)
class Known:
    """Most numbers have none of it."""

    kept: set[str] = field(default_factory=set)
    """The numbers that have opted out, are held by staff, or have an open reply."""
    never_texted: set[int] = field(default_factory=set)
    """The enrollments whose person must never be texted."""
    pauses: dict[tuple[str, str | None], str] = field(default_factory=dict)
    """Why each protocol (with None) or step of one must not be sent for now."""
    left: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When texts have left for a number, or may have, on whatever clock it is still the same day."""


def what_is_known(
    session: Session, phones: Collection[str], enrollments: Collection[int], *, left_before: datetime | None
) -> Known:
    """`left_before`: this instant, where it is asked what has left today; None where nobody asks."""
    given: dict[str, object] = {"phones": phones, "ids": enrollments}
    if left_before is not None:
        given["since"] = left_before - LONGEST_DAY
    known, paused = Known(), []
    for what, name, step, reason, at in session.connection().execute(_ALL if left_before else _ALL_BUT_LEFT, given):
        match what:
            case "kept":
                known.kept.add(name)
            case "never":
                known.never_texted.add(int(name))
            case "paused":
                paused.append((at, name, step, reason))
            case _:
                known.left[name].append(at)
    known.pauses.update({(name, step): reason for _, name, step, reason in sorted(paused, key=itemgetter(0))})
    return known


def _one(what: str, found: Select[*tuple[Any, ...]]) -> Select[Any]:
    """Its columns among those of all: what it is, a name, a step, a reason, an instant."""
    first, *more = found.selected_columns
    step, reason, at = more if what == "paused" else (_NOTHING, _NOTHING, more[0] if what == "left" else _NEVER)
    return found.with_only_columns(literal_column(f"'{what}'"), cast(first, Text), step, reason, at)


_ALL_BUT_LEFT: Final[CompoundSelect[Any]] = union_all(
    *(_one("kept", found) for found in KEPT), _one("never", NEVER_TEXTED), _one("paused", PAUSED_NOW)
)
_ALL: Final[CompoundSelect[Any]] = union_all(_one("left", LEFT), *_ALL_BUT_LEFT.selects)
