"""After an outage or a restore, and while a clock is in doubt, Today says what waits and what to do."""

from __future__ import annotations

from datetime import timedelta

from notifier.db.engine import writing
from notifier.sending.gates.heartbeats import arrive, say_doubt
from notifier.sending.gates.recoveries import begin_after_outage, begin_after_restore
from tests.web.pages.conftest import Pages


def test_late_texts_that_wait_are_said_with_their_number(pages: Pages) -> None:
    pages.enroll()
    late = pages.clock.now() + timedelta(hours=5)
    with writing(pages.engine) as session:
        assert begin_after_outage(session, above=0, now=late)
    assert "1 late text waits for you after an outage; newer ones leave as planned." in pages.read("/")


def test_a_restored_backup_is_said_to_be_one(pages: Pages) -> None:
    now = pages.clock.now()
    with writing(pages.engine) as session:
        begin_after_restore(session, up_to=now, now=now, by="desk")
    assert "this is a backup of" in pages.read("/")


def test_a_clock_in_doubt_is_said_while_its_worker_lives(pages: Pages) -> None:
    with writing(pages.engine) as session:
        arrive(session, "worker", host="h", pid=1, now=pages.clock.now())
        say_doubt(session, "worker", "the clock leapt 3 days ahead")
    assert "Nothing is sent right now: The clock leapt 3 days ahead" in pages.read("/")
