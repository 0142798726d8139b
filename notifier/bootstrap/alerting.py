"""What the settings say of alerts: who at the clinic is told what is wrong."""

from __future__ import annotations

import socket

from notifier.bootstrap.planning import protocols, staffed_hours
from notifier.config.settings import BadSettings, Settings
from notifier.oversight.alert_rules import AlertRules
from notifier.oversight.alerts import Alerting
from schedules.send_window import SendWindow, zone_named


def build_alerting(settings: Settings) -> Alerting:
    """The alert rules and channels that the settings name. Raises BadSettings."""
    from notifier.alerting.channels import channels  # noqa: PLC0415  # an HTTP client takes 0.1 s, and few commands tell

    hidden = (settings.smtp_url, settings.alert_webhook, settings.alert_apprise)
    smtp_url, webhook, apprise = (one.get_secret_value() if one else None for one in hidden)
    try:
        found = channels(mail_to=settings.alert_email, smtp_url=smtp_url, webhook=webhook, apprise=apprise)
    except ValueError as error:
        raise BadSettings([f"NOTIFIER_ALERT_APPRISE: {error}."]) from None
    rules = AlertRules(
        zone_named(settings.timezone or "UTC"),
        staffed_hours(settings),
        SendWindow.parse(settings.send_window),
        by_webhook=settings.public_url is not None,
        unreadable_protocols=protocols(settings).unreadable,
    )
    return Alerting(settings.clinic_name or "Notifier", socket.gethostname(), rules, found)
