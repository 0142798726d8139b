"""What the settings say of alerts: who is told what is wrong with the machine, and who what concerns a patient."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta

from notifier.alerting.addresses import parse_contacts
from notifier.bootstrap.planning import protocols, read_offices, send_window, staffed_hours
from notifier.config.settings import BadSettings, Settings
from notifier.db.threads import DatabaseThreads
from notifier.oversight.alerts.alert_rules import AlertRules
from notifier.oversight.alerts.on_call import OfficeOnCall, OnCall
from notifier.oversight.alerts.watch import Alerting
from notifier.publishing.present_protocols import PresentProtocols
from schedules.send_window import zone_named


def build_alerting(settings: Settings) -> Alerting:
    """The alert rules and channels that the settings name. Raises BadSettings."""
    offices = read_offices(settings)
    rules = AlertRules(
        zone_named(settings.timezone or "UTC"),
        staffed_hours(settings),
        send_window(settings),
        by_webhook=settings.public_url is not None,
        unreadable_protocols=protocols(settings).unreadable,
        unread_after=timedelta(minutes=settings.unread_minutes),
        offices=offices,
    )
    return Alerting(settings.clinic_name or "Notifier", socket.gethostname(), rules, on_call(settings))


async def with_present(threads: DatabaseThreads, alerting: Alerting, protocols: PresentProtocols) -> Alerting:
    """The same, with what is wrong by now with the clinic's own words from the page."""
    unreadable = (await threads.read(protocols.read)).unreadable
    return replace(alerting, rules=replace(alerting.rules, unreadable_protocols=unreadable))


def on_call(settings: Settings) -> OnCall:
    """Everybody who can be told. Raises BadSettings."""
    from notifier.alerting.channels import channels, channels_of  # noqa: PLC0415  # an HTTP client takes 0.1 s, and few commands tell

    hidden = (settings.smtp_url, settings.alert_webhook, settings.alert_apprise, settings.clinical_alerts)
    smtp_url, webhook, apprise, clinical = (one.get_secret_value() if one else None for one in hidden)
    name = "NOTIFIER_ALERT_APPRISE"
    try:
        machine = channels(mail_to=settings.alert_email, smtp_url=smtp_url, webhook=webhook, apprise=apprise)
        name = "NOTIFIER_CLINICAL_ALERTS"
        people = parse_contacts(clinical) if clinical else ()
        clinic = tuple(channels_of(person, smtp_url=smtp_url) for person in people)
        offices = {}
        for office in read_offices(settings).values():
            name = f'NOTIFIER_OFFICES_FILE: office "{office.id}": alerts'
            offices[office.id] = OfficeOnCall(
                office.voice.clinic,
                zone_named(office.timezone),
                tuple(channels_of(person, smtp_url=smtp_url) for person in office.alerts),
                office.staffed,
                office.covered_by,
            )
    except ValueError as error:
        raise BadSettings([f"{name}: {error}."]) from None
    return OnCall(machine, clinic, offices)
