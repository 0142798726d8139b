"""A refusal says what to do in words that a page and the API can show too; the command line adds its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import notifier

HOUSE = Path(notifier.__file__).parent
COMMAND_LINE_ALONE = {"cli", "demo", "bootstrap", "backups.py"}
"""What only a terminal ever shows."""
COMMAND = re.compile(r"\bnotifier [a-z]|(?<!\w)--[a-z]")


def refusals(source: str) -> Iterator[str]:
    """The sentence of every Refused that is raised there, as far as it is written out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused" and node.args:
            parts = (one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant))
            yield " ".join(part for part in parts if isinstance(part, str))


def test_no_sentence_of_a_refusal_names_a_command() -> None:
    files = [file for file in HOUSE.rglob("*.py") if not COMMAND_LINE_ALONE & set(file.relative_to(HOUSE).parts)]
    found = {f"{file.name}: {said}" for file in files for said in refusals(file.read_text("utf-8"))}
    assert len(found) > 50
    assert [] == sorted(said for said in found if COMMAND.search(said.partition(": ")[2]))


@pytest.mark.parametrize("said", ["there is none; see: notifier due", "say why: --reason TEXT"])
def test_the_guard_above_can_fail(said: str) -> None:
    (found,) = refusals(f'raise Refused(f"{said} {{x}}", "field")')
    assert COMMAND.search(found)
