"""Where a text would say another length than the patient's own: such a text is left out, and a catch-up says the rule.

A text that prints the end of each topic that it names follows an exception by itself. One that says a single end for
several, or writes a length out, is right only for as long as they are what the protocol says.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from schedules.placeholders import PLACEHOLDER
from schedules.protocol import Step, StepKind

A_LENGTH: Final = re.compile(r"\d|\bweek|\bsemana")
"""What makes words outside of placeholders a length: "3 days", "for a week"."""


def says_a_length(text: str) -> bool:
    """Whether a text writes a length out."""
    return bool(A_LENGTH.search(PLACEHOLDER.sub("", text)))


def why_not_its_words(step: Step, own: Collection[str]) -> str | None:
    """Why this step cannot be said to a patient whose lengths of the topics `own` differ; None where it can."""
    if step.kind is not StepKind.RESTRICT:
        return None
    texts = (*step.text.values(), *step.late_text.values())
    says_ends = bool(step.printed_topics or step.measured_topics)
    for topic in step.named_topics:
        prints = (f"{{{topic}.until}}", f"{{{topic}.length}}")
        if topic in own and any(
            (says_ends or says_a_length(text)) and not any(one in text for one in prints) for text in texts
        ):
            return f"its words do not say this patient's own length of {topic}"
    return None
