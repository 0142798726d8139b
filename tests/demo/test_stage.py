"""What the demo's worker may know of the machine it runs on."""

from __future__ import annotations

import os

import pytest

from notifier.config.settings import surroundings


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
