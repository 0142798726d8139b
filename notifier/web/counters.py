"""What this process has counted since it began."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


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
