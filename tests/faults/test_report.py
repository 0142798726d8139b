"""The list of faults is true: what it names exists, and what exists here is named."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.faults.invariants import Findings
from tests.faults.report import Fault, faults, said

ROOT = Path(__file__).resolve().parents[2]


def found_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        f"{file.relative_to(ROOT)}::{node.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_a_fault_names_exists() -> None:
    named = {test for fault in faults() for test in fault.tests}
    there = {test for file in {ROOT / test.partition("::")[0] for test in named} for test in found_in(file)}
    assert set() == named - there


def test_every_test_of_this_directory_is_a_faults() -> None:
    mine = {
        test for file in Path(__file__).parent.glob("test_*.py") if file != Path(__file__) for test in found_in(file)
    }
    assert set() == mine - {test for fault in faults() for test in fault.tests}


def test_a_fault_holds_when_all_its_tests_pass_and_is_tried_when_all_of_them_run() -> None:
    known = [Fault("One", name, tests) for name, tests in {"a": ("x", "y"), "b": ("x", "z"), "c": ("w",)}.items()]
    ended = {"x": {"passed"}, "y": {"passed", "skipped"}, "z": {"failed", "passed"}, "w": {"skipped"}}
    lines = list(said(known, ended, [Findings(texts=3, accepted=2, duplicates=1), Findings(texts=2, lost=2)]))
    assert f"{'One':24}{3:8}{2:8}{1:8}" in lines
    assert f"{'all':24}{3:8}{2:8}{1:8}" in lines
    assert ["not held: One: b", "not tried: One: c"] == [line for line in lines if line.startswith("not")]
    assert ["  duplicates     1", "  lost           2", "  stuck          0"] == lines[-3:]
