"""Telling: plain lines for a pipe, bubbles for a terminal, and a breach in red in both."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime

import pytest
from rich.console import Console

from notifier.demo.cast import GRACE, MARIA
from notifier.demo.narrator import choose_narrator
from notifier.promises.facts import PromiseKept

AT = datetime(2026, 3, 8, 20, 30, tzinfo=UTC)
TEXT = "Lakeside Skin: you may wear makeup again. Questions? (978) 555-0142. STOP to opt out."
CONTROL = re.compile(r"\x1b\[[0-9;]*m")


def test_a_pipe_gets_plain_lines() -> None:
    """One text is one line, for grep; no control codes, no boxes."""
    said = _told(terminal=False)
    assert f"4:30 PM New York | to Maria | {TEXT}\n    why now: lift · makeup: 24 hours after Sat 3:30 PM\n" in said
    assert "3:30 PM Chicago | to Grace | NOT DELIVERED" in said
    assert "== Sunday, March 8 (clocks went forward)" in said
    assert not re.search(r"[\x1b\x07╭│]", said)


def test_a_terminal_of_80_columns_is_wide_enough() -> None:
    lines = CONTROL.sub("", _told(terminal=True)).splitlines()
    assert [] == [line for line in lines if len(line) > 80]
    assert "4:30 PM New York · to Maria" in {line.strip() for line in lines}


@pytest.mark.parametrize("terminal", [True, False])
def test_a_kept_promise_and_a_broken_one_look_different(terminal: bool) -> None:
    kept, broken = PromiseKept("Never early", "14 texts"), PromiseKept("Never twice", "61 texts", ("Maria: 2 times",))
    screen = Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system="standard")
    choose_narrator(screen).closes([kept, broken], ["2 more texts are planned."])
    said = _written(screen)
    if terminal:
        assert "\x1b[32mNever early" in said
        assert "\x1b[1;31mNever twice" in said
    else:
        assert "kept   Never early" in said
        assert "BROKEN Never twice" in said
    assert "Maria: 2 times" in said


def _told(*, terminal: bool) -> str:
    screen = Console(file=io.StringIO(), force_terminal=terminal, width=80 if terminal else 10_000)
    narrator = choose_narrator(screen)
    narrator.opens("Lakeside Skin", ["10 patients."])
    narrator.day(date(2026, 3, 8), "clocks went forward")
    narrator.staff(AT, MARIA, "Maria Lopez was treated until 3:30 PM: " + "many words " * 20, ["+ a detail " * 20])
    narrator.arrives(AT, MARIA, TEXT, "lift · makeup: 24 hours after Sat 3:30 PM")
    narrator.writes(AT, MARIA, "Thank you! " * 20)
    narrator.bounces(AT, GRACE, TEXT, "The number does not exist.")
    narrator.worker("The worker was killed. " * 10, trouble=True)
    narrator.closes([PromiseKept("Never early", "14 texts " * 20)], ["2 more texts are planned. " * 10])
    return _written(screen)


def _written(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()
