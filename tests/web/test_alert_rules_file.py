"""The shipped alert rules sound when they should, and ask for nothing that /metrics does not say."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

import notifier
from notifier.db.engine import writing
from notifier.db.outbox import move
from notifier.db.tables import Attempt
from notifier.domain.states import MessageState
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
