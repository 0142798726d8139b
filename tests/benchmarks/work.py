"""What is open at a clinic that nobody looks after: forty thousand pieces of work among a hundred thousand patients."""

from __future__ import annotations

from sqlalchemy import text

from notifier.db.engine import is_sqlite, open_engine
from tests.benchmarks.clinic import NOW
from tests.benchmarks.history import instant, series, settle

REPLIES, BOUNCED, EXPIRED, VISITS = 15_000, 18_000, 5_000, 2_000
PIECES = REPLIES + BOUNCED + EXPIRED + VISITS
_OVER_DAYS = 400
"""So far back they are spread."""


def fill_work(url: str) -> None:
    """Add them to a history (`fill_history`): of the latest patients, one piece each, one reply in fifty urgent."""
    engine = open_engine(url)
    no, yes = ("0", "1") if is_sqlite(engine) else ("false", "true")
    at = f"(:now - 60 - i * {_OVER_DAYS * 86_400 / REPLIES})"
    phone = "(SELECT phone FROM enrollments WHERE id = 2 * i)"
    statements = (
        f"""INSERT INTO replies (sid, phone, text, at, meaning, urgent, media_count)
            {series(engine, "1", str(REPLIES))}
            SELECT 'SM' || i, {phone}, 'when can I stop icing?', {instant(engine, at)},
            'other', CASE WHEN i % 50 = 0 THEN {yes} ELSE {no} END, 0 FROM s""",
        "INSERT INTO reply_phones (reply_id, phone) SELECT id, phone FROM replies",
        f"UPDATE messages SET state = 'undelivered' WHERE id % 30 = 7 AND id <= {30 * BOUNCED}",
        f"UPDATE messages SET state = 'expired', left_at = NULL WHERE id % 30 = 11 AND id <= {30 * EXPIRED}",
        f"""UPDATE enrollments SET state = 'booked', appointment_at = treated_at, treated_at = NULL
            WHERE id % 40 = 3 AND id <= {40 * VISITS}""",
    )
    with engine.begin() as connection:
        for statement in statements:
            named = {"now": NOW.timestamp()} if ":now" in statement else {}
            connection.execute(text(statement), named)
    settle(engine)
    engine.dispose()
