"""All channels that a clinic has named."""

from __future__ import annotations

from notifier.alerting import apprise as by_apprise
from notifier.alerting.apprise import AppriseTeller
from notifier.alerting.channel import Teller
from notifier.alerting.mail import MailTeller
from notifier.alerting.webhook import WebhookTeller


def tellers(
    *, mail_to: str | None, smtp_url: str | None, webhook: str | None, apprise: str | None
) -> tuple[Teller, ...]:
    """Each channel that has its address; raises ValueError where the package for one is missing."""
    found: list[Teller] = []
    if mail_to and smtp_url:
        found.append(MailTeller(smtp_url, [one.strip() for one in mail_to.split(",")]))
    if webhook:
        found.append(WebhookTeller(webhook))
    if apprise:
        if not by_apprise.is_installed():
            raise ValueError(by_apprise.MISSING)
        found.append(AppriseTeller(apprise))
    return tuple(found)
