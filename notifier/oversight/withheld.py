"""Why texts were withheld, for metrics: what expired and what an opt-out kept, by reason. No patient data."""

from __future__ import annotations

from collections import Counter
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Event
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.states import MessageState
from notifier.sending.decide import NO_HOUR_LEFT, NOT_SOON_ENOUGH, TOO_LATE
from schedules.moments import NOT_TOLD

_S = MessageState
WITHHELD: Final = (
    (_S.SUPPRESSED, "opted_out"),
    (_S.SUPPRESSED, "never_text"),
    (_S.EXPIRED, "not_told"),
    (_S.EXPIRED, "kept_waiting"),
    (_S.EXPIRED, "late"),
    (_S.EXPIRED, "no_open_hour"),
    (_S.EXPIRED, "plan_changed"),
)
"""Every state in which a text is withheld, with every reason."""


def withheld_between(session: Session, after: int, upto: int) -> Counter[tuple[MessageState, str]]:
    """The texts that the events after the one and up to the other withheld, by state and reason."""
    found = (
        select(col(Event.to_state), col(Event.why), func.count())
        .where(col(Event.id) > after, col(Event.id) <= upto, col(Event.what) == "state")
        .where(col(Event.to_state).in_([_S.SUPPRESSED.value, _S.EXPIRED.value]))
        .group_by(col(Event.to_state), col(Event.why))
    )
    counted = Counter[tuple[MessageState, str]]()
    for state, why, many in session.execute(found):
        counted[_S(str(state)), _reason(_S(str(state)), why or "")] += many
    return counted


def _reason(state: MessageState, why: str) -> str:
    if state is _S.SUPPRESSED:
        return "never_text" if why == NEVER_TEXT else "opted_out"
    if NOT_TOLD in why:
        return "not_told"
    if NO_HOUR_LEFT in why:
        return "no_open_hour"
    if why in (TOO_LATE, NOT_SOON_ENOUGH):
        return "late"
    return "kept_waiting" if why.startswith(TOO_LATE) else "plan_changed"
