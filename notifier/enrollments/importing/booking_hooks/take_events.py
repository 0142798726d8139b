"""What waits of booking systems' posts, read as files of one row: each once, and nothing older over something newer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.enrollments import by_external_id
from notifier.db.tables import HookBooking, HookEvent, HookSource
from notifier.domain.instants import is_at_night, read_instant, says_an_offset
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING
from notifier.enrollments.commands import Cancel
from notifier.enrollments.importing.booking_hooks.payload import Payload, Row, as_csv, read_payload
from notifier.enrollments.importing.csv_text import read_csv
from notifier.enrollments.importing.file_change import PASSED
from notifier.enrollments.importing.import_rows import import_rows
from notifier.enrollments.importing.mappings.dates import clean
from notifier.enrollments.importing.mappings.stored import open_reader
from notifier.enrollments.importing.mappings.table import columns_of
from notifier.enrollments.importing.meanings import RowMeaning
from notifier.enrollments.importing.report import ImportReport
from notifier.enrollments.importing.rows import WHEN
from notifier.enrollments.lifecycle import apply
from schedules.protocol import CareProtocol

AT_ONCE: Final = 100
"""Posts of one source in one round, sorted by when each happened."""
_LEASE: Final = timedelta(minutes=2)
_LONGEST_ID: Final = 100


@dataclass(frozen=True, slots=True)
class _Post:
    event: HookEvent
    at: datetime
    payload: Payload | Refused


def are_waiting(session: Session) -> bool:
    """Whether anything is to be read: asked often."""
    return session.scalar(select(col(HookEvent.id)).where(col(HookEvent.state) == "waiting").limit(1)) is not None


def take_events(engine: Engine, *, protocols: Mapping[str, CareProtocol], rules: PlanningRules, now: datetime) -> int:
    """Read what waits, in transactions of its own; how many posts. Each source is one worker's at a time."""
    taken = 0
    with writing(engine) as session:
        mine = _lease(session, now)
    for source in mine:
        with reading(engine) as session:
            posts = sorted(_posts(session, source), key=lambda one: (one.at, one.event.id or 0))
        for post in posts:
            state, why = _take(engine, source, post, protocols, rules, now)
            with writing(engine) as session:
                _save(session, post.event, state, why)
        taken += len(posts)
        with writing(engine) as session:
            session.execute(update(HookSource).where(col(HookSource.id) == source.id).values(busy_until=None))
    return taken


def _lease(session: Session, now: datetime) -> list[HookSource]:
    waiting = select(col(HookEvent.source_id)).where(col(HookEvent.state) == "waiting")
    is_free = or_(col(HookSource.busy_until).is_(None), col(HookSource.busy_until) <= now)
    free = update(HookSource).where(col(HookSource.id).in_(waiting), col(HookSource.ended_at).is_(None), is_free)
    ids = session.scalars(free.values(busy_until=now + _LEASE).returning(col(HookSource.id))).all()
    return list(session.scalars(select(HookSource).where(col(HookSource.id).in_(ids)).order_by(col(HookSource.id))))


def _posts(session: Session, source: HookSource) -> Iterator[_Post]:
    waiting = select(HookEvent).where(col(HookEvent.source_id) == source.id, col(HookEvent.state) == "waiting")
    for event in session.scalars(waiting.order_by(col(HookEvent.id)).limit(AT_ONCE)):
        at = event.signed_at or event.received_at
        try:
            payload = read_payload(source.kind, event.body, is_mapped=source.mapping is not None)
        except Refused as why:
            yield _Post(event, at, why)
        else:
            # A clock that is ahead must not hide what comes later.
            yield _Post(event, min(payload.at or at, event.received_at), payload)


