"""The values of the field table: how a typed one is read, and what an enrollment has."""

from __future__ import annotations

from typing import Any

from notifier.db.tables import Enrollment
from notifier.domain.refused import Refused
from notifier.enrollments.fields import TEXTS, Field, Kind


def read_text(field: Field, typed: str | None) -> str | None:
    """A text as it is stored: None where it is empty. Raises Refused."""
    try:
        text = field.clean(typed or "")
    except ValueError as why:
        raise Refused(str(why) if str(why).startswith(field.name) else f"{field.name}: {why}", field.name) from None
    if not text and field.required:
        raise Refused(f"{field.name} is empty; say {field.help[:1].lower()}{field.help[1:]}", field.name)
    if len(text) > field.longest:
        raise Refused(f"{field.name} is {len(text)} characters long; write at most {field.longest}", field.name)
    return text or None


def read_choice(field: Field, typed: str | None) -> str | None:
    """One of the options as it is stored; None where nothing is said. Raises Refused."""
    chosen = (typed or "").strip().casefold()
    if chosen and chosen not in field.options:
        known = " or ".join(field.options)
        raise Refused(f'{field.name} "{chosen[:40]}" is not known; write {known}, or leave it empty', field.name)
    return chosen or None


def card_notes(values: object) -> list[str]:
    """What the card to take home says beside the plan, of an enrollment or of a request."""
    said = (getattr(values, field.name) for field in TEXTS if field.on_card)
    return [text for text in said if text]


def stored(field: Field, enrollment: Enrollment) -> Any:
    """What an enrollment has in a field, as a request says it."""
    match field.name:
        case "second":
            return enrollment.ordinal > 0
        case _ if not field.is_kept:
            return False if field.kind is Kind.FLAG else None
        case "answers" | "restrictions":
            return dict(getattr(enrollment, field.name) or {})
    return getattr(enrollment, field.name)
