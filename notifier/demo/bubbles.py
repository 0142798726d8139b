"""The script on a terminal: phone bubbles, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from rich import box
from rich.align import Align
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from notifier.demo.cast import Sample
from notifier.demo.why import hour
from notifier.promises.facts import PromiseKept

_WIDTH = 78
_BUBBLE = 58
_INDENT = 2


class Bubbles:
    """See Narrator."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(_WIDTH, console.width)

    def opens(self, clinic: str, sentences: Sequence[str]) -> None:
        """See Narrator."""
        words = Text("\n").join([Text(clinic, "bold"), *(Text(sentence, "default") for sentence in sentences)])
        self._show(Padding(words, (1, _INDENT)))

    def day(self, on: date, remark: str) -> None:
        """See Narrator."""
        title = Text(f" {on:%A, %B} {on.day} ", "bold")
        if remark:
            title.append(f"· {remark} ", "yellow")
        self._show(Text(), Rule(title, align="left", style="bright_black"), Text())

    def staff(self, at: datetime, who: Sample, sentence: str, details: Sequence[str] = ()) -> None:
        """See Narrator."""
        self._show(_aside(_head(at, who, "front desk"), Text(sentence, "cyan"), *(Text(d, "dim") for d in details)))

    def arrives(self, at: datetime, who: Sample, text: str, why: str) -> None:
        """See Narrator."""
        self._show(_aside(_head(at, who, "to " + who.first), _bubble(text, "blue"), Text(why, "dim")))

    def bounces(self, at: datetime, who: Sample, text: str, why: str) -> None:
        """See Narrator."""
        bubble = _bubble(text, "red", "strike dim")
        self._show(_aside(_head(at, who, "to " + who.first), bubble, Text(why, "red")))

    def writes(self, at: datetime, who: Sample, text: str) -> None:
        """See Narrator."""
        head = Align.right(_head(at, who, "from " + who.first))
        self._show(_aside(head, Align.right(_bubble(text, "green"))))

    def worker(self, sentence: str, *, trouble: bool = False) -> None:
        """See Narrator."""
        style = "bold red" if trouble else "green"
        self._show(_aside(Text(f"{'✖' if trouble else '●'} {sentence}", style)))

    def closes(self, kept: Sequence[PromiseKept], remarks: Sequence[str]) -> None:
        """See Narrator."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, width=self._width - 2 * _INDENT)
        table.add_column("")
        table.add_column("Promise", no_wrap=True)
        table.add_column("Counted from the provider's ledger and the outbox", ratio=1)
        for one in kept:
            style = "bold red" if one.broken else "green"
            found = Text("\n").join([Text(one.found), *(Text(breach, "red") for breach in one.broken)])
            table.add_row(Text("✖" if one.broken else "✔", style), Text(one.promise, style), found)
        self._show(Text(), Rule(style="bright_black"), Padding(table, (1, _INDENT)))
        self._show(*(Padding(Text(remark, "dim"), (0, _INDENT)) for remark in remarks))

    def _show(self, *parts: RenderableType) -> None:
        for part in parts:
            self._console.print(part, width=self._width, highlight=False)


def _head(at: datetime, who: Sample, rest: str) -> Text:
    return Text.assemble((hour(at, who.zone), "bold"), (f" {who.city} · {rest}", "default"))


def _bubble(text: str, border: str, style: str = "default") -> Panel:
    width = min(_BUBBLE, Text(text).cell_len + 4)
    return Panel(Text(text, style), box=box.ROUNDED, border_style=border, width=width, padding=(0, 1))


def _aside(*parts: RenderableType) -> RenderableType:
    column = Table.grid(expand=True)
    for part in parts:
        column.add_row(part)
    return Padding(column, (0, _INDENT, 1, _INDENT))