def _take(
    engine: Engine,
    source: HookSource,
    post: _Post,
    protocols: Mapping[str, CareProtocol],
    rules: PlanningRules,
    now: datetime,
) -> tuple[str, str | None]:
    """What became of a post, and why it failed."""
    payload, by = post.payload, f"hook:{source.name}"
    if isinstance(payload, Refused):
        return "failed", str(payload)
    if not payload.rows:
        return "passed by", None
    try:
        with writing(engine) as session:
            reader = None
            if source.mapping is not None:
                reader = open_reader(session, source.mapping, protocols, rules, consent=source.consent)
            key = (reader.mapping.columns.id.visit if reader else None) or "external_id"
            rows, ended = _newest(session, source.id or 0, post, payload, key)
            if ended is not None:
                apply(session, ended, Cancel("booked anew"), rules=rules, now=now, by=by)
        if not rows:
            return "superseded", None
        if reader is None:
            _refuse_at_night(rows, rules)
        report = import_rows(
            engine, as_csv(rows, columns_of(reader.mapping) if reader else ()), protocols=protocols, rules=rules,
            now=now, by=by, skip_bad=True, read=reader.rows if reader else read_csv, passed=PASSED,
            said_at=post.at,
        )  # fmt: skip
    except Refused as why:
        return "failed", str(why)
    except (ValueError, TypeError, ArithmeticError, LookupError) as why:  # one odd post must not stop those behind it
        return "failed", f"it could not be read ({type(why).__name__})"
    return _outcome(report)


def _refuse_at_night(rows: Sequence[Row], rules: PlanningRules) -> None:
    """A program says its offset by itself: one that is wrong makes nine in the morning four. Raises Refused."""
    for row in rows:
        office = row.get("office") or ""
        zone = rules.at(office if office in rules.offices else None).timezone
        for field in WHEN:
            cell = row.get(field) or ""
            if says_an_offset(cell) and is_at_night(read_instant(cell, zone, field), zone):
                raise Refused(
                    f'{field} "{cell[:40]}" is at night on the clinic\'s clock, which is odd; where that system writes '
                    "its own clock as UTC, mend the offset there; else enroll the patient by hand",
                    field,
                )


def _outcome(report: ImportReport) -> tuple[str, str | None]:
    if report.faults:
        return "failed", "; ".join(one.sentence for one in report.faults)
    did = report.written or report.counts[RowMeaning.SAME]
    return ("taken" if did else "passed by"), None


def _newest(session: Session, source_id: int, post: _Post, payload: Payload, key: str) -> tuple[list[Row], int | None]:
    """The rows that are news, each under the id by which its booking is enrolled; and an enrollment that is to end.

    What was made in the place of another booking is that booking, moved. Where the news of that comes after what came
    later still, both may be enrolled by now: then the one that was replaced ends.
    """
    rows, ended = [], None
    for row in payload.rows:
        booking = clean(row.get(key, ""))[:_LONGEST_ID]
        if not booking:
            rows.append(row)  # the import says what is wrong
            continue
        post.event.booking = post.event.booking or booking
        known, first = _known(session, source_id, booking), _known(session, source_id, payload.replaces)
        external_id = known.external_id if known else booking
        if payload.replaces:
            before = first.external_id if first else payload.replaces
            if known is None:
                external_id = before
            elif before != external_id:
                ended = _running(session, before, external_id)
            _remember(session, source_id, payload.replaces, external_id, max(post.at, known.at if known else post.at))
        if known is not None and known.at > post.at:
            continue
        _remember(session, source_id, booking, external_id, post.at)
        rows.append({**row, key: external_id})
    return rows, ended


def _known(session: Session, source_id: int, booking: str | None) -> HookBooking | None:
    return session.get(HookBooking, (source_id, booking)) if booking else None


def _remember(session: Session, source_id: int, booking: str, external_id: str, at: datetime) -> None:
    session.merge(HookBooking(source_id=source_id, booking=booking, external_id=external_id, at=at))
    session.flush()


def _running(session: Session, external_id: str, kept: str) -> int | None:
    found, other = by_external_id(session, external_id), by_external_id(session, kept)
    is_another = found is not None and found.state in RUNNING and (other is None or other.id != found.id)
    return found.id if found is not None and is_another else None


def _save(session: Session, event: HookEvent, state: str, why: str | None) -> None:
    """What is known of a booking by now also settles what failed of it before."""
    if state == "taken" and event.booking:
        earlier = update(HookEvent).where(
            col(HookEvent.source_id) == event.source_id,
            col(HookEvent.booking) == event.booking,
            col(HookEvent.state) == "failed",
        )
        session.execute(earlier.values(state="superseded"))
    this = update(HookEvent).where(col(HookEvent.id) == event.id)
    session.execute(this.values(state=state, booking=event.booking, why=why[:400] if why else None))
