"""What may stand in a settings file: one NAME=value on each line, in UTF-8."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from io import StringIO
from typing import Final

from dotenv.parser import Binding, parse_stream

_CUT_OFF: Final = re.compile(r"=[^\S\n]*[^'\"\s#][^'\"\n]*#")


def check_env_text(data: bytes, file: str = ".env", secrets: Collection[str] = ()) -> list[str]:
    """One sentence for each mistake, none for a good file; no line is quoted, for it may hold a secret.

    python-dotenv passes over a line that it cannot read, and a setting that was passed over is a default nobody chose.
    It takes the later of two, and cuts a value before a #; systemd, which may read the same file, does neither.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [f"{file}, line {line}: this is not UTF-8; save the file as UTF-8."]
    return [f"{file}, line {line}: {why}." for line, why in _faults(text, secrets)]


def _faults(text: str, secrets: Collection[str]) -> Iterator[tuple[int, str]]:
    first: dict[str, int] = {}
    for found in parse_stream(StringIO(text)):
        line = found.original.line + _lines_before(found)
        if found.error:
            yield line, "this is no NAME=value (a value with spaces or # in it may stand in closed quotes); mend it"
        elif found.key is not None and found.value is None:
            yield line, "this name has no = behind it; write NAME=value, or put # before it"
        elif found.key is not None:
            if (before := first.setdefault(found.key, line)) != line:
                yield line, f"{found.key} stands in line {before} already; keep one of the two"
            if found.key in secrets and _CUT_OFF.search(found.original.string):
                yield (
                    line,
                    f"{found.key} has a # and no quotes, so it may be cut off; put the value in single quotes",
                )


def _lines_before(found: Binding) -> int:
    """Empty lines that the parser counts into what follows them."""
    words = found.original.string
    return words[: len(words) - len(words.lstrip())].count("\n")
