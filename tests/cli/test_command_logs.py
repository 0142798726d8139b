"""What the commands leave in the log of whoever collects it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def test_where_a_log_level_is_set_a_command_leaves_its_line_and_a_person_at_a_terminal_none(
    clinic: Callable[..., Any],
    at_a_terminal: Callable[..., Any],
    ana: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "" == clinic(*ana).err
    monkeypatch.setenv("NOTIFIER_LOG_LEVEL", "INFO")
    bea = ("enroll", "--name", "Bea Ruiz", "--phone", "+14155550124", *ana[5:])
    assert "" == clinic(*bea, "--dry-run").err
    done = clinic(*bea)
    (line,) = [json.loads(one) for one in done.err.splitlines()]
    assert (0, "enrolled", "info", [2]) == (done.code, line["event"], line["level"], line["enrollments"])
    assert not [said for said in ("Bea", "Ruiz", "0124") if said in done.err]
    cleo = ("enroll", "--name", "Cleo Diaz", "--phone", "+14155550125", *ana[5:])
    assert '"event"' not in at_a_terminal(*cleo).out
