"""After an outage or a restore, and while a clock is in doubt, Today says what waits and what to do."""

from __future__ import annotations

from datetime import timedelta

from notifier.db.engine import writing
from notifier.db.tables import RecoveryKind
from notifier.sending.gates.heartbeats import arrive, say_doubt
from notifier.sending.gates.recoveries import BY_WORKER, begin_after_outage, begin_after_restore, end
from tests.web.pages.conftest import Pages


def test_late_texts_that_wait_are_said_with_their_number(pages: Pages) -> None:
    pages.enroll()
    late = pages.clock.now() + timedelta(hours=5)
    with writing(pages.engine) as session:
        assert begin_after_outage(session, above=0, now=late)
    assert "1 late text waits for you after an outage; newer ones leave as planned." in pages.read("/")


def test_a_restored_backup_is_said_to_be_one_and_a_database_that_went_back_by_itself_is_not(pages: Pages) -> None:
    now = pages.clock.now()
    for by, what in (("desk", "this is a backup of"), (BY_WORKER, "the database went back in time, perhaps to")):
        with writing(pages.engine) as session:
            end(session, RecoveryKind.RESTORED, at=now, by="desk", why="asked")
            begin_after_restore(session, up_to=now, now=now, by=by)
        assert f"Nothing is sent: {what}" in pages.read("/")
        assert what.capitalize() in pages.read("/overdue")


def test_a_clock_in_doubt_is_said_while_its_worker_lives(pages: Pages) -> None:
    with writing(pages.engine) as session:
        arrive(session, "worker", host="h", pid=1, now=pages.clock.now())
        say_doubt(session, "worker", "the clock leapt 3 days ahead")
    assert "Nothing is sent right now: The clock leapt 3 days ahead" in pages.read("/")
