"""Who may read the settings file, as doctor and `service install` say it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Desk = Callable[..., Any]


def test_the_systems_settings_file_may_be_read_by_the_services_group(
    clinic: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    monkeypatch.setattr("notifier.cli.ops.doctor_settings.SYSTEM", Path(".env"))
    file.write_text("TWILIO_AUTH_TOKEN=hush\n", encoding="utf-8")
    said = []
    for mode in (0o640, 0o644):
        file.chmod(mode)
        said.append([one["advice"] for one in clinic("doctor", "--json").answer if one["what"] == "secrets"])
    assert [[], [f"chmod 640 {file}"]] == said
