"""What `make faults` prints: which faults were tried and which held, and what the ledgers say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import pytest

from tests.faults.invariants import Findings

TALLY = pytest.StashKey[list[Findings]]()
"""What was counted after each test."""
RECOVERIES = pytest.StashKey[list[float]]()
"""Seconds from the start of a worker after a SIGKILL to its "ready"."""
_TABLE = Path(__file__).with_name("table")
_COUNTED = ("duplicates", "lost", "stuck")


@dataclass(frozen=True)
class Fault:
    """Something that can go wrong, what is promised, and the tests that make it go wrong."""

    group: str
    label: str
    cause: str
    promise: str
    tests: tuple[str, ...] = ()
    """`file::function`, from the project's root."""
    untried: str = ""
    """Why there is no test."""


def faults() -> list[Fault]:
    """Every fault that has a name, in the order of the files and of what stands in them."""
    found = []
    for file in sorted(_TABLE.glob("*.toml")):
        rows = tomllib.loads(file.read_text(encoding="utf-8"))
        group = rows.pop("group")
        for label, row in rows.items():
            tests = tuple(f"tests/{test}" for test in row.pop("tests", ()))
            found.append(Fault(group, label, tests=tests, **row))
    return found


@dataclass
class Ended:
    """How the tests ended, by their names without parameters."""

    outcomes: dict[str, set[str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    """Why a test did not run."""

    def ran(self, test: str) -> bool:
        return bool({"passed", "failed"} & self.outcomes.get(test, set()))

    def failed(self, test: str) -> bool:
        return "failed" in self.outcomes.get(test, ())

    def has_tried(self, fault: Fault) -> bool:
        """All its tests ran: of one that did not, this run knows nothing."""
        return bool(fault.tests) and all(self.ran(test) for test in fault.tests)

    def has_held(self, fault: Fault) -> bool:
        return self.has_tried(fault) and not any(self.failed(test) for test in fault.tests)

    def why_not(self, fault: Fault) -> str:
        """Why it was not tried."""
        reasons = [self.skipped.get(test, "its test was left out") for test in fault.tests if not self.ran(test)]
        return fault.untried or "; ".join(dict.fromkeys(reasons))


class Report:
    """A pytest plugin: listens to how the tests end, and tells."""

    def __init__(self) -> None:
        self.ended = Ended()
        self.is_well = True
        """Every fault that was tried has held, and nothing was doubled, lost or stuck."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("[")[0]
        if report.when == "call" or report.outcome != "passed":
            self.ended.outcomes.setdefault(name, set()).add(report.outcome)
        if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
            self.ended.skipped[name] = report.longrepr[2].removeprefix("Skipped: ")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        stash = terminalreporter.config.stash
        known, counted = faults(), stash.get(TALLY, [])
        for line in said(known, self.ended, counted, stash.get(RECOVERIES, [])):
            terminalreporter.write_line(line)
        broken = [fault for fault in known if self.ended.has_tried(fault) and not self.ended.has_held(fault)]
        self.is_well = not broken and not any(totals(counted).values())


def said(known: list[Fault], ended: Ended, counted: list[Findings], recoveries: list[float]) -> Iterator[str]:
    """The report's lines."""
    tried = [fault for fault in known if ended.has_tried(fault)]
    held = [fault for fault in known if ended.has_held(fault)]
    yield ""
    yield f"{'':24}{'faults':>8}{'tried':>8}{'held':>8}"
    for group in [*dict.fromkeys(fault.group for fault in known), None]:
        counts = (sum(group in (fault.group, None) for fault in some) for some in (known, tried, held))
        yield f"{group or 'all':24}" + "".join(f"{count:8}" for count in counts)
    yield from (f"NOT HELD   {one.label}: {one.cause} (promised: {one.promise})" for one in tried if one not in held)
    yield from (f"not tried  {one.label}: {one.cause} ({ended.why_not(one)})" for one in known if one not in tried)
    texts, accepted = sum(one.texts for one in counted), sum(one.accepted for one in counted)
    yield f"{len(counted)} ledgers beside their outboxes: {texts:,} texts planned, {accepted:,} accepted by Twilio"
    yield from (f"  {what:12}{count:4}" for what, count in totals(counted).items())
    if recoveries:
        slowest = sorted(recoveries)[ceil(0.95 * len(recoveries)) - 1]
        yield f"ready again after SIGKILL, in 95 of 100 of {len(recoveries)} times, within {slowest:.1f} s"


def totals(counted: list[Findings]) -> Mapping[str, int]:
    """What must be 0, over all ledgers."""
    return {what: sum(getattr(one, what) for one in counted) for what in _COUNTED}
