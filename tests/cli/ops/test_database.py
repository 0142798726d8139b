"""`notifier db move`: what whoever runs it has to write afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from notifier.bootstrap.key_set import key_place
from notifier.config.settings import load_settings
from notifier.db.engine import open_engine
from tests.cli.conftest import Ran

ELSEWHERE = "postgresql+psycopg://notifier@127.0.0.1:1/notifier"


def test_a_move_says_where_the_key_stays_in_the_very_line_that_finds_it_there(
    clinic: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "NOTIFIER_KEY_FILE" not in clinic("db", "move", ELSEWHERE, "--dry-run").err  # there is none yet
    assert 0 == clinic("audit", "new-key", "--reason", "a first one").code
    key = tmp_path / "notifier.db.key"
    (line,) = [one for one in clinic("db", "move", ELSEWHERE, "--dry-run").err.splitlines() if "KEY_FILE=" in one]
    assert (f"NOTIFIER_KEY_FILE={key}", True) == (line, key.exists())
    monkeypatch.setenv(*line.split("=", 1))
    engine = open_engine(ELSEWHERE)
    assert key == key_place(load_settings(), engine)
    engine.dispose()
    assert "NOTIFIER_KEY_FILE" not in clinic("db", "move", ELSEWHERE, "--dry-run").err
