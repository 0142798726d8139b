"""`notifier doctor`, and the commands that need more than it finds."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from notifier.cli.ops import doctor_twilio
from notifier.config.settings import Settings
from notifier.db import filesystems
from notifier.db.engine import open_engine, writing
from notifier.oversight.doctor.open_work import check_open_work
from notifier.sending.gates.heartbeats import arrive, leave, still_here
from notifier.sending.gates.hidden import NUMBERS
from notifier.sending.gates.polls import completed
from notifier.sms.gateway import GatewayRefused, GatewayUnavailable, ProviderMessage
from notifier.tasks.counts import TaskCounts

Desk = Callable[..., Any]


def levels(ran: Any) -> dict[str, str]:
    return {finding["what"]: finding["level"] for finding in ran.answer}


def test_without_settings_it_says_what_to_set(notifier: Desk, tmp_path: Path) -> None:
    ran = notifier("doctor", "--json")
    assert 1 == ran.code
    assert "fail" == levels(ran)["settings"]
    assert any("notifier demo" in finding["found"] for finding in ran.answer)
    assert [] == list(tmp_path.iterdir())


def test_a_database_that_was_never_made_is_not_made_by_looking(new_clinic: Desk, tmp_path: Path) -> None:
    ran = new_clinic("doctor", "--json")
    assert "fail" == levels(ran)["database"]
    assert not (tmp_path / "notifier.db").exists()


def test_a_clock_that_was_set_back_is_found(clinic: Desk, ana: tuple[str, ...], tmp_path: Path) -> None:
    clinic(*ana)
    (tmp_path / "clock").write_text("2026-03-06T20:40:00Z")
    found = [finding["found"] for finding in clinic("doctor", "--json").answer if finding["what"] == "clock"]
    assert any("behind what happened already" in sentence for sentence in found)


def test_texts_that_are_due_without_a_worker_are_a_failure(clinic: Desk, ana: tuple[str, ...], tmp_path: Path) -> None:
    clinic(*ana)
    ran = clinic("doctor", "--json")
    assert ("warn", "ok") == (levels(ran)["worker"], levels(ran)["backlog"])
    assert any(re.fullmatch(r"[\d,]{5,} bytes, log [\d,]+; free on its disk .*", one["found"]) for one in ran.answer)
    (tmp_path / "clock").write_text("2026-03-07T23:40:00Z")
    late = clinic("doctor", "--json")
    assert ("fail", "fail") == (levels(late)["worker"], levels(late)["backlog"])
    assert 1 == late.code


@pytest.mark.parametrize(
    ("host", "running", "level", "found"),
    [
        (socket.gethostname(), True, "ok", "{who} since 2026-03-07 20:39 UTC, last heard 1? s ago; no text is planned"),
        (socket.gethostname(), False, "fail", "none is running; {who} died, last heard 1? s ago; no text is planned"),
        ("elsewhere", False, "ok", "{who} since 2026-03-07 20:39 UTC, last heard 1? s ago; no text is planned"),
    ],
)
def test_a_worker_whose_process_is_gone_from_this_machine_is_not_called_alive(
    clinic: Desk, tmp_path: Path, host: str, running: bool, level: str, found: str
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        if not running:
            process.kill()
            process.wait()
        engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
        with writing(engine) as session:
            arrive(session, "w", host=host, pid=process.pid, now=datetime(2026, 3, 7, 20, 39, tzinfo=UTC))
            still_here(session, "w", now=datetime(2026, 3, 7, 20, 39, 48, tzinfo=UTC))
        engine.dispose()
        (tmp_path / "clock").write_text("2026-03-07T20:40:00Z")  # it runs on from here
        (worker,) = [one for one in clinic("doctor", "--json").answer if one["what"] == "worker"]
        process.kill()
    assert level == worker["level"]
    assert found.format(who=f"{host} pid {process.pid}") == re.sub(r"1\d s ago", "1? s ago", worker["found"])


def test_bad_settings_are_each_a_line(notifier: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_TIMEZONE", "New York")
    monkeypatch.setenv("NOTIFIER_WEB_PROT", "1")
    ran = notifier("doctor")
    assert 1 == ran.code
    assert "NOTIFIER_TIMEZONE" in ran.out
    assert "did you mean NOTIFIER_WEB_PORT?" in ran.out


def test_run_without_credentials_is_78_and_points_at_the_demo(notifier: Desk) -> None:
    ran = notifier("run")
    assert (78, "") == (ran.code, ran.out)
    assert "notifier demo" in ran.err


def test_db_upgrade_makes_the_database(notifier: Desk, tmp_path: Path) -> None:
    assert 0 == notifier("db", "upgrade").code
    assert (tmp_path / "notifier.db").exists()
    assert 0 == notifier("db", "upgrade").code


@pytest.mark.parametrize("command", ["web", "run"])
def test_a_port_that_is_taken_is_a_sentence(clinic: Desk, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a" * 32)
    monkeypatch.setenv("TWILIO_FROM_NUMBER", "+14155550100")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("NOTIFIER_WEB_PORT", str(taken.getsockname()[1]))
        ran = clinic(command)
    assert (1, "") == (ran.code, ran.out)
    assert "notifier: the web server cannot listen on 127.0.0.1" in ran.err


def test_a_worker_that_never_said_that_it_ends_is_a_failure_for_monitoring(clinic: Desk, tmp_path: Path) -> None:
    began = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        arrive(session, "w", host="elsewhere", pid=1, now=began)
    assert (1, "fail") == ((ran := clinic("doctor", "--json")).code, levels(ran)["worker"])
    with writing(engine) as session:
        leave(session, "w", now=began)
    engine.dispose()
    assert "warn" == levels(clinic("doctor", "--json"))["worker"]


def test_it_counts_open_work_as_today_does(clinic: Desk, subtests: pytest.Subtests) -> None:
    (found,) = (one for one in clinic("doctor", "--json").answer if one["what"] == "open work")
    assert ("ok", "nothing needs a person") == (found["level"], found["found"])
    now = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
    for counts, level, said in (
        (TaskCounts(1, oldest=now - timedelta(hours=3)), "ok", "1 thing needs a person, the oldest for 3 h"),
        (
            TaskCounts(1200, older=7, urgent=2, oldest=now - timedelta(days=5), snoozed=1),
            *(
                "warn",
                "1,200 things need a person, 2 urgent, 7 for more than three days, the oldest for 120 h; 1 put off",
            ),
        ),
    ):
        with subtests.test(said=said):
            assert (level, said) == ((one := check_open_work(counts, now)).level, one.found)


class AskedGateway:
    """Answers with a clock, or raises; its lists have one text, to or from such a number."""

    def __init__(self, answer: datetime | Exception, number: str = "+12125550123") -> None:
        self.answer, self.number = answer, number

    async def time(self) -> datetime:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def list_inbound(self, since: datetime) -> AsyncIterator[ProviderMessage]:
        for _ in ():
            yield _

    async def list_sent(self, to: None, since: datetime) -> AsyncIterator[ProviderMessage]:
        at = since + timedelta(days=29)
        yield ProviderMessage("SM1", "outbound-api", "+14155550100", self.number, "Hello.", "sent", None, at)

    async def close(self) -> None:
        pass


def test_it_says_before_the_first_text_that_nobody_could_read_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
    monkeypatch.setattr(doctor_twilio, "build_gateway", lambda _: AskedGateway(now, "+1212555XXXX"))
    settings = Settings(
        _env_file=None, twilio_account_sid="AC" + "0" * 32, twilio_auth_token=SecretStr("t"),
        twilio_from_number="+14155550100",
    )  # fmt: skip
    said = [(one.what, one.level.value, one.found) for one in doctor_twilio.check_twilio(settings, now)]
    assert ("replies", "fail", NUMBERS) == said[-1]
    by_webhook = settings.model_copy(update={"public_url": "https://clinic.example"})
    assert ["Twilio"] == [one.what for one in doctor_twilio.check_twilio(by_webhook, now)]


def test_it_asks_twilio_whether_it_knows_the_credentials_and_what_its_clock_shows(
    subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
    settings = Settings(
        _env_file=None, twilio_account_sid="AC" + "0" * 32, twilio_auth_token=SecretStr("t"),
        twilio_from_number="+14155550100",
    )  # fmt: skip
    cases: list[tuple[datetime | Exception, list[tuple[str, str]]]] = [
        (now, [("Twilio", "ok")]),
        (now + timedelta(seconds=61), [("Twilio", "ok"), ("clock", "fail")]),
        (GatewayRefused("20003"), [("Twilio", "fail")]),
        (GatewayUnavailable("no route"), [("Twilio", "warn")]),
        (TimeoutError(), [("Twilio", "warn")]),
    ]
    for answer, expected in cases:
        with subtests.test(answer=answer):
            monkeypatch.setattr(doctor_twilio, "build_gateway", lambda _settings, given=answer: AskedGateway(given))
            assert expected == [(one.what, one.level.value) for one in doctor_twilio.check_twilio(settings, now)]
    assert [] == list(doctor_twilio.check_twilio(settings.model_copy(update={"twilio_auth_token": None}), now))


def found_of(ran: Any, *what: str) -> list[tuple[str, str]]:
    return [(one["level"], one["found"]) for one in ran.answer if one["what"] in what]


def test_it_warns_where_nobody_would_be_told(clinic: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = clinic("doctor", "--json")
    ((level, found),) = found_of(ran, "alerts")
    assert ("warn", True, "warn") == (level, "nobody would be told of anything" in found, levels(ran)["heartbeat"])
    monkeypatch.setenv("NOTIFIER_HEARTBEAT_URL", "https://beats.example.org/x")
    assert "ok" == levels(clinic("doctor", "--json"))["heartbeat"]


def test_it_says_what_patients_meet_where_nobody_said_when_the_clinic_is_staffed(
    clinic: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = ("staffed hours", "after-hours phone")
    assert ["warn", "warn"] == [level for level, _ in found_of(clinic("doctor", "--json"), *hours)]
    monkeypatch.setenv("NOTIFIER_STAFFED_HOURS", "Mon-Fri 09:00-17:00")
    monkeypatch.setenv("NOTIFIER_AFTER_HOURS_PHONE", "(212) 555-0142")
    assert [] == found_of(clinic("doctor", "--json"), *hours)


def test_a_database_on_a_network_filesystem_is_a_failure_and_no_worker_starts(
    clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 22 0:40 / {tmp_path} rw - cifs //nas/share rw\n", encoding="utf-8")
    monkeypatch.setattr(filesystems, "_MOUNTS", mounts)
    (found,) = [one for one in clinic("doctor", "--json").answer if one["what"] == "database"]
    assert "fail" == found["level"]
    assert "is on a network filesystem (cifs)" in found["found"]
    for name, value in (("TWILIO_ACCOUNT_SID", "AC" + "0" * 32), ("TWILIO_AUTH_TOKEN", "a" * 32)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TWILIO_FROM_NUMBER", "+14155550100")
    for command in ("run", "worker"):
        ran = clinic(command)
        assert 78 == ran.code
        assert "is on a network filesystem (cifs), where SQLite can lose writes" in ran.err


@pytest.mark.parametrize(
    ("mode", "content", "expected"),
    [
        (0o644, "TWILIO_AUTH_TOKEN=hush\nNOTIFIER_SMTP_URL=\n", "holds TWILIO_AUTH_TOKEN"),
        (0o640, "export NOTIFIER_DATABASE_URL=sqlite:///notifier.db\n", "holds NOTIFIER_DATABASE_URL"),
        (0o600, "TWILIO_AUTH_TOKEN=hush\n", None),
        (0o644, "TWILIO_AUTH_TOKEN=\n# TWILIO_API_KEY_SECRET=hush\n", None),
    ],
)
def test_it_warns_of_secrets_in_an_env_file_that_others_may_read(
    clinic: Desk, tmp_path: Path, mode: int, content: str, expected: str | None
) -> None:
    file = tmp_path / ".env"
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)
    ran = clinic("doctor", "--json")
    found = [one["found"] for one in ran.answer if one["what"] == "secrets"]
    assert (expected is not None) == bool(found)
    assert expected is None or f"others may read {file}, which {expected}" == found[0]
    assert "hush" not in ran.out


def test_it_says_in_words_how_long_nothing_was_read_and_where_the_reason_is(clinic: Desk, tmp_path: Path) -> None:
    def gate() -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in clinic("doctor", "--json").answer if one["what"] == "send gate")
        return found

    assert "closed, so nothing leaves: what patients wrote was never read" == gate()["found"]
    engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
    with writing(engine) as session:
        at = datetime(2026, 3, 7, 7, 30, tzinfo=UTC)
        completed(session, at=at, read_up_to=at)
    engine.dispose()
    assert "closed, so nothing leaves: what patients wrote was last read 13 h ago" == gate()["found"]
    assert "inbound_poll_incomplete" in gate()["advice"]


def test_a_setting_of_the_past_is_ignored_and_named_once(clinic: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SECRET_KEY", "hush")
    ran = clinic("doctor", "--json")
    (added,) = [finding for finding in ran.answer if "NOTIFIER_SECRET_KEY" in finding["found"]]
    assert ("warn", "NOTIFIER_SECRET_KEY is set, and nothing reads it any more") == (added["level"], added["found"])
    assert "hush" not in ran.out
