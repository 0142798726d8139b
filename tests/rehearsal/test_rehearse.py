"""Weeks in seconds through the real engine: every promise is kept, and a fault that is planted is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from notifier.db.engine import open_engine, writing
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.enroll import enroll
from notifier.enrollments.requests import EnrollRequest
from notifier.rehearsal.outage import parse_outage
from notifier.rehearsal.place import refuse_other_machines
from notifier.rehearsal.rehearse import RehearsalPlan, Rehearsed, rehearse
from notifier.rehearsal.report import RehearsalReport
from notifier.sandbox.messages import SandboxMessage
from notifier.sandbox.server import Sandbox
from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from schedules.wording import Voice

MONDAY = date(2026, 3, 2)
PATIENTS = 2
NEW_YORK = ZoneInfo("America/New_York")
Stage = Callable[[Engine, Sandbox], None]


def _lift_a_minute_early(engine: Engine, _sandbox: Sandbox) -> None:
    """A planner that is wrong by a minute: in the row, too, which says when it may leave."""
    earlier = "strftime('%Y-%m-%dT%H:%M:%f000Z', {0}, '-60 seconds')"
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER early AFTER INSERT ON messages WHEN NEW.kind = 'lift' BEGIN UPDATE messages SET "
                f"due_at = {earlier.format('NEW.due_at')}, "
                f"not_before = {earlier.format('NEW.not_before')} WHERE id = NEW.id; END"
            )
        )


def _each_text_twice(_engine: Engine, sandbox: Sandbox) -> None:
    """An engine that makes a call twice."""
    create = sandbox.account.create

    def twice(form: dict[str, str]) -> SandboxMessage:
        create(form)
        return create(form)

    sandbox.account.create = twice  # type: ignore[method-assign]  # the fault that is planted


def test_faults_that_are_planted_are_found_and_nothing_else(tmp_path: Path) -> None:
    def plant(engine: Engine, sandbox: Sandbox) -> None:
        _lift_a_minute_early(engine, sandbox)
        _each_text_twice(engine, sandbox)

    done = _rehearse(tmp_path, plant)
    found = {one.promise: one.broken for one in done.kept if one.broken}
    assert {"Never early", "Never twice", "Never lost"} == set(found)
    assert all(sentence.endswith(": 1 min early") for sentence in found["Never early"])
    first = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert 'class="broken"' in first
    assert PATIENTS == first.count('<a href="patient-')
    page = (tmp_path / "report" / "patient-00001.html").read_text("utf-8")
    assert re.search(r'<p class="when">Monday 2026-03-02, \d\d:\d\d</p><div class="text">Lakeside Skin', page)


def test_an_outage_is_read_on_the_clinics_clock() -> None:
    since = datetime(2026, 3, 6, 12, tzinfo=NEW_YORK)
    found = parse_outage("Sat 22:00-Sun 09:00", since, NEW_YORK)
    assert (timedelta(hours=10), "2026-03-08T03:00:00+00:00") == (found.ends - found.begins, found.begins.isoformat())
    assert not found.of_twilio
    assert parse_outage("Twilio Sat 22:00-Sun 09:00", since, NEW_YORK) == replace(found, of_twilio=True)
    for bad in ("Tue", "twilio", "carrier Tue 02:00-Wed 09:00", "Tue 25:00-Wed 09:00", "Foo 02:00-Wed 09:00"):
        with pytest.raises(Refused, match='write it like "Tue 02:00-Wed 09:00"'):
            parse_outage(bad, since, NEW_YORK)


def test_no_other_machine_is_ever_sent_to() -> None:
    for address in ("https://api.twilio.com", "http://192.168.1.4:8080", "http://127.0.0.1.evil.example"):
        with pytest.raises(Refused, match="loopback address alone"):
            refuse_other_machines(address)
    refuse_other_machines("http://127.0.0.1:4010")


def _rehearse(
    tmp_path: Path,
    plant: Stage = lambda _engine, _sandbox: None,
    database: Path | None = None,
    outage: str = "Tue 16:00-Tue 17:00",
    protocol: CareProtocol | None = None,
) -> Rehearsed:
    """Two days with an outage of an hour."""
    plan = RehearsalPlan(
        MONDAY, MONDAY + timedelta(days=1), patients=PATIENTS, protocol=protocol or shipped()["microneedling"],
        outage=outage, database=database,
    )  # fmt: skip
    return rehearse(plan, RehearsalReport(tmp_path / "report", "Rehearsal"), stage=plant)


def test_no_fault_is_found_where_none_is_and_a_clinics_database_is_only_read(
    sqlite_template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "clinic.db"
    copyfile(sqlite_template, file)
    rules = PlanningRules(Voice("Glow", "+1 212 555 0100"), NEW_YORK.key, must_be_approved=False)
    treated = datetime(2026, 3, 1, 15, tzinfo=NEW_YORK).astimezone(UTC)
    request = EnrollRequest("Ana Lopez", "+12125550123", "microneedling", "signed form", treated_at=treated)
    engine = open_engine(f"sqlite:///{file}")
    with writing(engine) as session:
        enroll(session, request, protocols=shipped(), rules=rules, now=treated, by="desk")
    engine.dispose()
    before = file.read_bytes()
    content = shipped()["microneedling"].content
    edited = CareProtocol.from_content(content.replace("you may wear makeup again", "makeup is fine from now on"))
    done = _rehearse(tmp_path, database=file, outage="twilio Mon 12:00-Tue 12:00", protocol=edited)
    assert ([], before) == ([one for one in done.kept if one.broken], file.read_bytes())
    first = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "An outage of Twilio alone" in first
    assert "Running patients of microneedling moved to the edited protocol: 1; told otherwise before: 0." in first
    assert "makeup is fine from now on" in (tmp_path / "report" / "patient-00001.html").read_text("utf-8")
    pages = "".join(page.read_text("utf-8") for page in (tmp_path / "report").glob("patient-*.html"))
    left = re.findall(r'class="when">\w+ (\S+, \d\d:\d\d)<', pages)
    assert [] == [at for at in left if "2026-03-02, 12:00" < at < "2026-03-03, 08:00"]
    assert max(left) > "2026-03-03, 08:00"  # what was late left when Twilio was back
