"""Every look at a patient is in the audit log, once for each time that somebody has the patient before them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from notifier.access.accounts import Source, audit
from notifier.access.audit_log import audited
from notifier.access.looks import STILL_THERE, Looks
from notifier.access.record_look import Look, record_look
from notifier.db.engine import reading, writing
from notifier.db.tables import AuditShown, StaffAudit
from notifier.web.source import device_of

DESK, IPAD = Source("10.0.0.5", "Chrome on Windows"), Source("10.0.0.9", "Safari on iPad")


def test_a_page_that_is_drawn_anew_is_one_look_until_somebody_new_is_on_it(engine: Engine, now: datetime) -> None:
    looks, written = Looks(), []
    for minutes, source, patients in (
        (0, DESK, (7, 8)), (1, DESK, (8, 7)), (2, DESK, (7, 8, 9)), (3, IPAD, (7,)), (16, DESK, (7, 9)),
        (17, DESK, ()), (40, DESK, (7,)),
    ):  # fmt: skip
        at = now + timedelta(minutes=minutes)
        record_look(engine, looks, Look("staff:Dana", source, "Today", patients), now=at)
        with reading(engine) as session:
            written.append(session.scalars(select(col(StaffAudit.id))).all())
    assert [1, 1, 2, 3, 3, 4, 5] == [len(one) for one in written]
    with reading(engine) as session:
        saw = [[one.by, one.device, one.at] for one in audited(session, 9, enrollments=[7])]
        assert [
            ["staff:Dana", "Chrome on Windows", now + timedelta(minutes=40)],
            ["staff:Dana", "Safari on iPad", now + timedelta(minutes=3)],
            ["staff:Dana", "Chrome on Windows", now],
        ] == saw
        assert [now + timedelta(minutes=2)] == [one.at for one in audited(session, 9, enrollments=[9])]
    assert STILL_THERE < timedelta(minutes=23)


def test_the_audit_log_is_only_ever_added_to(engine: Engine, now: datetime) -> None:
    with writing(engine) as session:
        audit(session, at=now, by="staff:Dana", what="saw", about="Today", source=DESK, shown=(1, 2))
    for statement in (
        "UPDATE staff_audit SET by = 'nobody'", "DELETE FROM staff_audit", "DELETE FROM audit_shown",
        "UPDATE audit_shown SET enrollment_id = 3", "DELETE FROM audit_seals WHERE number = 1",
    ):  # fmt: skip
        if engine.dialect.name == "sqlite" and "audit_seals" in statement:
            continue  # its triggers see rows, and there is none yet
        with pytest.raises(DBAPIError, match="the audit log is only ever added to"), engine.begin() as connection:
            connection.execute(text(statement))
    with reading(engine) as session:
        assert [(1, 1), (2, 1)] == [(one.enrollment_id, one.entry_id) for one in session.scalars(select(AuditShown))]


def test_a_device_is_named_by_browser_and_system() -> None:
    mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    said = {
        f"{mac} Version/17.4 Safari/605.1.15": "Safari on Mac",
        f"{mac} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0": "Edge on Mac",
        "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) CriOS/126.0 Mobile/15E148 Safari/604.1": "Chrome on iPad",
        "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0": "Firefox on Linux",
        "EHR-Bridge/2.1 (build 7)": "EHR-Bridge/2.1",
        "": None,
        "\x1b[31mred": None,
    }
    assert said == {agent: device_of(agent) for agent in said}
