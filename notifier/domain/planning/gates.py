"""Gates that keep a patient's lifts: those of the treatment itself, and those of the same patient's earlier ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.planning.plan import EnrollmentFacts, concerns, is_newer


def gates_of(facts: EnrollmentFacts, company: Iterable[EnrollmentFacts]) -> dict[str, datetime]:
    """Topics that the treatment, or an earlier one of the same patient, restricts until staff clear them, and when it
    may be asked. One that was cleared at the earlier treatment is none here.

    `company` are the enrollments on the number.
    """
    found = dict(facts.moments.asks)
    for one in _earlier(facts, company):
        for topic, at in one.moments.asks.items():
            if topic not in one.cleared:
                found[topic] = max(at, found.get(topic, at))
    return found


def closed_gates(facts: EnrollmentFacts, company: Iterable[EnrollmentFacts]) -> frozenset[str]:
    """Those of them that nobody has cleared."""
    return frozenset(gates_of(facts, company).keys() - facts.cleared.keys())


def _earlier(facts: EnrollmentFacts, company: Iterable[EnrollmentFacts]) -> Iterable[EnrollmentFacts]:
    return (one for one in company if concerns(facts, one) and not is_newer(one, facts))
