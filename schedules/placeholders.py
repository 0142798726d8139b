"""Placeholders: what a text may leave blank, to be filled in for each patient."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from schedules.series import SERIES

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
FACT_PLACEHOLDERS: Final[Mapping[str, int]] = {"provider": 40}
"""What an enrollment says in its texts beside a name, by placeholder, and how many characters that may have."""
VISIT_DATE: Final = "visit.date"
"""The local date of the appointment, or of the treatment."""
VISIT_TIME: Final = "visit.time"
"""The hour of the appointment; only before the visit, for afterwards nothing but the treatment's end is known."""
STAFFED_NEXT: Final = "staffed.next"
"""When a person will be there; only in what an answer to a question gets, for it is known when that leaves."""
PLAIN_PLACEHOLDERS: Final = frozenset({"clinic", "phone", "name", VISIT_DATE, VISIT_TIME, *FACT_PLACEHOLDERS, *SERIES})
"""Those of every protocol; each of its restrictions adds `{topic.until}`, and `{topic.length}` where it has one."""


def topics_printed(texts: Iterable[str], field: str) -> tuple[str, ...]:
    """The topics of which these texts print `{topic.field}`, in the order of the texts."""
    return tuple(dict.fromkeys(topic for text in texts for topic, said in _fields(text) if said == field))


def series_printed(texts: Iterable[str]) -> tuple[str, ...]:
    """What these texts print of the series, in the order of the texts."""
    printed = (found[1] for text in texts for found in PLACEHOLDER.finditer(text))
    return tuple(dict.fromkeys(one for one in printed if one in SERIES))


def wrong_placeholders(
    text: str,
    restrictions: Mapping[str, bool],
    *,
    before_visit: bool,
    in_answer: bool = False,
    gates: Collection[str] = (),
) -> Iterator[tuple[int, str]]:
    """Where in the text, counted from 1, and what is wrong there.

    `restrictions` are the protocol's topics, and whether each has a length that a text may print; `gates` those
    that hold until staff clear them, of which a text prints neither.
    """
    ends = [f"{topic}.until" for topic in restrictions if topic not in gates]
    lengths = [f"{topic}.length" for topic, has_one in restrictions.items() if has_one]
    plain = sorted({*PLAIN_PLACEHOLDERS, STAFFED_NEXT} - SERIES.keys() if in_answer else PLAIN_PLACEHOLDERS)
    for found in PLACEHOLDER.finditer(text):
        name, at = found[1], found.start() + 1
        topic, _, field = name.partition(".")
        if name == VISIT_TIME and not before_visit:
            yield at, f"{{{VISIT_TIME}}} is only for prepare steps; write {{{VISIT_DATE}}}"
        elif topic in gates and field in {"until", "length"}:
            yield at, f"{topic} holds until staff clear it, so no text names its end; write: until we tell you"
        elif field == "length" and restrictions.get(topic) is False:
            yield at, f"{topic} ends on a day and has no length; write {{{topic}.until}}"
        elif name not in plain and name not in ends and name not in lengths:
            known = (*plain, *ends, *lengths)
            near = get_close_matches(name, known, n=1, cutoff=0.6)
            meant = f"did you mean {{{near[0]}}}? There" if near else "there"
            yield at, f"{{{name}}} is no placeholder; {meant} are {', '.join(f'{{{one}}}' for one in known)}"


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for found in PLACEHOLDER.finditer(text):
        topic, dot, field = found[1].partition(".")
        if dot and found[1] not in PLAIN_PLACEHOLDERS:
            yield topic, field
