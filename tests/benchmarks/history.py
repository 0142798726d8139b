"""A clinic after two years: a hundred thousand patients, nearly all of whose texts have long been delivered."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, text

from notifier.db.engine import is_sqlite, open_engine, writing
from notifier.db.protocols import store_version
from schedules.catalogue import shipped
from tests.benchmarks.clinic import NOW, ZONE

TEXTS = 6
"""Of one patient, a day and a half apart."""
_YEARS = timedelta(days=730)
_WORDS = "Glow Skin Clinic: keep out of the sun until Saturday. Questions: +1 212 555 0100. STOP to opt out."


def fill_history(url: str, patients: int) -> None:
    """So many patients, the last of them treated now; one text in fifty failed, and what lies ahead is planned."""
    engine = open_engine(url)
    every = _YEARS.total_seconds() / patients
    protocol = shipped()["microneedling"]
    same = {"protocol": protocol.id, "version": protocol.version, "zone": ZONE, "patients": patients}
    moments = {"now": NOW.timestamp(), "every": every, "words": _WORDS}
    with writing(engine) as session:
        store_version(session, protocol, NOW)
    with engine.begin() as connection:
        for statement in (_enrollments(engine), _messages(engine)):
            named = {name: value for name, value in {**same, **moments}.items() if f":{name}" in statement}
            connection.execute(text(statement), named)
    settle(engine)
    engine.dispose()


def settle(engine: Engine) -> None:
    """What PostgreSQL's autovacuum does within a minute of so many writes. Our SQLite keeps no such statistics."""
    if is_sqlite(engine):
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


def _enrollments(engine: Engine) -> str:
    treated = "(:now - (:patients - i) * :every)"
    day = f"date({treated}, 'unixepoch')" if is_sqlite(engine) else f"CAST(to_timestamp({treated}) AS date)"
    digits = "substr('000000' || (2000000 + i), -7)" if is_sqlite(engine) else "right('000000' || (2000000 + i), 7)"
    no = "0" if is_sqlite(engine) else "false"
    return f"""
        INSERT INTO enrollments (id, external_id, name, folded_name, phone, protocol, version, treated_on,
            ordinal, treated_at, timezone, language, answers, separate_areas, state, consent, consent_by, consent_at,
            rebook_consent, enrolled_at, enrolled_by)
        {series(engine, "1", ":patients")}
        SELECT i, 'visit-' || i, 'Patient ' || i, 'patient' || i, '+1212' || {digits}, :protocol, :version,
            {day}, 0, {instant(engine, treated)}, :zone, 'en', '{{}}', {no}, 'active', 'signed form', 'desk',
            {instant(engine, treated)}, {no}, {instant(engine, treated)}, 'desk' FROM s"""


def _messages(engine: Engine) -> str:
    whose, step = f"(1 + i / {TEXTS})", f"(i % {TEXTS})"
    due = f"(:now - (:patients - {whose}) * :every + 3600 + {step} * 129600)"
    state = f"CASE WHEN {due} > :now THEN 'planned' WHEN i % 50 = 0 THEN 'failed' ELSE 'delivered' END"
    left = f"CASE WHEN {due} > :now THEN NULL ELSE {instant(engine, due)} END"
    digits = (
        f"substr('000000' || (2000000 + {whose}), -7)"
        if is_sqlite(engine)
        else f"right('000000' || (2000000 + {whose}), 7)"
    )
    return f"""
        INSERT INTO messages (enrollment_id, step, revision, kind, topics, phone, state, nominal_at,
            not_before, due_at, expires_at, text, notes, attempts, retries, left_at)
        {series(engine, "0", f":patients * {TEXTS} - 1")}
        SELECT {whose}, 'step-' || {step}, 0, 'care', '[]', '+1212' || {digits}, {state},
            {instant(engine, due)}, {instant(engine, due)}, {instant(engine, due)},
            {instant(engine, f"({due} + 86400)")}, :words, '[]', 1, 0, {left} FROM s"""


def series(engine: Engine, first: str, last: str) -> str:
    if is_sqlite(engine):
        return f"WITH RECURSIVE s(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM s WHERE i < {last})"
    return f"WITH s(i) AS (SELECT generate_series({first}, {last}))"


def instant(engine: Engine, seconds: str) -> str:
    if is_sqlite(engine):
        return f"strftime('%Y-%m-%dT%H:%M:%f', {seconds}, 'unixepoch') || '000Z'"
    return f"to_timestamp(CAST({seconds} AS double precision))"
