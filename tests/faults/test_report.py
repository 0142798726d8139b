"""The table of faults is true: what it names exists, and what exists here is named."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.faults.invariants import Findings
from tests.faults.report import Ended, Fault, faults, said

ROOT = Path(__file__).resolve().parents[2]


def found_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        f"{file.relative_to(ROOT)}::{node.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_label_is_one_faults() -> None:
    labels = [fault.label for fault in faults()]
    assert sorted(set(labels)) == sorted(labels)


def test_a_fault_has_a_cause_a_promise_and_either_tests_or_a_reason(subtests: pytest.Subtests) -> None:
    for fault in faults():
        with subtests.test(fault=fault.label):
            assert fault.cause
            assert fault.promise
            assert bool(fault.tests) != bool(fault.untried)


def test_every_test_that_a_fault_names_exists() -> None:
    named = {test for fault in faults() for test in fault.tests}
    there = {test for file in {ROOT / test.partition("::")[0] for test in named} for test in found_in(file)}
    assert set() == named - there


def test_every_test_of_this_directory_is_a_faults() -> None:
    of_the_suite_itself = {Path(__file__), Path(__file__).with_name("test_invariants.py")}
    mine = {
        test
        for file in Path(__file__).parent.glob("test_*.py")
        if file not in of_the_suite_itself
        for test in found_in(file)
    }
    assert set() == mine - {test for fault in faults() for test in fault.tests}


def test_a_fault_holds_when_all_its_tests_pass_and_is_tried_when_all_of_them_run() -> None:
    tests = {"a": ("x", "y"), "b": ("x", "z"), "c": ("x", "w"), "d": ("v",), "e": ()}
    known = [
        Fault("One", label, f"cause {label}", "promise", tests[label], "no disk" if label == "e" else "")
        for label in tests
    ]
    outcomes = {"x": {"passed"}, "y": {"passed", "skipped"}, "z": {"failed", "passed"}, "w": {"skipped"}}
    ended = Ended(outcomes, skipped={"w": "no root", "y": "no server"})
    counted = [Findings(texts=3, accepted=2, duplicates=1), Findings(texts=2, lost=2)]
    lines = list(said(known, ended, counted, [1.0] * 19 + [9.0]))
    assert f"{'One':24}{5:8}{2:8}{1:8}" in lines
    assert f"{'all':24}{5:8}{2:8}{1:8}" in lines
    assert [
        "NOT HELD   b: cause b (promised: promise)",
        "not tried  c: cause c (no root)",
        "not tried  d: cause d (its test was left out)",
        "not tried  e: cause e (no disk)",
    ] == [line for line in lines if line.lower().startswith("not")]
    assert [
        "2 ledgers beside their outboxes: 5 texts planned, 2 accepted by Twilio",
        "  duplicates     1",
        "  lost           2",
        "  stuck          0",
        "ready again after SIGKILL, in 95 of 100 of 20 times, within 1.0 s",
    ] == lines[-5:]
