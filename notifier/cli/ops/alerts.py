"""`notifier alerts`: what somebody must know, and whether the channels work."""

from __future__ import annotations

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from notifier.alerting.channel import AlertLine
from notifier.bootstrap.alerting import build_alerting
from notifier.bootstrap.planning import build_clock
from notifier.cli.context import command_context
from notifier.cli.errors import Failed
from notifier.cli.options import Json
from notifier.cli.output import note, print_json, print_table
from notifier.cli.timeline_table import local
from notifier.config.settings import Settings, load_settings
from notifier.db.engine import reading, writing
from notifier.db.errors import DatabaseFailure
from notifier.db.tables import Alert
from notifier.domain.errors import BadConfiguration
from notifier.domain.refused import Refused
from notifier.logs import configure_logs
from notifier.oversight.alerts.deliver import deliver_to_all
from notifier.oversight.alerts.stored_alerts import open_alerts
from notifier.oversight.alerts.stored_channels import store_deliveries
from notifier.sending.gates.heartbeats import works


def alerts(
    test: Annotated[
        bool, typer.Option("--test", help="Tell a test through every channel, and say which took it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What somebody must know, since when, and whether it was told."""
    if test:
        configure_logs(level="CRITICAL")  # the sentences below say it
        _test(load_settings())
        return
    with command_context(read_only=True) as context, reading(context.engine) as session:
        found = open_alerts(session)
        watched = works(session, context.now)
        zone = ZoneInfo(context.rules.timezone)
    if as_json:
        print_json([{"cause": one.cause, "why": one.why, **_instants(one)} for one in found])
        return
    rows = [
        (one.cause, local(one.opened_at, zone), local(one.told_at, zone) if one.told_at else "not yet", one.why)
        for one in found
    ]
    print_table(("cause", "since", "told", "why"), rows, empty="no alert is open")
    if not watched:
        note("no worker is running, so nobody looks for what is new: notifier doctor")


def _instants(alert: Alert) -> dict[str, str | None]:
    return {
        "since": alert.opened_at.isoformat(), "told_at": alert.told_at.isoformat() if alert.told_at else None,
    }  # fmt: skip


def _test(settings: Settings) -> None:
    """Every channel of everybody is tried; that it took the test is stored where the database can be written to."""
    alerting = build_alerting(settings)
    on_call = alerting.on_call
    if not on_call.everybody():
        raise Refused(
            "nobody would be told: set NOTIFIER_ALERT_EMAIL and NOTIFIER_SMTP_URL, NOTIFIER_ALERT_WEBHOOK, "
            "NOTIFIER_ALERT_APPRISE, or NOTIFIER_CLINICAL_ALERTS"
        )
    now = build_clock(settings).now()
    line = AlertLine("test", "this is a test; nothing is wrong", now)
    found = asyncio.run(deliver_to_all(alerting.clinic, alerting.host, line, on_call.everybody().values()))
    told = {one.channel: one.why for one in found}
    for who, person in on_call.everybody().items():
        for channel in person:
            why = told[channel.id]
            note(f"{who}: {channel.name}: {'told' if why is None else f'not told, {why}'}")
    try:
        with command_context(read_only=True) as context, writing(context.engine) as session:
            store_deliveries(session, found, at=now)
    except (DatabaseFailure, BadConfiguration) as error:
        note(f"it is not remembered: {str(error).splitlines()[0]}")
    if troubles := [f"{one.name}: {one.why}" for one in found if one.why]:
        raise Failed("; ".join(troubles))
