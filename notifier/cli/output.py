"""The screen: results go to stdout (tables for people, JSON for programs), questions and notes to stderr."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table

from notifier.cli.safe_text import SafeConsole, escaped, shown

_UNFOLDED = 10_000
"""The width of a pipe: nothing is folded there, so that a text stays in one piece for grep."""
_FOLDS: Final = re.compile("[\t\n]")
"""Takes more than one place, or more than one line."""


def out() -> Console:
    """Where answers go."""
    return _console(stderr=False)


def note(sentence: str) -> None:
    """Say something beside the result."""
    _console(stderr=True).print(sentence, soft_wrap=True)


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(escaped(json.dumps(document, ensure_ascii=False, indent=2)) + "\n")


def write(document: str) -> None:
    """Write a file to stdout: as it is for a program, and on a terminal with what it would obey shown."""
    sys.stdout.write(shown(document) if sys.stdout.isatty() else document)
    sys.stdout.flush()  # a program may wait for each line


def write_file(file: Path) -> None:
    """Write a file's bytes to stdout, which is no terminal. Raises BrokenPipeError where nobody reads them any more."""
    with file.open("rb") as source:
        shutil.copyfileobj(source, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def show(content: RenderableType, *, style: str | None = None) -> None:
    """Print something for people to stdout."""
    screen = out()
    if screen.is_terminal:
        screen.print(content, style=style)
        return
    with screen.capture() as written:
        screen.print(content)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in written.get().splitlines()))


def table(*columns: str, leading: int = 0) -> Table:
    """A table without truncation: long words fold, and on a pipe every row is one line."""
    terminal = out().is_terminal
    made = Table(
        box=box.SIMPLE_HEAD if terminal else None,
        pad_edge=False,
        header_style="bold",
        leading=leading if terminal else 0,
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """A list as a table, or the sentence that says why there is none."""
    listed = list(rows)
    if not listed:
        note(empty)
    elif out().width == _UNFOLDED and not _FOLDS.search("".join(map("".join, listed))):
        sys.stdout.write(_aligned([columns, *listed]))
    else:
        made = table(*columns)
        for row in listed:
            made.add_row(*row)
        show(made)


def _aligned(rows: Iterable[Sequence[str]]) -> str:
    """As the table that would be drawn where nothing is folded, in a hundredth of the time."""
    safe = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*safe, strict=True)]
    lines = (
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        for row in safe
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if a person agrees: asked at a terminal, taken for granted with `--yes` and where nobody is."""
    if not yes and is_attended():
        typer.confirm(shown(question), err=True, abort=True)


def is_attended() -> bool:
    """Whether a person is there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _UNFOLDED  # noqa: TID251  # the terminal's own word
    return SafeConsole(file=stream, width=width, highlight=False, markup=False, emoji=False)
