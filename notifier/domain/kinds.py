"""Kinds of texts beside those that protocols know, and when a text that waits is looked at again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from schedules.plain import key_in_words
from schedules.protocol import KIND_ORDER, StepKind

LOOK_AGAIN = timedelta(minutes=5)
"""How soon a text that waits for a person is looked at again."""


REPLY: Final = "reply"
"""The kind of a text that replies to what a patient wrote, beside the kinds that protocols know. It is no step of any
plan: it may leave at night, waits for no hold, and the daily cap does not count it."""

NEVER_TEXT: Final = "this person must never be texted"
"""Why a text of somebody is withdrawn whom staff have ended on every number."""

NOT_SAID: Final = "staff decided not to say it"
"""Why a lift that was held is withdrawn, where whoever let the texts go on has left it out."""

TEST: Final = "test"
"""The kind of a text on a staff member's own phone: of no patient, in no count. Its hours are in when it expires."""

BY_ITSELF, BY_STAFF = "answer", "reply"
"""How the step of such a text begins; the number of what the patient wrote follows."""
TO_URGENT: Final = "-urgent"
"""How the step of the fixed answer to urgent words ends."""
AFTER_ANSWER, AFTER_FINE = "after-answer", "after-fine"
"""The same of what is read after an answer to a question of ours. One that may reassure does not leave while something
of that number is unread."""
CORRECTS: Final = "correction"
"""How the step of a correction begins; the number of the migration that it corrects follows."""


def correction_step(migration: int) -> str:
    """The step of what corrects one migration: there is one such text of an enrollment, whatever becomes of it."""
    return f"{CORRECTS}-{migration}"


def held_as(kind: str, step: str) -> str | None:
    """The kind by which open replies and holds keep a text: what may reassure is kept as what says what is normal.

    None: nothing keeps it. A person has written it, who may reply to whatever is open; or it answers urgent words.
    """
    if kind == REPLY and (step.startswith(f"{BY_STAFF}-") or step.endswith(TO_URGENT)):
        return None
    return StepKind.EXPECT.value if step.startswith(f"{AFTER_FINE}-") else kind


def step_in_words(step: str) -> str:
    """What a text is, as people say it: `answer-8-urgent` is `fixed answer`, `reply-4` is `reply`."""
    found = _OF_A_REPLY.match(step)
    return _IN_WORDS[found[1]] if found else key_in_words(step)


_IN_WORDS: Final = {
    BY_ITSELF: "fixed answer",
    BY_STAFF: "reply",
    AFTER_ANSWER: "after the answer",
    AFTER_FINE: "after the answer",
    CORRECTS: "correction",
}
_OF_A_REPLY: Final = re.compile(rf"({'|'.join(_IN_WORDS)})-[0-9]+(?:-urgent)?$")

FIRST: Final = "first"
"""The kind of the text that leaves at enrollment (step `FIRST_TEXT`) and says who writes. It is no step of any plan
either: a rule must not lose its place for it, so the daily cap does not count it. Hours and holds are kept."""

CORRECTION: Final = CORRECTS
"""The kind of the text that says to a patient what an earlier one has told otherwise. Once it is planned it follows the
plan, it counts for the day and may exceed it, and it tells the rules of which it prints the end."""

TELLS: Final = (StepKind.RESTRICT.value, CORRECTION)
"""The kinds of text that tell a rule."""

OF_NO_PLAN: Final = (REPLY, FIRST, TEST)

NEED_ORDER: Final = (REPLY, StepKind.WARNING.value, CORRECTION, *(one for one in KIND_ORDER if one != StepKind.WARNING))
"""Every kind, in the order in which they leave where the need is the same."""
