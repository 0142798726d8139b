"""The effect of a protocol's content in sentences for staff."""

from __future__ import annotations

from typing import Final

from notifier.domain.counted import counted
from notifier.enrollments.effect import What
from notifier.publishing.effect import ProtocolEffect
from schedules.languages.registry import language

_WORDS: Final = {
    What.WRONG_NOW: ("text has said what is wrong now", "texts have said what is wrong now"),
    What.ADDED: ("text is new", "texts are new"),
    What.MOVED: ("text moves", "texts move"),
    What.REWORDED: ("text gets new words", "texts get new words"),
    What.WITHDRAWN: ("text is withdrawn", "texts are withdrawn"),
    What.EXPIRED: ("text loses its hour: say it in person", "texts lose their hour: say it in person"),
    What.PASSED: ("new text would be past: say it in person", "new texts would be past: say it in person"),
}


def effect_summary(found: ProtocolEffect) -> list[str]:
    """Who is concerned, what moves, who was told otherwise, what would be past, and what stands in the way."""
    protocol, others = found.protocol, len(found.patients)
    over = [f"Aftercare is over for {found.over:,} more; they stay as they are."] if found.over else []
    if not others:
        return [f"No running patient is on another version of it than {protocol.version}: nothing changes.", *over]
    changed = [one for one in found.patients if one.effect is not None and one.effect.texts]
    said = [
        f"Running patients on other versions of {protocol.id}: {others}; on {protocol.version}: {found.on_it}.",
        *over,
        f"Texts change for {len(changed)}; for {others - len(changed)} nothing does.",
        *(f"{counted(many, one, several)}." for many, one, several in _changes(found)),
        f"Told otherwise: {len(found.misinformed)}; not yet: {others - len(found.misinformed)}.",
    ]
    if found.reworded:
        said.append(
            f"Read in other words, with no length, end, topic or number different: {len(found.reworded)}. Look whether "
            "the new words change what these patients should do."
        )
    if found.waiting:
        languages = ", ".join(language(one).about.name for one in found.waiting)
        said.append(
            f"A clinician has not approved it in {languages}: until then nobody is moved in that "
            "language, and what was approved last goes on."
        )
    said += [f"Enrollment {one.enrollment} cannot be moved: {one.why_not}" for one in found.patients if one.why_not]
    return said


def _changes(found: ProtocolEffect) -> list[tuple[int, str, str]]:
    return [(many, *words) for what, words in _WORDS.items() if (many := found.counts[what.value])]
