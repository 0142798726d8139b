"""Tell somebody: what is wrong is written down once for each cause, and told until a channel has taken it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from notifier.alerting.channel import Line, News, NotTold, Teller
from notifier.db.tables import Alert
from notifier.db.threads import DatabaseThreads
from notifier.oversight import stored_alerts as alerts
from notifier.oversight.alert_rules import AlertRules, Cause, find_causes, holding_cause, urgent_cause
from notifier.sending.gates.heartbeats import works

MISSED: Final = 3
"""Looks, one a minute."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells, and in whose name."""

    clinic: str
    host: str
    rules: AlertRules
    tellers: Sequence[Teller] = ()
    """None: the log alone."""


async def watch_alone(threads: DatabaseThreads, telling: Telling, *, now: datetime, missed: int) -> int:
    """One look of a process that is no worker; how many of its looks in a row have found none alive.

    A dead worker cannot say that it is dead. A restart takes less than `MISSED` looks, and is told to nobody.
    """
    if await threads.read(lambda session: works(session, now)):
        return 0
    if missed + 1 >= MISSED:
        await watch(threads, telling, now=now, no_worker=True)
    return missed + 1


async def watch(threads: DatabaseThreads, telling: Telling, *, now: datetime, no_worker: bool = False) -> list[str]:
    """One look around: the causes that were told now. `no_worker`: that is one of them."""

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = find_causes(alerts.gather(session, now), telling.rules, now)
        if no_worker:
            causes.append(Cause("worker", "no worker is running, so nothing is sent"))
        return causes, alerts.differs(alerts.open_alerts(session), causes, now)

    causes, differs = await threads.read(look)
    # Nearly always there is nothing: then nobody has to wait for a writer.
    return await _tell_of(threads, telling, causes, now=now) if differs else []


async def watch_replies(threads: DatabaseThreads, telling: Telling, *, now: datetime) -> list[str]:
    """A look that cannot wait for the next one, after a reply has come: the urgent and holding ones that were told now.

    It is about them alone; no other alert is opened or cleared by it.
    """

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = [urgent_cause(reply) for reply in alerts.urgent_replies(session)]
        causes += [holding_cause(reply) for reply in alerts.holding_replies(session)]
        return causes, alerts.differs(alerts.open_alerts(session), causes, now, are_all=False)

    causes, differs = await threads.read(look)
    return await _tell_of(threads, telling, causes, now=now, are_all=False) if differs else []


async def _tell_of(
    threads: DatabaseThreads,
    telling: Telling,
    causes: Sequence[Cause],
    *,
    now: datetime,
    are_all: bool = True,
) -> list[str]:
    """Write the causes down, and tell those that are to be told now; which got through."""

    def take(session: Session) -> list[tuple[int, Line]]:
        return [_line(one) for one in alerts.take(session, causes, now=now, are_all=are_all)]

    taken = await threads.write(take)
    if not taken:
        return []
    ids, lines = [number for number, _ in taken], tuple(line for _, line in taken)
    for line in lines:
        log.warning("alert", cause=line.cause, why=line.why)
    troubles = await tell(telling, lines)
    if telling.tellers and len(troubles) == len(telling.tellers):
        await threads.write(lambda session: alerts.not_told(session, ids))
        return []
    await threads.write(lambda session: alerts.told(session, ids, at=now))
    return [line.cause for line in lines]


async def tell(telling: Telling, lines: tuple[Line, ...]) -> dict[str, str]:
    """Hand it to every channel; by channel, why one did not take it."""
    news = News(telling.clinic, telling.host, lines)
    troubles: dict[str, str] = {}
    for teller in telling.tellers:
        try:
            await teller.tell(news)
        except NotTold as why:
            troubles[teller.name] = str(why)
            log.warning("alert_not_told", channel=teller.name, why=str(why))
        except Exception as error:
            troubles[teller.name] = f"it failed ({type(error).__name__})"
            log.exception("alert_not_told", channel=teller.name)
    return troubles


def _line(alert: Alert) -> tuple[int, Line]:
    return alert.id or 0, Line(alert.cause, alert.why, alert.opened_at)
