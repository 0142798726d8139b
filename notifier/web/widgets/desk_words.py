"""What the page puts into words: a refusal may name a field as programs do, and an instant as they write it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from notifier.domain.informed import in_full
from notifier.domain.kinds import step_in_words
from notifier.enrollments.fields import FIELDS
from schedules.saying import say_day, say_hour

_LABELS: Final = {one.name: one.label.lower() for one in FIELDS if "_" in one.name}
_NAME: Final = re.compile(rf"\b(?:{'|'.join(_LABELS)})\b")
_STAMP: Final = re.compile(r'"?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(?::\d\d)?([+-]\d\d:\d\d)?"?')

_EVENTS: Final = {
    "asked_again": "asked once more",
    "needs_staff": "a person must look at it",
    "silence_closed": "read, no answer had come",
    "task_reopened": "opened again",
    "use_lengthened": "may leave for longer",
}
_REPLY: Final = re.compile(r"(?<![\w(])reply \d+\b")
"""On a page its words stand beside; its number is for programs and the command line."""


def in_desk_words(said: str) -> str:
    """`appointment_at "2026-03-08T02:30" has passed` becomes `appointment Sun Mar 8 2026, 2:30 AM has passed`."""
    said = _REPLY.sub("what the patient wrote", in_full(said))
    return _STAMP.sub(_moment, _NAME.sub(lambda found: _LABELS[found[0]], said))


def happened(what: str) -> str:
    """An entry of a patient's history."""
    return _EVENTS.get(what) or step_in_words(what)


def _moment(found: re.Match[str]) -> str:
    try:
        at = datetime.fromisoformat(f"{found[1]}{found[2] or '+00:00'}")
    except ValueError:
        return found[0]
    return f"{say_day(at)} {at.year}, {say_hour(at)}{f' (UTC{found[2]})' if found[2] else ''}"
