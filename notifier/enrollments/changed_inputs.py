"""Settings that shape every plan and are other than they were: the running plans follow them.

A window, a quiet day, a zone or a phone number is changed in a file, while nothing runs; the next worker asks for every
running enrollment of that office to be planned anew, and does so in batches like any other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import replans
from notifier.db.tables import Enrollment, PlanInputs
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import RUNNING
from notifier.enrollments.plans import lock_plans

log = structlog.get_logger()
_CLINIC = ""
"""Under this name stand those that belong to no office."""


def ask_for_changed(session: Session, rules: PlanningRules, now: datetime) -> int:
    """Let the running plans of every office be planned anew whose inputs have changed; how many enrollments.

    What was never written down yet counts as unchanged: the plans are then as an earlier version has made them.
    """
    lock_plans(session)
    changed = changed_offices(session, rules)
    asked = 0
    for office in (None, *rules.offices):
        name, digest = office or _CLINIC, inputs_digest(rules.at(office))
        if office in changed:
            of_it = col(Enrollment.office).is_(None) if office is None else col(Enrollment.office) == office
            running = select(col(Enrollment.id)).where(of_it, col(Enrollment.state).in_(RUNNING))
            ids = [one for one in session.scalars(running.order_by(col(Enrollment.id))) if one is not None]
            replans.ask_for(session, ids, at=now, whole=True)
            log.info("settings_changed", office=name, plans=len(ids))
            asked += len(ids)
        session.merge(PlanInputs(office=name, digest=digest, at=now))
    return asked


def changed_offices(session: Session, rules: PlanningRules) -> Sequence[str | None]:
    """The offices, None for the clinic itself, that were planned under other settings than these."""
    known = {one.office: one.digest for one in session.scalars(select(PlanInputs))}
    return [
        office
        for office in (None, *rules.offices)
        if known.get(office or _CLINIC, now := inputs_digest(rules.at(office))) != now
    ]


def inputs_digest(rules: PlanningRules) -> str:
    """The same where a plan would be: window, quiet days, zone, staffed hours, daily cap, and who speaks."""
    said = [
        str(rules.window), str(rules.window.quiet), rules.timezone, str(rules.staffed), rules.max_texts_per_day,
        rules.voice.clinic, rules.voice.phone,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
