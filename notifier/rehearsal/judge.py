"""The evidence of a rehearsal, some numbers at a time: judged, and handed on for the reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Message
from notifier.promises.count import count_over
from notifier.promises.evidence import intents, open_messages
from notifier.promises.facts import Evidence, PromiseKept
from notifier.rehearsal.ledger import Ledger
from schedules.send_window import SendWindow

_AT_ONCE: Final = 100


def judge(
    engine: Engine,
    ledger: Ledger,
    *,
    since: datetime,
    until: datetime,
    window: SendWindow,
    max_texts_per_day: int,
    seen: Callable[[Evidence], None],
) -> list[PromiseKept]:
    """The promises, counted over everybody; `seen` gets the evidence of each hundred numbers."""

    def parts() -> Iterator[Evidence]:
        for phones in _numbers(engine):
            with reading(engine) as session:
                evidence = Evidence(
                    ledger=ledger.texts_to(phones),
                    outbox=intents(session, phones),
                    stops=ledger.stops_of(phones),
                    until=until,
                    window=window,
                    max_texts_per_day=max_texts_per_day,
                    messages=open_messages(session, phones),
                    since=since,
                )
            seen(evidence)
            yield evidence

    return count_over(parts())


def _numbers(engine: Engine) -> Iterator[list[str]]:
    last = ""
    while True:
        with reading(engine) as session:
            found = select(col(Message.phone)).where(col(Message.phone) > last).distinct()
            phones = list(session.scalars(found.order_by(col(Message.phone)).limit(_AT_ONCE)))
        if not phones:
            return
        yield phones
        last = phones[-1]
