"""Segments: what a text costs, and the exact character that makes it cost more (GSM 03.38, 3GPP TS 23.038)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import regex

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""In GSM-7 these take two places."""


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: its encoding, its billed units, and the first character that forced UCS-2."""

    encoding: Literal["GSM-7", "UCS-2"]
    count: int
    forced_by: str | None = None


def count_segments(text: str) -> Segments:
    """Count the billed units of a text exactly as it will leave."""
    if _is_gsm(text):
        return Segments("GSM-7", _count(text, [1 + (c in _EXTENDED) for c in text], single=160, part=153))
    forced_by = next(c for c in text if c not in _BASIC and c not in _EXTENDED)
    graphemes = regex.findall(r"\X", text)
    # A carrier never splits one visible character over two segments, so neither do we.
    return Segments("UCS-2", _count(graphemes, [_utf16(g) for g in graphemes], single=70, part=67), forced_by)


def _is_gsm(text: str) -> bool:
    return _BASIC.issuperset(text) or (_BASIC | _EXTENDED).issuperset(text)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _count(units: str | list[str], places: list[int], *, single: int, part: int) -> int:
    if sum(places) <= single:
        return 1
    count, room = 1, part
    for _, width in zip(units, places, strict=True):
        if width > room:
            count, room = count + 1, part
        room -= width
    return count
