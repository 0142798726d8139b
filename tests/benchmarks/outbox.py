"""Fills an outbox by the hundred thousand: made by the database itself, so that a million rows take seconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from notifier.db.engine import is_sqlite, open_engine
from schedules.catalogue import shipped
from tests.benchmarks.clinic import NOW, ZONE

_SQLITE_SERIES = "WITH RECURSIVE s(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM s WHERE i + 1 < :first + :count)"
_POSTGRESQL_SERIES = "WITH s(i) AS (SELECT generate_series(:first, :first + :count - 1))"
_STEPS = 10
"""Texts of one enrollment."""
_WORDS = (
    "Glow Skin Clinic: makeup is fine again from today, if nothing is open or weeping. "
    "Questions: +1 212 555 0100. STOP to opt out."
)


def fill_pending(url: str, count: int) -> None:
    """So many planned texts, ten for each patient, spread over the sixty days from tomorrow."""
    begin, every = NOW + timedelta(days=1), 60 * 86_400 / count
    _fill(url, count, per_patient=_STEPS, begin=begin, every=every)


def fill_due(url: str, count: int, *, begin: datetime, over: float = 0.0) -> None:
    """So many texts, one for each patient, due from `begin` on over so many seconds of that clock.

    Each says in its words when it is due on the machine's clock, given that `NOW` is this moment on the shifted one.
    """
    due = time.time() + (begin - NOW).total_seconds()
    _fill(url, count, per_patient=1, begin=begin, every=over / count, due=due)


def _fill(url: str, count: int, *, per_patient: int, begin: datetime, every: float, due: float | None = None) -> None:
    engine = open_engine(url)
    protocol = next(iter(shipped().values()))
    with engine.begin() as connection:
        first = connection.execute(text("SELECT coalesce(max(id), 0) + 1 FROM enrollments")).scalar_one()
        same = {"protocol": protocol.id, "version": protocol.version, "zone": ZONE}
        when = {"now": _bound(engine, NOW), "day": NOW.date() if not is_sqlite(engine) else NOW.date().isoformat()}
        patients = {"first": first, "count": -(-count // per_patient)}
        connection.execute(text(_enrollments(engine)), {**same, **when, **patients})
        texts = {"first": 0, "count": count, "patient": first, "per": per_patient}
        moments = {"begin": begin.timestamp(), "every": every, "due": due, "words": _WORDS, "now": when["now"]}
        connection.execute(text(_messages(engine, says_due=due is not None)), {**texts, **moments})
    if not is_sqlite(engine):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE messages"))
    engine.dispose()


def _enrollments(engine: Engine) -> str:
    series, digits, no = _dialect(engine)
    return f"""
        INSERT INTO enrollments (id, external_id, name, folded_name, phone, protocol, version, treated_on,
            ordinal, treated_at, timezone, language, answers, separate_areas, state, consent, consent_by, consent_at,
            rebook_consent, enrolled_at, enrolled_by)
        {series}
        SELECT i, 'visit-' || i, 'Ana Ruiz', 'anaruiz', '+1212' || {digits.format("(2000000 + i)")}, :protocol,
            :version, :day, 0, :now, :zone, 'en', '{{}}', {no}, 'active', 'signed form', 'desk', :now,
            {no}, :now, 'desk' FROM s"""


def _messages(engine: Engine, *, says_due: bool) -> str:
    series, digits, _ = _dialect(engine)
    due = f"({_number('begin', engine)} + i * {_number('every', engine)})"
    says = f" || ' due=' || ({_number('due', engine)} + i * {_number('every', engine)} + 0.000001)" if says_due else ""
    return f"""
        INSERT INTO messages (enrollment_id, step, revision, kind, topics, phone, state, nominal_at,
            not_before, due_at, expires_at, text, notes, attempts, retries)
        {series}
        SELECT :patient + i / :per, 'step-' || (i % :per), 0, 'care', '[]',
            '+1212' || {digits.format("(2000000 + :patient + i / :per)")}, 'planned', {_instant(engine, due)}, :now,
            {_instant(engine, due)}, {_instant(engine, f"({due} + 86400)")}, :words || ' Ref ' || i{says}, '[]', 0, 0
        FROM s"""


def _dialect(engine: Engine) -> tuple[str, str, str]:
    if is_sqlite(engine):
        return _SQLITE_SERIES, "substr('000000' || {}, -7)", "0"
    return _POSTGRESQL_SERIES, "right('000000' || {}, 7)", "false"


def _number(name: str, engine: Engine) -> str:
    return f":{name}" if is_sqlite(engine) else f"CAST(:{name} AS double precision)"


def _instant(engine: Engine, seconds: str) -> str:
    if is_sqlite(engine):
        return f"strftime('%Y-%m-%dT%H:%M:%f', {seconds}, 'unixepoch') || '000Z'"
    return f"to_timestamp({seconds})"


def _bound(engine: Engine, at: datetime) -> object:
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z" if is_sqlite(engine) else at
