"""Tell somebody: what is wrong is written down once for each cause, and told until a channel has taken it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from notifier.db import alerts
from notifier.db.tables import Alert
from notifier.db.threads import DatabaseThreads
from notifier.domain.alerts import AlertRules, Cause, find_causes
from notifier.telling.teller import Line, News, NotTold, Teller

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells, and in whose name."""

    clinic: str
    host: str
    rules: AlertRules
    tellers: Sequence[Teller] = ()
    """None: the log alone."""


async def watch(threads: DatabaseThreads, telling: Telling, clinic_id: str, *, now: datetime) -> list[str]:
    """One look around: the causes that were told now."""

    def look(session: Session) -> tuple[list[Cause], bool]:
        causes = find_causes(alerts.gather(session, clinic_id, now), telling.rules, now)
        return causes, alerts.differs(alerts.open_alerts(session, clinic_id), causes, now)

    causes, differs = await threads.read(look)
    if not differs:  # nearly always: then nobody has to wait for a writer
        return []

    def take(session: Session) -> list[tuple[int, Line]]:
        return [_line(one) for one in alerts.take(session, clinic_id, causes, now=now)]

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
