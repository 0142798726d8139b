"""A difference as the page shows it before anybody presses the button."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.instants import zone_called
from notifier.domain.planning.difference import Difference
from notifier.enrollments.change_effect import Change
from notifier.enrollments.end_effect import Ended
from notifier.web.widgets.formats import moment

_WORDS: Final = {
    "wrong_now": "was sent and is wrong now: call",
    "added": "new",
    "moved": "moves",
    "reworded": "new words or number",
    "cancelled": "withdrawn",
    "expired": "say it in person",
    "passed": "say it in person",
}
_UNANSWERED: Final = "What hangs on it is not sent until somebody answers it on the patient’s page."
_OPTED_OUT: Final = "Her number has opted out: nothing will be sent; tell her in person."


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one text."""

    what: str
    words: str
    step: str
    was: str
    becomes: str
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a change does."""

    question: str
    button: str
    rows: Sequence[Row] = ()
    others: Sequence[tuple[int, Sequence[Row]]] = ()
    """Enrollments on the same phone whose texts change too."""
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def digest(self) -> str:
        """Tells whether what is done is still what was seen."""
        all_rows = [*self.rows, *(row for _, rows in self.others for row in rows)]
        said = json.dumps([[row.what, row.step] for row in all_rows])
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def of_change(change: Change, question: str, button: str) -> Seen:
    """A change of an enrollment, and what it does to others on her phone."""
    zone = zone_called(change.after.timezone)
    notes = [_OPTED_OUT] if change.opted_out else []
    if change.after.anchor.treated:
        notes += [f"Not answered: {ask} {_UNANSWERED}" for ask in change.after.unanswered]
    return Seen(question, button, list(rows(change.difference, zone)), _of_others(change.others, zone), notes)


def of_ending(ended: Ended, question: str, button: str) -> Seen:
    """The end of an enrollment, and what it does to others on her phone."""
    withdrawn = [Row("cancelled", _WORDS["cancelled"], step, "", "", "") for step in ended.withdrawn]
    notes = []
    if ended.on_their_way:
        notes.append(f"May have left a moment ago: {', '.join(ended.on_their_way)}.")
    if ended.nobody_tells:
        notes.append(f"No text says it any more, so call: {', '.join(ended.nobody_tells)}.")
    if ended.others and ended.opted_out:
        notes.append(_OPTED_OUT)
    return Seen(question, button, withdrawn, _of_others(ended.others, zone_called(ended.timezone)), notes)


def _of_others(others: Mapping[int, Difference], zone: ZoneInfo) -> list[tuple[int, Sequence[Row]]]:
    return [(whose, list(rows(one, zone))) for whose, one in others.items()]


def rows(difference: Difference, zone: ZoneInfo) -> Iterable[Row]:
    """What becomes of each text; what needs a call first."""
    for what, words in _WORDS.items():
        for entry in getattr(difference, what):
            was = moment(entry.row.due_at, zone) if entry.row and entry.row.due_at else ""
            due = entry.planned.due_at if entry.planned and what in ("added", "moved", "reworded") else None
            yield Row(what, words, entry.step, was, moment(due, zone) if due else "", entry.why)
