"""Each refusal that has a way out tells a person at a terminal what to type."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

from notifier.cli.advice import ADVICE
from notifier.domain.refused import RefusalCode

SOURCE = Path(__file__).parents[2] / "notifier"


def raised() -> list[tuple[str, str, set[str]]]:
    """Where a code is raised, which one, and what it is said to be about."""
    found = []
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                named = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
                if isinstance(code := named.pop("code", None), ast.Attribute):
                    found.append((f"{file.name}:{node.lineno}", code.attr, named.keys() - {"field"}))
    return found


def test_every_code_is_raised_and_has_its_advice_with_what_that_names() -> None:
    assert set(RefusalCode) == set(ADVICE)
    assert {code.name for code in RefusalCode} == {code for _, code, _ in raised()}
    named = {
        code.name: {name for _, name, _, _ in Formatter().parse(advice) if name} for code, advice in ADVICE.items()
    }
    assert [] == [(where, code) for where, code, about in raised() if about != named[code]]


def test_no_floor_below_the_doors_knows_a_command_line_s_advice() -> None:
    below = [file for file in SOURCE.rglob("*.py") if not {"cli", "demo", "bootstrap"} & set(file.parts)]
    assert [] == [file.name for file in below if "command=" in file.read_text(encoding="utf-8")]
