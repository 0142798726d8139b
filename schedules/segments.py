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
_GSM = _BASIC | _EXTENDED
_BASIC_BYTES = "".join(c for c in _BASIC if c <= "\xff").encode("latin-1")


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels: its encoding, its billed units, and the first character that forced UCS-2."""

    encoding: Literal["GSM-7", "UCS-2"]
    count: int
    forced_by: str | None = None


_FIRST_THAT_COMBINES = "\u0300"
"""Every character before it is visible by itself, but for the pair CR LF."""
_ONE_SEGMENT = Segments("GSM-7", 1)


def count_segments(text: str) -> Segments:
    """Count the billed units of a text exactly as it will leave."""
    if _is_basic(text):
        return _ONE_SEGMENT if len(text) <= 160 else Segments("GSM-7", _count_even(len(text), single=160, part=153))
    if _GSM.issuperset(text):
        return Segments("GSM-7", _count([1 + (c in _EXTENDED) for c in text], single=160, part=153))
    forced_by = next(c for c in text if c not in _GSM)
    if max(text) < _FIRST_THAT_COMBINES and "\r" not in text:
        return Segments("UCS-2", _count_even(len(text), single=70, part=67), forced_by)
    # A carrier never splits one visible character over two segments, so neither do we.
    widths = [_utf16(grapheme) for grapheme in regex.findall(r"\X", text)]
    return Segments("UCS-2", _count(widths, single=70, part=67), forced_by)


def fits_gsm(character: str) -> bool:
    """Whether a character leaves a text in GSM-7."""
    return character in _GSM


def _is_basic(text: str) -> bool:
    # Nearly every text is Latin-1, where removing bytes takes a quarter of the time of a look at each character.
    try:
        return not text.encode("latin-1").translate(None, _BASIC_BYTES)
    except UnicodeEncodeError:
        return _BASIC.issuperset(text)


def _count_even(length: int, *, single: int, part: int) -> int:
    return 1 if length <= single else -(-length // part)


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _count(widths: list[int], *, single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    count, room = 1, part
    for width in widths:
        if width > room:
            count, room = count + 1, part
        room -= width
    return count
