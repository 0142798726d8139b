"""What was done a moment ago to one patient, said on the page where the button stood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from notifier.db.enrollments import by_id
from notifier.db.tables import Enrollment
from notifier.web.view import View

_MARKED: Final = re.compile(r"([a-z][a-z-]{1,30})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Marked:
    """A patient, and what was done: a command by its word."""

    word: str
    enrollment: Enrollment


def with_mark(path: str, word: str, whose: int) -> str:
    """The page at that path, at the same place, saying that this was done to enrollment `whose`."""
    page, _, place = path.partition("#")
    return f"{page}{'&' if '?' in page else '?'}{urlencode({'marked': f'{word}-{whose}'})}#{place or 'marked'}"


def marked(view: View) -> Marked | None:
    """What the address says was done; None for a patient whom this person may not see."""
    found = _MARKED.fullmatch(view.request.query_params.get("marked", ""))
    if found is None:
        return None
    with view.context.visible_session() as session:
        enrollment = by_id(session, int(found[2]))
    return Marked(found[1], enrollment) if enrollment is not None else None
