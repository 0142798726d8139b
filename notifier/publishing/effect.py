"""What the present content of a protocol would do to every running patient; nothing is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from notifier.db.protocols import is_approved
from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from notifier.enrollments.effect import Effect, What
from notifier.enrollments.lifecycle import preview
from notifier.publishing.migrate_command import Migrate
from notifier.publishing.under_way import under_way
from schedules.protocol import CareProtocol


@dataclass(frozen=True, slots=True)
class PatientEffect:
    """One running patient who is on another version."""

    enrollment: int
    name: str
    version: str
    """The one that the patient is on."""
    language: str
    effect: Effect | None
    """None where the patient cannot be moved."""
    why_not: str | None = None

    @property
    def misinformed(self) -> bool:
        """Whether a text has said what is wrong by this content: somebody calls, or a correction is sent."""
        return self.effect is not None and any(text.what is What.WRONG_NOW for text in self.effect.texts)

    @property
    def is_reworded(self) -> bool:
        """Whether what the patient has read is right, and said in other words now."""
        return not self.misinformed and self.effect is not None and any(one.is_reread for one in self.effect.texts)


@dataclass(frozen=True, slots=True)
class ProtocolEffect:
    """What a protocol's content would do, patient by patient."""

    protocol: CareProtocol
    patients: tuple[PatientEffect, ...]
    """Those on another version; whom it changes most for comes first."""
    on_it: int
    """Running patients who are on this version already."""
    over: int
    """Patients whose aftercare is over, on any version: for them nothing changes, and they are not moved."""
    waiting: tuple[str, ...]
    """Languages in which a clinician must approve this content before anybody is moved to it."""

    @property
    def misinformed(self) -> list[PatientEffect]:
        """Whom somebody must call, or send a correction."""
        return [one for one in self.patients if one.misinformed]

    @property
    def reworded(self) -> list[PatientEffect]:
        """Who has read nothing that is wrong, but some of it in other words."""
        return [one for one in self.patients if one.is_reworded]

    @property
    def movable(self) -> list[PatientEffect]:
        """Those who can be moved to this content now."""
        return [one for one in self.patients if one.effect is not None and one.language not in self.waiting]

    @property
    def not_misinformed(self) -> list[PatientEffect]:
        """Those of them to whom no text has said anything that becomes different."""
        return [one for one in self.movable if not one.misinformed]

    @property
    def counts(self) -> dict[str, int]:
        """How many texts are added, moved and so on, in the order of `What`; not what was read in other words."""
        texts = (text for one in self.patients if one.effect for text in one.effect.texts)
        found = Counter(text.what for text in texts if not text.is_reread)
        return {what.value: found[what] for what in What}

    @property
    def digest(self) -> str:
        """The same where what would be done is still what was shown."""
        said = [f"{one.enrollment} {one.effect.digest if one.effect else one.why_not}" for one in self.patients]
        return hashlib.sha256("\n".join([self.protocol.version, *sorted(said)]).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The effect as JSON: for each patient the one shape that every command has."""
        return {
            "protocol": self.protocol.id,
            "version": self.protocol.version,
            "on_it": self.on_it,
            "over": self.over,
            "waiting": list(self.waiting),
            "texts": self.counts,
            "told_otherwise": [one.enrollment for one in self.misinformed],
            "reworded": [one.enrollment for one in self.reworded],
            "cannot_move": [
                {"enrollment": one.enrollment, "why": one.why_not} for one in self.patients if one.effect is None
            ],
            "enrollments": [one.effect.to_json() for one in self.patients if one.effect is not None],
        }


Progress = Callable[[int, int], None]
"""Told how many patients are done, and of how many."""


def no_progress(_done: int, _of: int) -> None:
    """For whoever waits without looking."""


def protocol_effect(
    session: Session,
    protocol_id: str,
    *,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
    progress: Progress = no_progress,
) -> ProtocolEffect:
    """What moving every running patient to the present content would do, each by itself. Raises Refused.

    `progress` is told how many patients are looked at, and of how many.
    """
    protocol = find_protocol(protocol_id, protocols)
    running = under_way(session, protocol, rules, now)
    patients: list[PatientEffect] = []
    for one in running.others:
        progress(len(patients), len(running.others))
        patients.append(_effect_on(session, one, protocol, rules, now))
    patients.sort(key=lambda one: (one.effect is not None, not one.misinformed, _unchanged(one), one.enrollment))
    waiting = tuple(
        one
        for one in protocol.languages
        if rules.must_be_approved and not is_approved(session, protocol.id, protocol.version, one)
    )
    return ProtocolEffect(protocol, tuple(patients), running.on_it, running.over, waiting)


def _effect_on(
    session: Session, stored: Enrollment, protocol: CareProtocol, rules: PlanningRules, now: datetime
) -> PatientEffect:
    whose = stored.id or 0
    try:
        effect = preview(session, whose, Migrate(protocol), rules=rules, now=now)
    except Refused as why:
        return PatientEffect(whose, stored.name, stored.version, stored.language, None, str(why))
    return PatientEffect(whose, stored.name, stored.version, stored.language, effect)


def _unchanged(one: PatientEffect) -> bool:
    return one.effect is None or not one.effect.texts
