"""Alerts: one is opened for each cause, and sent until a channel has taken it.

What to send is taken in one transaction, so that of several processes one sends it; whether anybody took it is stored
in another. A process that dies between the two leaves an alert that is sent again after two minutes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.alerting.channel import AlertLine
from notifier.db.threads import DatabaseThreads
from notifier.oversight.alerts import stored_alerts as alerts
from notifier.oversight.alerts.alert_rules import AlertRules, find_causes
from notifier.oversight.alerts.cadence import Cause, contacts_due
from notifier.oversight.alerts.deliver import ChannelResult, deliver
from notifier.oversight.alerts.on_call import Contact, OnCall
from notifier.oversight.alerts.reply_alerts import reply_causes
from notifier.oversight.alerts.stored_channels import store_deliveries
from notifier.sending.gates.heartbeats import works

MISSED: Final = 3
"""Looks, one a minute."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alerting:
    """Who is told, by which rules, and in whose name."""

    clinic: str
    host: str
    rules: AlertRules
    on_call: OnCall = field(default_factory=OnCall)
    """Nobody: the log alone, and no alert counts as told."""


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
    """Open, clear and send alerts; the causes that were told now. `no_worker` adds that no worker runs."""

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = find_causes(alerts.gather(session, now), alerting.rules, now)
        if no_worker:
            causes.append(Cause("worker", "no worker is running, so nothing is sent"))
        causes = alerts.leave_out_recent(session, causes, now)
        return causes, alerts.differs(alerts.open_alerts(session), causes, now)

    causes, differs = await threads.read(look)
    # Nearly always there is nothing: then nobody has to wait for a writer.
    return await _open_and_send(threads, alerting, causes, now=now) if differs else []


async def watch_replies(threads: DatabaseThreads, alerting: Alerting, *, now: datetime) -> list[str]:
    """Open and send the alerts about urgent and holding replies, at once after a reply; the causes that were told now.

    It is about them alone; no other alert is opened or cleared by it.
    """

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = list(reply_causes(alerts.urgent_replies(session, now), alerts.holding_replies(session, now)))
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
    """Store the causes and send those that are due; the causes that a channel took."""
    by_key = {cause.key: cause for cause in causes}

    def take(session: Session) -> list[tuple[int, str, datetime]]:
        taken = alerts.take(session, causes, now=now, are_all=are_all)
        return [(one.id or 0, one.cause, one.opened_at) for one in taken]

    taken = await threads.write(take)
    if not taken:
        return []
    notices: dict[tuple[str, tuple[Contact, ...], int], list[tuple[int, AlertLine, Cause]]] = defaultdict(list)
    for number, key, since in taken:
        cause = by_key[key]
        log.warning("alert", cause=key, why=cause.why)
        notices[_addressed(alerting, cause, now, since)].append((number, AlertLine(key, cause.why, since), cause))
    told: list[int] = []
    untold: list[int] = []
    deliveries: list[ChannelResult] = []
    for (name, people, at_once), lines in notices.items():
        sent = await deliver(name, alerting.host, _bundled(lines), people, at_once)
        deliveries += sent
        (told if any(one.why is None for one in sent) else untold).extend(number for number, _, _ in lines)

    def store(session: Session) -> None:
        alerts.mark_sent(session, told, at=now)
        alerts.mark_unsent(session, untold)
        store_deliveries(session, deliveries, at=now)

    await threads.write(store)
    return [key for number, key, _ in taken if number in told]


def _bundled(lines: Sequence[tuple[int, AlertLine, Cause]]) -> list[AlertLine]:
    """The lines of one notice: what is told together is one, with the count, since the first of them."""
    found: list[AlertLine] = []
    many = Counter((cause.together, cause.office) for _, _, cause in lines)
    said = set()
    for _, line, cause in lines:
        group = (cause.together, cause.office)
        if cause.together is None or many[group] == 1:
            found.append(line)
        elif group not in said:
            said.add(group)
            found.append(replace(line, why=cause.together.format(many=many[group])))
    return found


def _addressed(
    alerting: Alerting, cause: Cause, now: datetime, since: datetime
) -> tuple[str, tuple[Contact, ...], int]:
    """In whose name, to whom in their order, and how many of them at once."""
    on_call = alerting.on_call
    if not cause.clinical:
        return alerting.clinic, tuple(on_call.for_machine()), 1
    office = on_call.offices.get(cause.office) if cause.office else None
    people = tuple(on_call.for_patients_of(cause.office, now))
    at_once = contacts_due(now - since) if cause.escalates else 1
    return office.name if office else alerting.clinic, people, min(at_once, max(1, len(people)))


async def send_alerts(alerting: Alerting, lines: Sequence[AlertLine]) -> list[ChannelResult]:
    """Tell those who run the machine, past the database."""
    return await deliver(alerting.clinic, alerting.host, lines, alerting.on_call.for_machine(), 1)
