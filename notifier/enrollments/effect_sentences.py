"""An effect in sentences, where a door shows no table of texts: what staff must decide, or tell a patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from notifier.domain.kinds import TELLS, step_in_words
from notifier.enrollments.effect import Effect, OtherEffect, What


def effect_sentences(effect: Effect, *, but_own: bool) -> Iterator[str]:
    """Of a change, or of an ending (`but_own`: whose own texts are withdrawn as somebody has asked)."""
    for ask in effect.unanswered.values():
        yield f"not answered: {ask} The texts that depend on it are not sent"
    for whose, step in effect.nobody_tells:
        yield f"enrollment {whose}: “{step_in_words(step)}” is not sent any more, and no other text says it"
    if effect.others_unplanned:
        yield "a protocol version on this number cannot be read, so the other enrollments' texts stay as they are"
    own = () if but_own else (OtherEffect(effect.enrollment, effect.texts),)
    yield from sentences_about((*own, *effect.others))


def sentences_about(enrollments: Iterable[OtherEffect]) -> Iterator[str]:
    """What becomes of the texts of some enrollments, as far as a person must know it."""
    for one in enrollments:
        for text in one.texts:
            said = f"enrollment {one.enrollment}: “{step_in_words(text.step)}”"
            match text.what:
                case What.WRONG_NOW:
                    yield f"{said} was sent and is wrong now ({text.why}); call the patient"
                case What.WITHDRAWN if text.needs_call or text.kind in TELLS:
                    yield f"{said} is not sent any more: {text.why}"
                case What.EXPIRED:
                    yield f"{said} is not sent any more: {text.why}"
                case What.MOVED if text.why and text.due_at is not None:
                    yield f"{said} has {text.why}"
