"""Alerts: one is opened for each cause, and sent until a channel has delivered it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.alerting.channel import AlertLine, AlertNotice, Channel, NotDelivered
from notifier.db.tables import Alert
from notifier.db.threads import DatabaseThreads
from notifier.oversight import stored_alerts as alerts
from notifier.oversight.alert_rules import AlertRules, Cause, find_causes, holding_cause, urgent_cause
from notifier.sending.gates.heartbeats import works

MISSED: Final = 3
"""Looks, one a minute."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alerting:
    """The channels that alerts go through, the rules, and in whose name they are sent."""

    clinic: str
    host: str
    rules: AlertRules
    channels: Sequence[Channel] = ()
    """None: the log alone."""


async def watch_without_worker(threads: DatabaseThreads, alerting: Alerting, *, now: datetime, missed: int) -> int:
    """Look whether a worker lives, from the web server; how many looks in a row have found none.

    A dead worker cannot say that it is dead. A restart takes less than `MISSED` looks, and raises no alert.
    """
    if await threads.read(lambda session: works(session, now)):
        return 0
    if missed + 1 >= MISSED:
        await watch(threads, alerting, now=now, no_worker=True)
    return missed + 1


async def watch(threads: DatabaseThreads, alerting: Alerting, *, now: datetime, no_worker: bool = False) -> list[str]:
    """Open, clear and send alerts; the causes that were sent now. `no_worker` adds that no worker runs."""

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = find_causes(alerts.gather(session, now), alerting.rules, now)
        if no_worker:
            causes.append(Cause("worker", "no worker is running, so nothing is sent"))
        return causes, alerts.differs(alerts.open_alerts(session), causes, now)

    causes, differs = await threads.read(look)
    # Nearly always there is nothing: then nobody has to wait for a writer.
    return await _open_and_send(threads, alerting, causes, now=now) if differs else []


async def watch_replies(threads: DatabaseThreads, alerting: Alerting, *, now: datetime) -> list[str]:
    """Open and send the alerts about urgent and holding replies, at once after a reply; the causes that were sent now.

    It is about them alone; no other alert is opened or cleared by it.
    """

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = [urgent_cause(reply) for reply in alerts.urgent_replies(session)]
        causes += [holding_cause(reply) for reply in alerts.holding_replies(session)]
        return causes, alerts.differs(alerts.open_alerts(session), causes, now, are_all=False)

    causes, differs = await threads.read(look)
    return await _open_and_send(threads, alerting, causes, now=now, are_all=False) if differs else []


async def _open_and_send(
    threads: DatabaseThreads,
    alerting: Alerting,
    causes: Sequence[Cause],
    *,
    now: datetime,
    are_all: bool = True,
) -> list[str]:
    """Store the causes and send those that are due; the causes that a channel delivered."""

    def take(session: Session) -> list[tuple[int, AlertLine]]:
        return [_line(one) for one in alerts.take(session, causes, now=now, are_all=are_all)]

    taken = await threads.write(take)
    if not taken:
        return []
    ids, lines = [number for number, _ in taken], tuple(line for _, line in taken)
    for line in lines:
        log.warning("alert", cause=line.cause, why=line.why)
    troubles = await send_alerts(alerting, lines)
    if alerting.channels and len(troubles) == len(alerting.channels):
        await threads.write(lambda session: alerts.mark_unsent(session, ids))
        return []
    await threads.write(lambda session: alerts.mark_sent(session, ids, at=now))
    return [line.cause for line in lines]


async def send_alerts(alerting: Alerting, lines: tuple[AlertLine, ...]) -> dict[str, str]:
    """Send these lines through every channel; by channel, why it did not deliver them."""
    notice = AlertNotice(alerting.clinic, alerting.host, lines)
    troubles: dict[str, str] = {}
    for channel in alerting.channels:
        try:
            await channel.send(notice)
        except NotDelivered as why:
            troubles[channel.name] = str(why)
            log.warning("alert_not_told", channel=channel.name, why=str(why))
        except Exception as error:
            troubles[channel.name] = f"it failed ({type(error).__name__})"
            log.exception("alert_not_told", channel=channel.name)
    return troubles


def _line(alert: Alert) -> tuple[int, AlertLine]:
    return alert.id or 0, AlertLine(alert.cause, alert.why, alert.opened_at)
