"""The first text: it leaves while the patient is at the desk, says who writes, and finds a wrong number out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.planning.plan import EnrollmentFacts, Plan, PlanningRules
from schedules.dates import say_date
from schedules.languages.registry import language_or_default
from schedules.placeholders import PLACEHOLDER


@dataclass(frozen=True, slots=True)
class FirstText:
    """What it says and when it leaves; all instants are aware and in UTC."""

    text: str
    due_at: datetime
    """At once, or at the next opening of the send window."""
    expires_at: datetime
    """When nothing follows any more that it could announce."""
    notes: tuple[str, ...] = ()


def first_text(
    facts: EnrollmentFacts, plan: Plan, rules: PlanningRules, now: datetime, *, said: Iterable[str] = ()
) -> FirstText | None:
    """The first text of an enrollment; None where no text follows, or no hour is left before the last one.

    `said` are the steps of the plan that have left. Before a visit nobody knows how many texts follow; then it is
    useful until the appointment.
    """
    over = set(said)
    follow = [one for one in plan.timeline.messages if one.is_to_come and one.step not in over]
    to_come = sorted(one.due_at or one.nominal_at for one in follow)
    if facts.treated_at is not None and not to_come:
        return None
    until = facts.anchor.at if facts.treated_at is None else to_come[-1]
    zone, day0 = plan.timeline.zone, facts.local_day if facts.treated_at is not None else None
    due_at = plan.timeline.hours.on_quiet_days_too.first_open(now, until, day0=day0)
    if due_at is None:
        return None
    voice, spoken = rules.at(facts.office).voice, language_or_default(facts.language)
    words = spoken.about.first.booked if facts.treated_at is None else spoken.about.first.treated
    filled = {
        "clinic": voice.clinic,
        "phone": voice.phone,
        "count": str(len(to_come)),
        "until": spoken.card.not_yet if any(one.waits for one in follow) else say_date(until, zone, facts.language),
    }
    closed = "a quiet day" if plan.timeline.hours.on_quiet_days_too.is_quiet(now) else "the send window is closed"
    waits = () if due_at == now else (closed,)
    return FirstText(PLACEHOLDER.sub(lambda found: filled.get(found[1], found[0]), words), due_at, until, waits)
