"""Silent patients at the command line: one list, which is empty once somebody has said that it was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from notifier.config.settings import load_settings
from notifier.db.engine import open_engine
from tests.cli.conftest import Ran
from tests.setups.silence import asked_in_vain


def test_the_list_of_silent_patients_is_closed_by_reading_it(
    clinic: Callable[..., Ran], ana: tuple[str, ...], tmp_path: Path
) -> None:
    assert 0 == clinic(*ana).code
    engine = open_engine(load_settings().database_url.get_secret_value())
    asked_in_vain(engine, 1, phone="+14155550123", now=datetime(2026, 3, 7, 20, 40, tzinfo=UTC))
    engine.dispose()

    def listed() -> list[tuple[int, str]]:
        said = clinic("silent", "--json")
        assert (0, "") == (said.code, said.err)
        return [(one["enrollment"], one["step"]) for one in said.answer]

    assert [(1, "check-in")] == listed()
    assert "Ana Lopez" in clinic("silent").out
    assert "silent patients: 1" in clinic("delivery").err
    assert "1 closed" in clinic("close-silent", "--dry-run").err
    assert [(1, "check-in")] == listed(), "a dry run closes nothing"
    assert "1 closed" in clinic("close-silent", "--yes").err
    assert [] == listed()
    assert "nobody is silent" in clinic("silent").out + clinic("silent").err
