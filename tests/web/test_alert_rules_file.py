"""The shipped alert rules sound when they should, and ask for nothing that /metrics does not say."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from pydantic import SecretStr

import notifier
from notifier.bootstrap.worker_metrics import worker_metrics
from notifier.config.settings import Settings
from notifier.db.engine import writing
from notifier.db.outbox import move
from notifier.db.tables import Attempt
from notifier.domain.kinds import NEVER_TEXT
from notifier.domain.states import MessageState
from notifier.oversight.withheld import WITHHELD
from notifier.sending.decide import NO_HOUR_LEFT, TOO_LATE
from tests.web.conftest import Web

RULES = Path(notifier.__file__).parent / "deploy" / "alerts.rules.yml"
CASES = """
rule_files: [alerts.rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: notifier_ready, values: "1x10 0x20"}
      - {series: notifier_last_backup_timestamp_seconds, values: "0x3000"}
      - {series: 'notifier_twilio_calls_total{outcome="account"}', values: "0x10 1x20"}
    alert_rule_test:
      - {eval_time: 10m, alertname: NotifierNotReady, exp_alerts: []}
      - {eval_time: 10m, alertname: NotifierTwilioRefuses, exp_alerts: []}
      - eval_time: 17m
        alertname: NotifierNotReady
        exp_alerts:
          - exp_labels: {severity: page}
            exp_annotations: {summary: "Texts do not leave; /readyz says why"}
      - eval_time: 12m
        alertname: NotifierTwilioRefuses
        exp_alerts:
          - exp_labels: {severity: page}
            exp_annotations: {summary: "Twilio refuses the account or a sender"}
      - {eval_time: 2000m, alertname: NotifierBackupOld, exp_alerts: []}
      - eval_time: 2200m
        alertname: NotifierBackupOld
        exp_alerts:
          - exp_labels: {severity: ticket}
            exp_annotations: {summary: "The last backup is more than 36 hours old"}
"""


def test_promtool_takes_the_rules_and_they_sound(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here: apt-get install prometheus")
    shutil.copy(RULES, tmp_path)
    (tmp_path / "cases.yml").write_text(CASES)
    command = [promtool, "test", "rules", "cases.yml"]
    ran = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert 0 == ran.returncode, ran.stdout + ran.stderr


def test_every_metric_of_the_rules_is_there_from_the_start(sqlite_web: Web) -> None:
    said = sqlite_web.client.get("/metrics").text
    by_setting = {f"notifier_{name}" for name in ("last_backup_timestamp_seconds", "disk_free_ratio")}
    by_setting |= {"notifier_replica_lag_seconds"}  # no such place here
    asked = set(re.findall(r"notifier_[a-z_]+", RULES.read_text())) - by_setting
    assert {"notifier_lateness_seconds_bucket", "notifier_ready"} <= asked
    assert set() == {name for name in asked if not re.search(rf"(?m)^{name}[ {{]", said)}
    assert 'notifier_twilio_calls_total{outcome="account"} 0.0' in said


def test_calls_are_counted_by_what_they_came_to(web: Web) -> None:
    now = web.clock.now()
    web.metric("notifier_ready")  # counts begin when it is first asked
    for number, (outcome, code, to) in enumerate(
        [("accepted", None, MessageState.ACCEPTED), ("not_created", 20003, MessageState.PLANNED)]
    ):
        text = web.text(MessageState.ATTEMPTING, not_before=now - timedelta(minutes=10), patient=str(number), sid=None)
        with writing(web.engine) as session:
            began = now - timedelta(seconds=2)
            row = Attempt(id=str(number), message_id=text, worker_id="w", started_at=began, lease_until=now)
            row.finished_at, row.outcome, row.code = now, outcome, code
            session.add(row)
            session.flush()
            move(session, text, seen=MessageState.ATTEMPTING, to=to, at=now, by="worker", why=None)
    assert 1.0 == web.metric('notifier_twilio_calls_total{outcome="accepted"}')
    assert 1.0 == web.metric('notifier_twilio_calls_total{outcome="account"}')
    assert 4.0 == web.metric("notifier_twilio_call_seconds_sum")
    assert (1.0, 598.0) == (web.metric("notifier_lateness_seconds_count"), web.metric("notifier_lateness_seconds_sum"))
    assert 1.0 == web.metric("notifier_segments_total")


def test_what_is_withheld_is_counted_by_its_reason_and_each_is_there_at_zero(sqlite_web: Web) -> None:
    name = 'notifier_texts_withheld_total{{reason="{}",state="{}"}}'
    begun = re.findall(r"(?m)^notifier_texts_withheld_total.*", sqlite_web.client.get("/metrics").text)
    assert [f"{name.format(reason, state)} 0.0" for state, reason in WITHHELD] == begun
    suppressed, expired = MessageState.SUPPRESSED, MessageState.EXPIRED
    said = (
        (suppressed, "the number has opted out (reply)", "opted_out"),
        (suppressed, NEVER_TEXT, "never_text"),
        (expired, "not told: sun; tell the patient in person", "not_told"),
        (expired, f"{TOO_LATE}; something the patient wrote is unread", "kept_waiting"),
        (expired, TOO_LATE, "late"),
        (expired, f"outside the send window, and {NO_HOUR_LEFT}", "no_open_hour"),
        (expired, "the treatment was moved", "plan_changed"),
    )
    for number, (state, why, _) in enumerate(said):
        text = sqlite_web.text(MessageState.PLANNED, patient=str(number), sid=None)
        with writing(sqlite_web.engine) as session:
            move(session, text, seen=MessageState.PLANNED, to=state, at=sqlite_web.clock.now(), by="worker", why=why)
    sqlite_web.client.get("/metrics")
    assert [1.0] * 7 == [sqlite_web.metric(name.format(reason, state)) for state, _, reason in said]


async def test_a_worker_without_the_page_serves_metrics_where_a_port_is_set(sqlite_url: str) -> None:
    settings = Settings(_env_file=None, database_url=SecretStr(sqlite_url), metrics_port=0)
    async with worker_metrics(settings, lambda: 3.0) as address, AsyncClient(base_url=str(address)) as prometheus:
        assert str(address).startswith("http://127.0.0.1:")
        assert "notifier_worker_progress_age_seconds 3.0" in (await prometheus.get("/metrics")).text
        assert [200, 503, 404] == [(await prometheus.get(path)).status_code for path in ("/healthz", "/readyz", "/")]
    async with worker_metrics(settings.model_copy(update={"metrics_port": None}), lambda: 3.0) as address:
        assert address is None
