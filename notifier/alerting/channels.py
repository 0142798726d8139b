"""All channels that a clinic has named."""

from __future__ import annotations

from notifier.alerting import apprise as by_apprise
from notifier.alerting.apprise import AppriseChannel
from notifier.alerting.channel import Channel
from notifier.alerting.mail import MailChannel
from notifier.alerting.webhook import WebhookChannel


def channels(
    *, mail_to: str | None, smtp_url: str | None, webhook: str | None, apprise: str | None
) -> tuple[Channel, ...]:
    """Each channel that has its address; raises ValueError where the package for one is missing."""
    found: list[Channel] = []
    if mail_to and smtp_url:
        found.append(MailChannel(smtp_url, [one.strip() for one in mail_to.split(",")]))
    if webhook:
        found.append(WebhookChannel(webhook))
    if apprise:
        if not by_apprise.is_installed():
            raise ValueError(by_apprise.MISSING)
        found.append(AppriseChannel(apprise))
    return tuple(found)
