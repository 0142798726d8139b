"""The effect of a protocol's content in sentences for staff."""

from __future__ import annotations

from typing import Final

from notifier.enrollments.effect import What
from notifier.publishing.effect import ProtocolEffect

_WORDS: Final = {
    What.WRONG_NOW: "texts have said what is wrong now",
    What.ADDED: "texts are new",
    What.MOVED: "texts move",
    What.REWORDED: "texts get new words",
    What.WITHDRAWN: "texts are withdrawn",
    What.EXPIRED: "texts lose their hour: say it in person",
    What.PASSED: "new texts would be past: say it in person",
}


def effect_summary(found: ProtocolEffect) -> list[str]:
    """Who is concerned, what moves, who was told otherwise, what would be past, and what stands in the way."""
    protocol, others = found.protocol, len(found.patients)
    if not others:
        return [f"No running patient is on another version of {protocol.id} than {protocol.version}: nothing changes."]
    changed = [one for one in found.patients if one.effect is not None and one.effect.texts]
    said = [
        f"Running patients on other versions of {protocol.id}: {others}; on {protocol.version}: {found.on_it}.",
        f"Texts change for {len(changed)}; for {others - len(changed)} nothing does.",
        *(f"{found.counts[what.value]} {words}." for what, words in _WORDS.items() if found.counts[what.value]),
        f"Told otherwise: {len(found.misinformed)}; not yet: {others - len(found.misinformed)}.",
    ]
    if found.reworded:
        said.append(
            f"Read in other words, with no length, end, topic or number different: {len(found.reworded)}. Look whether "
            "the new words change what these patients should do."
        )
    if found.waiting:
        said.append(
            f"A clinician has not approved it in {', '.join(found.waiting)}: until then nobody is moved in that "
            "language, and what was approved last goes on."
        )
    said += [f"Enrollment {one.enrollment} cannot be moved: {one.why_not}" for one in found.patients if one.why_not]
    return said
