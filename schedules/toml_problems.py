"""What is no TOML: the line where a file stops being it, and what to write there."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from schedules.errors import ProtocolError

_AT: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)")
_IN_GENERAL: Final = 'text goes in "quotes", a table in { braces }, a list in [ brackets ], and a key is written once'
_LONGEST_SHOWN: Final = 60


def explain_toml(file: str, text: str, error: tomllib.TOMLDecodeError) -> ProtocolError:
    """Say where a file stops being TOML, show the line, and what to write instead."""
    lines, found = text.split("\n"), _AT.fullmatch(str(error))
    if found is None:  # what was opened and not closed: the last line that says anything
        what, line = str(error).removesuffix(" (at end of document)"), len(text.rstrip().split("\n"))
        column = len(lines[line - 1]) + 1
    else:
        what, line, column = found[1], int(found[2]), int(found[3])
    shown = lines[line - 1].strip()
    what = what[:1].lower() + what[1:]
    return ProtocolError(
        f"{file}, line {line}, column {column}: this is not TOML: {what}; the line reads: {shown[:_LONGEST_SHOWN]} "
        f"({_instead(what, shown)})"
    )


def _instead(what: str, line: str) -> str:
    """What to write in this line."""
    if re.search("[\u2018\u2019\u201c\u201d]", line) and what.startswith("invalid"):
        return 'its quotes are curly; write straight ones, "like this"'
    if twice := re.match(r"cannot declare \('([a-z_-]+)',\) twice", what):
        if re.fullmatch(r"\[?\[steps\]\]?", line):
            return "write [[steps]], with two brackets, above each text"
        return f"[{twice[1]}] stands above already; put these lines there"
    if what.startswith("cannot overwrite a value"):
        return "this stands above already; take one of the two out"
    if what.startswith("illegal character '\\n'"):
        return "a text ends on its own line, with a quote"
    if re.search(r"=\s*(yes|no|on|off|True|False)\b", line) and what.startswith("invalid"):
        return "write true or false"
    return _IN_GENERAL
