"""How fast a command starts, beside the smallest program of the same libraries: one typer command that prints a table.

Processor seconds of whole processes, taken in turn, so that what else runs on the machine weighs on both.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from typing import Final

from tests.benchmarks.table import Line, at_most, show

_RUNS: Final = 9
_SMALLEST: Final = """
import typer
from rich.console import Console
from rich.table import Table
def main(name: str = "x") -> None:
    Console().print(Table(name))
typer.run(main)
"""
_NOTIFIER: Final = (sys.executable, "-m", "notifier")
_TIMELINE: Final = ("timeline", "microneedling", "--treated-at", "2026-03-07T15:30", "--timezone", "America/New_York")


def measure() -> None:
    """`notifier --help`, the pure preview, and a list, which needs the database's code."""
    commands = {
        "notifier --help": ((*_NOTIFIER, "--help"), 2.1),
        "notifier timeline": ((*_NOTIFIER, *_TIMELINE), 3.6),
        "notifier due --help": ((*_NOTIFIER, "due", "--help"), None),
    }
    smallest: list[float] = []
    lines = []
    for called, (command, wanted) in commands.items():
        pairs = [(_seconds(command), _seconds((sys.executable, "-c", _SMALLEST))) for _ in range(_RUNS)]
        smallest += [other for _, other in pairs]
        ratio = median(own / other for own, other in pairs)
        target = at_most(wanted, ratio) if wanted is not None else ("", None)
        lines.append(Line(called, f"{median(own for own, _ in pairs):.2f} s", f"{ratio:.2f}", *target))
    lines.append(Line("typer and rich alone", f"{median(smallest):.2f} s", "1"))
    show("From start to end of a command, processor seconds", lines)


def _seconds(command: tuple[str, ...]) -> float:
    """User and system seconds of one run."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {running.returncode}")
    return used.ru_utime + used.ru_stime
