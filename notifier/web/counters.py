"""What this process has counted since it began."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from notifier.domain.states import MessageState
from notifier.oversight.departures import OUTCOMES, ConcludedCall
from notifier.oversight.withheld import WITHHELD

_LATE: Final = (1, 5, 15, 60, 300, 900, 3600, 7200, 21600)
_CALL: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 18)


class Counts:
    """Counters in a registry of their own, so that two apps in one process do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks_taken = Counter(
            "notifier_webhooks_taken", "Webhooks that were Twilio's and were stored.", ["route"], registry=self.registry
        )
        self.webhooks_refused = Counter(
            "notifier_webhooks_refused", "Webhooks that were refused, by reason.", ["reason"], registry=self.registry
        )
        self.moves = Counter(
            "notifier_text_moves",
            "Texts that came into a state since this process was first asked, whoever moved them.",
            ["state"],
            registry=self.registry,
        )
        self.lateness = Histogram(
            "notifier_lateness_seconds",
            "How long after the moment that its plan allowed a text left, while this process looked.",
            buckets=_LATE,
            registry=self.registry,
        )
        self.call_seconds = Histogram(
            "notifier_twilio_call_seconds",
            "How long calls to Twilio took, from the attempt's record to its answer.",
            buckets=_CALL,
            registry=self.registry,
        )
        self.calls = Counter(
            "notifier_twilio_calls", "Calls to Twilio by what they came to.", ["outcome"], registry=self.registry
        )
        self.segments = Counter("notifier_segments", "Billed units of what Twilio took.", registry=self.registry)
        self.withheld = Counter(
            "notifier_texts_withheld",
            "Texts that expired, or that an opt-out kept, by reason, while this process looked.",
            ["state", "reason"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        for state in MessageState:  # a rate over what has never happened is 0, not nothing
            self.moves.labels(state.value)
        for withheld, reason in WITHHELD:
            self.withheld.labels(withheld.value, reason)
        for outcome in OUTCOMES:
            self.calls.labels(outcome)

    def observe(self, calls: Iterable[ConcludedCall]) -> None:
        """Count these calls."""
        for call in calls:
            self.calls.labels(call.outcome).inc()
            self.call_seconds.observe(call.seconds)
            self.segments.inc(call.segments)
            if call.late is not None:
                self.lateness.observe(call.late)
