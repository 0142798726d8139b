"""What a measurement says, and how it is shown: one table for each, as soon as it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

console = Console(width=None if Console().is_terminal else 120, highlight=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One measured thing."""

    what: str
    figure: str
    ratio: str = ""
    """Against what else was measured in the same run; absolute figures are this machine's."""
    target: str = ""
    reached: bool | None = None
    """Whether the target was; None where there is none."""


def at_least(wanted: float, got: float, *, written: str = "{:.2f}") -> tuple[str, bool]:
    """A target that is reached from above, as it is shown, and whether it is."""
    return "≥ " + written.format(wanted), got >= wanted


def at_most(wanted: float, got: float, *, written: str = "{:.2f}") -> tuple[str, bool]:
    """A target that is reached from below, as it is shown, and whether it is."""
    return "≤ " + written.format(wanted), got <= wanted


def show(title: str, lines: Sequence[Line], *notes: str) -> None:
    """Print one measurement's table, and below it what a reader must know."""
    table = Table(header_style="dim", box=None, pad_edge=False)
    table.add_column("measured", overflow="fold")
    table.add_column("figure", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    for line in lines:
        mark = "" if line.reached is None else "[green]ok[/]" if line.reached else "[red]missed[/]"
        table.add_row(line.what, line.figure, line.ratio, line.target, mark)
    console.print(title, style="bold")
    console.print(table)
    for note in notes:
        console.print(f"  {note}", style="dim")
    console.print()


def say(words: str) -> None:
    """A line between the tables: what is left out, and why."""
    console.print(words, style="dim")
    console.print()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
