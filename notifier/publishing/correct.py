"""One correction to exactly those whom a migration found told otherwise: shown first, and sent once to each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.corrections import correction_of, misinformed_by
from notifier.db.events import record_event
from notifier.db.tables import Enrollment, Message
from notifier.domain.counted import counted
from notifier.domain.kinds import CORRECTION, correction_step
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.effect import Effect, PatientCall, What
from notifier.enrollments.plans import lock_plans
from notifier.publishing.correction_text import CorrectionText, look_at, write_text
from notifier.publishing.correction_words import corrected_version
from schedules.protocol import CareProtocol

_AT_ONCE: Final = 25
"""Patients in one transaction: no text waits for all of them."""
Change = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction does, or did, patient by patient."""

    protocol: CareProtocol
    """The version that the patients were moved to."""
    effects: tuple[Effect, ...] = ()
    """Of each patient the one text, or why somebody must call instead."""
    already: tuple[int, ...] = ()
    """Enrollments that it was planned for before, whatever has become of it."""
    waiting: Mapping[str, tuple[int, ...]] | None = None
    """By language in which it has no approved words yet: the enrollments."""

    @property
    def sent_to(self) -> list[int]:
        """Enrollments that get the text."""
        return [one.enrollment for one in self.effects if any(text.what is What.ADDED for text in one.texts)]

    @property
    def call_patient(self) -> list[PatientCall]:
        """Whom somebody must call, because no text can."""
        return [call for one in self.effects for call in one.call_patient]

    @property
    def digest(self) -> str:
        """The same where what would be sent is still what was shown."""
        texts = [f"{one.enrollment} {text.what} {text.text}" for one in self.effects for text in one.texts]
        return hashlib.sha256("\n".join([self.protocol.version, *texts]).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The correction as JSON: for each patient the one shape that every command has."""
        return {
            "protocol": self.protocol.id,
            "version": self.protocol.version,
            "enrollments": [one.to_json() for one in self.effects],
            "already": list(self.already),
            "waiting": {language: list(whose) for language, whose in (self.waiting or {}).items()},
            "call_patient": [
                {"enrollment": call.enrollment, "step": call.step, "why": call.why} for call in self.call_patient
            ],
        }


def preview_correction(session: Session, protocol_id: str, *, rules: PlanningRules, now: datetime) -> Correction:
    """What sending it would do; nothing is written. Raises Refused where nobody was told otherwise."""
    protocol = corrected_version(session, protocol_id)
    whom = misinformed_by(session, protocol.id, protocol.version)
    found = select(Enrollment).where(col(Enrollment.id).in_(list(whom)))
    stored = [one for one in session.scalars(found.order_by(col(Enrollment.id))) if rules.is_yours(one.office)]
    if not stored:
        raise Refused(f"nobody who was moved to {protocol.id} {protocol.version} had been told otherwise")
    words = _words(session, protocol, rules)
    done = _planned_before(session, whom)
    waiting: dict[str, list[int]] = {}
    effects = []
    for one in stored:
        whose = one.id or 0
        if whose in done:
            continue
        if one.language not in words:
            waiting.setdefault(one.language, []).append(whose)
            continue
        text = CorrectionText(correction_step(whom[whose]), words[one.language], protocol.version)
        effects.append(look_at(session, one, text, rules, now)[0])
    already = tuple(one.id for one in stored if one.id in done)
    return Correction(
        protocol, tuple(effects), already, {language: tuple(them) for language, them in sorted(waiting.items())}
    )


def send_correction(change: Change, seen: Correction, *, rules: PlanningRules, now: datetime, by: str) -> Correction:
    """Plan the text for everybody of a correction that was shown; for whom no text can, a task to call.

    Some at a time, each as it is found then: who has it already gets no second one.
    Raises Refused where nobody is left.
    """
    protocol, whom = seen.protocol, [one.enrollment for one in seen.effects]
    if not whom:
        waits = f"; a clinician approves its words in {', '.join(seen.waiting)} first" if seen.waiting else ""
        raise Refused(f"there is nobody to send the correction of {protocol.id} to{waits}")
    effects, already = [], list(seen.already)
    for start in range(0, len(whom), _AT_ONCE):
        with change() as session:
            lock_plans(session)
            moved = misinformed_by(session, protocol.id, protocol.version)
            words, done = _words(session, protocol, rules), _planned_before(session, moved)
            these = select(Enrollment).where(col(Enrollment.id).in_(whom[start : start + _AT_ONCE]))
            for stored in session.scalars(these.order_by(col(Enrollment.id))).all():
                whose = stored.id or 0
                if whose in done:
                    already.append(whose)
                elif whose in moved and stored.language in words:
                    text = CorrectionText(correction_step(moved[whose]), words[stored.language], protocol.version)
                    effect, row = look_at(session, stored, text, rules, now)
                    effects.append(effect)
                    if row is not None:
                        write_text(session, row, now, by)
            if not start:
                why = f"{protocol.id} {protocol.version}: {counted(len(whom), 'enrollment')}"
                record_event(session, at=now, by=by, what="protocol_corrected", why=why)
    return replace(seen, effects=tuple(effects), already=tuple(already))


def _words(session: Session, protocol: CareProtocol, rules: PlanningRules) -> dict[str, str]:
    """By language, where it may leave."""
    standing = correction_of(session, protocol.id, protocol.version)
    said = {code: one.leaves(must_be_approved=rules.must_be_approved) for code, one in standing.items()}
    return {code: words for code, words in said.items() if words is not None}


def _planned_before(session: Session, whom: Mapping[int, int]) -> set[int]:
    found = select(col(Message.enrollment_id), col(Message.step)).where(
        col(Message.enrollment_id).in_(list(whom)), col(Message.kind) == CORRECTION
    )
    return {whose for whose, step in session.execute(found) if whose and step == correction_step(whom[whose])}
