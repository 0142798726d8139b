"""What may stand in `.env`: one NAME=value on each line, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from dotenv.parser import Binding, parse_stream


def check_env_text(data: bytes) -> list[str]:
    """One sentence for each mistake, none for a good file; no line is quoted, for it may hold a secret.

    python-dotenv passes over a line that it cannot read, and a setting that was passed over is a default nobody chose.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [f".env, line {line}: this is not UTF-8; save the file as UTF-8."]
    return [f".env, line {line}: {why}." for line, why in _faults(text)]


def _faults(text: str) -> Iterator[tuple[int, str]]:
    for found in parse_stream(StringIO(text)):
        line = found.original.line + _lines_before(found)
        if found.error:
            yield line, "this is no NAME=value (a value with spaces or # in it may stand in closed quotes); mend it"
        elif found.key is not None and found.value is None:
            yield line, "this name has no = behind it; write NAME=value, or put # before it"


def _lines_before(found: Binding) -> int:
    """Empty lines that the parser counts into what follows them."""
    words = found.original.string
    return words[: len(words) - len(words.lstrip())].count("\n")
