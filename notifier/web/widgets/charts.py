"""Charts as numbers: the template draws them with attributes, because the page allows no style inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PARTS: Final = ("good", "wait", "alert", "doubt")
"""From the axis up, or from the left: delivered, no receipt yet, not delivered, in doubt."""
_WIDTH: Final = 660
_ROWS_WIDTH: Final = 340
_LEFT, _RIGHT, _TOP, _HEIGHT = 44, 14, 14, 150
_ROW, _BAR = 46, 16


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a bar."""

    part: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One day's column, or one protocol's row."""

    name: str
    x: float
    y: float
    label: str
    """What is written at it; empty where there is no room."""
    blocks: tuple[Block, ...]
    marks: int = 0
    """Opt-outs."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw, in units of one pixel."""

    width: float
    height: float
    bottom: float
    lines: tuple[tuple[float, int], ...]
    """Where a line is, and how many texts it stands for."""
    bars: tuple[ChartBar, ...]


def columns(days: Sequence[tuple[str, str, Sequence[int], int]]) -> Chart:
    """A column for each day: its name, its label, its four parts, and its opt-outs below the axis."""
    top = _round_up(max((sum(parts) for _, _, parts, _ in days), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(days), 1)
    wide = round(min(step * 0.64, 26), 1)
    bottom = _TOP + _HEIGHT
    bars = []
    for number, (name, label, parts, marks) in enumerate(days):
        x = round(_LEFT + step * number + (step - wide) / 2, 1)
        blocks, y = [], float(bottom)
        for part, many in zip(PARTS, parts, strict=True):
            height = round(_HEIGHT * many / top, 1)
            y = round(y - height, 1)
            if many:
                blocks.append(Block(part, x, y, wide, height))
        bars.append(ChartBar(name, round(x + wide / 2, 1), bottom + 18, label, tuple(blocks), marks))
    lines = tuple((round(bottom - _HEIGHT * share, 1), int(top * share)) for share in (0, 0.5, 1))
    return Chart(_WIDTH, bottom + 46, bottom, lines, tuple(bars))


def rows(protocols: Sequence[tuple[str, Sequence[int], int]]) -> Chart:
    """A row for each protocol: its name, its four parts, and its opt-outs. The longest fills the width."""
    most = max((sum(parts) for _, parts, _ in protocols), default=0) or 1
    bars = []
    for number, (name, parts, marks) in enumerate(protocols):
        y, x = float(_ROW * number), 0.0
        blocks = []
        for part, many in zip(PARTS, parts, strict=True):
            width = round(_ROWS_WIDTH * many / most, 1)
            if many:
                blocks.append(Block(part, round(x, 1), y + 24, max(width, 1), _BAR))
            x += width
        bars.append(ChartBar(name, 0, y + 17, f"{sum(parts):,}", tuple(blocks), marks))
    return Chart(_ROWS_WIDTH, _ROW * len(bars), 0, (), tuple(bars))


def _round_up(most: int) -> int:
    """The next even number that reads well on an axis: 2, 4, 6, 8, 10, 20, 40, 60, ..."""
    unit = 1
    while True:
        for step in (2, 4, 6, 8, 10):
            if most <= step * unit:
                return step * unit
        unit *= 10
