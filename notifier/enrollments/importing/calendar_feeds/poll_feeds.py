"""A look at each calendar, every quarter of an hour: what is new in it is read as a file of that calendar."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.tables import CalendarFeed
from notifier.domain.counted import counted
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.importing.calendar_feeds.fetch import fetch
from notifier.enrollments.importing.file_change import PASSED
from notifier.enrollments.importing.import_rows import MappedRow, import_rows
from notifier.enrollments.importing.mappings.apply import HEADER
from notifier.enrollments.importing.mappings.stored import open_reader
from schedules.protocol import CareProtocol

EVERY: Final = timedelta(minutes=15)
_WHEN: Final = (HEADER.index("treated_at"), HEADER.index("appointment_at"))


def due_feeds(session: Session, now: datetime) -> list[CalendarFeed]:
    """Those to look at now; nobody else looks at them within a quarter of an hour."""
    is_due = or_(col(CalendarFeed.checked_at).is_(None), col(CalendarFeed.checked_at) <= now - EVERY)
    due = update(CalendarFeed).where(col(CalendarFeed.ended_at).is_(None), is_due).values(checked_at=now)
    ids = session.scalars(due.returning(col(CalendarFeed.id))).all()
    return list(
        session.scalars(select(CalendarFeed).where(col(CalendarFeed.id).in_(ids)).order_by(col(CalendarFeed.id)))
    )


async def poll_feed(
    engine: Engine,
    feed: CalendarFeed,
    *,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
) -> str | None:
    """Look at one calendar and take what is new; why that failed, None where it did not."""
    etag, last_modified, why = None, None, None
    try:
        # What failed before is read again whole, for a word may have been explained meanwhile.
        known = (None, None) if feed.why else (feed.etag, feed.last_modified)
        found = await fetch(feed.url, etag=known[0], last_modified=known[1], allow_private=feed.allow_private)
        etag, last_modified = found.etag, found.last_modified
        if found.data is not None:
            why = await asyncio.to_thread(_take, engine, feed, found.data, protocols, rules, now)
    except Refused as refused:
        why = str(refused)
    except (ValueError, TypeError, ArithmeticError, LookupError) as odd:  # one odd calendar must not stop the others
        why = f"it could not be read ({type(odd).__name__})"
    values = {"etag": etag, "last_modified": last_modified, "why": why[:400] if why else None}

    def save() -> None:
        with writing(engine) as session:
            session.execute(update(CalendarFeed).where(col(CalendarFeed.id) == feed.id).values(values))

    await asyncio.to_thread(save)
    return why


def _take(
    engine: Engine,
    feed: CalendarFeed,
    data: bytes,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
) -> str | None:
    with reading(engine) as session:
        reader = open_reader(session, feed.mapping, protocols, rules, consent=feed.consent)
    report = import_rows(
        engine, data, protocols=protocols, rules=rules, now=now, by=f"feed:{feed.name}", skip_bad=True,
        read=lambda file: _without_past(reader.rows(file), now - PASSED), passed=PASSED,
    )  # fmt: skip
    if not report.bad_rows:
        return None
    return f"{report.bad_rows:,} of its {counted(report.rows, 'event')} could not be taken, such as {report.faults[0]}"


def _without_past(rows: Iterator[tuple[int, MappedRow]], since: datetime) -> Iterator[tuple[int, MappedRow]]:
    """A calendar keeps what is long over; that is no news, and nothing wrong with it."""
    for number, cells in rows:
        said = "".join(cells[one] for one in _WHEN) if isinstance(cells, list) else ""
        yield number, None if said[:1].isdigit() and datetime.fromisoformat(said) < since else cells
