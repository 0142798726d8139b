"""Words of strangers on a terminal: characters that move the cursor, color the screen or turn its lines are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\N{ARABIC LETTER MARK}\u200e\u200f\u2028-\u202e\u2066-\u2069\N{BYTE ORDER MARK}]"
)
"""Of ASCII all but tab and line feed; then those that decide in which direction a line is read."""


class SafeConsole(Console):
    """A console on which nothing but its own styles reaches the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments, with a replacement character in each stranger's control's place."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=shown(segment.text))


def shown(text: str) -> str:
    """The text, with a replacement character for each that a terminal would obey."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(document: str) -> str:
    """A JSON document in which they stand as JSON escapes them: the same for a program."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
