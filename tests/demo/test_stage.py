"""What the demo's worker may know of the machine it runs on."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from notifier.bootstrap.planning import planning_rules
from notifier.config.settings import load_settings, surroundings
from notifier.demo import play
from notifier.demo.stage import Stage, open_stage


def test_no_setting_of_the_host_reaches_the_demos_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real account's credentials in the shell must not meet sample patients."""
    ours = ("TWILIO_AUTH_TOKEN", "NOTIFIER_DATABASE_URL", "NOTIFIER_SECRET_KEY_FILE", "CREDENTIALS_DIRECTORY")
    for name in ours:
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("LANG", "C.UTF-8")
    left = surroundings()
    assert "C.UTF-8" == left["LANG"]
    assert {"NOTIFIER_SETTINGS_FILE": os.devnull} == {
        name: value for name, value in left.items() if name in ours or name.startswith(("TWILIO_", "NOTIFIER_"))
    }


def test_the_worker_works_by_the_rules_that_the_desk_plans_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the staffed hours were the desk's alone, no question ever left, and it expired unseen."""
    for start in ("start_worker", "stop_worker"):
        monkeypatch.setattr(Stage, start, lambda stage: None)
    with open_stage(datetime(2026, 3, 5, 13, 30, tzinfo=UTC)) as stage:
        for name, value in stage._environment().items():
            monkeypatch.setenv(name, value)
        assert play._RULES == planning_rules(load_settings())
