"""What `make faults` prints: which faults were tried and which held, and what the ledgers say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.invariants import Findings

TALLY = pytest.StashKey[list[Findings]]()
"""What was counted after each test."""
_FILE = Path(__file__).with_name("faults.toml")


@dataclass(frozen=True)
class Fault:
    """Something that can go wrong, and the tests that make it go wrong."""

    group: str
    name: str
    tests: tuple[str, ...]
    """`file::function`, from the project's root."""


def faults() -> list[Fault]:
    groups = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return [
        Fault(group, name, tuple(f"tests/{test}" for test in tests))
        for group, named in groups.items()
        for name, tests in named.items()
    ]


class Report:
    """A pytest plugin: listens to how the tests end."""

    def __init__(self) -> None:
        self.ended: dict[str, set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.ended.setdefault(report.nodeid.partition("[")[0], set()).add(report.outcome)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in said(faults(), self.ended, terminalreporter.config.stash.get(TALLY, [])):
            terminalreporter.write_line(line)


def said(known: list[Fault], ended: dict[str, set[str]], counted: list[Findings]) -> Iterator[str]:
    """The report's lines. A fault has held when each of its tests has passed; one with a test that did not run was not
    tried, as far as this report knows."""
    tried = [
        fault
        for fault in known
        if all("passed" in ended.get(t, ()) or "failed" in ended.get(t, ()) for t in fault.tests)
    ]
    held = [fault for fault in tried if not any("failed" in ended[test] for test in fault.tests)]
    yield ""
    yield f"{'':24}{'faults':>8}{'tried':>8}{'held':>8}"
    for group in [*dict.fromkeys(fault.group for fault in known), None]:
        counts = (sum(group in (fault.group, None) for fault in some) for some in (known, tried, held))
        yield f"{group or 'all':24}" + "".join(f"{count:8}" for count in counts)
    yield from (f"not held: {fault.group}: {fault.name}" for fault in tried if fault not in held)
    yield from (f"not tried: {fault.group}: {fault.name}" for fault in known if fault not in tried)
    texts, accepted = sum(one.texts for one in counted), sum(one.accepted for one in counted)
    yield f"{len(counted)} ledgers beside their outboxes: {texts:,} texts planned, {accepted:,} accepted by Twilio"
    for what in ("duplicates", "lost", "stuck"):
        yield f"  {what:12}{sum(getattr(one, what) for one in counted):4}"
