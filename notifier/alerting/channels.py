"""All channels that a clinic has named."""

from __future__ import annotations

from collections.abc import Sequence

from notifier.alerting import apprise as by_apprise
from notifier.alerting.addresses import is_mail, is_web
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


def channels_of(person: Sequence[str], *, smtp_url: str | None) -> tuple[Channel, ...]:
    """The channels of one person's addresses; raises ValueError where the mail server or a package is missing."""
    mail = [one.removeprefix("mailto:") for one in person if is_mail(one)]
    if mail and not smtp_url:
        raise ValueError("mailto: needs NOTIFIER_SMTP_URL; set it, or leave the address out")
    others = [one for one in person if not is_mail(one) and not is_web(one)]
    found = channels(mail_to=",".join(mail) or None, smtp_url=smtp_url, webhook=None, apprise=" ".join(others) or None)
    return (*found, *(WebhookChannel(one) for one in person if is_web(one)))
