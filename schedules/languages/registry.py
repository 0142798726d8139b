"""Which languages there are. Each is a folder beside this file, and nothing else has to be told of it.

English comes first, and stands in where a plan that runs already is in a language that is gone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from schedules.languages.parts import Part
from schedules.languages.replies import Replies

DEFAULT: Final = "en"
FOLDER = Path(__file__).parent
_CODE: Final = re.compile(r"[a-z]{2}")
_PARTS: Final[dict[str, type[Part]]] = {"replies": Replies}
"""The files of a folder, without `.toml`."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """All that the program says and understands in one language; equal only to itself, so that caches can go by it."""

    code: str
    replies: Replies


class NoSuchLanguage(LookupError):
    """There is no folder of that language, or it is not complete; the sentence says what it needs."""


def language(code: str) -> Language:
    """The language of that code, such as `en`. Raises NoSuchLanguage."""
    found = _read(FOLDER, code)
    if isinstance(found, Language):
        return found
    raise NoSuchLanguage(found)


def languages() -> tuple[Language, ...]:
    """Every complete language, English first, then by code."""
    return _all(FOLDER)


def refusal(codes: Iterable[str]) -> str | None:
    """Why a protocol with texts in these languages cannot be used: one sentence; None where all are complete."""
    for code in codes:
        found = _read(FOLDER, code)
        if not isinstance(found, Language):
            return f'this protocol has texts in "{code}", and {found}'
    return None


@cache
def _all(folder: Path) -> tuple[Language, ...]:
    codes = sorted(one.name for one in folder.iterdir() if one.is_dir() and _CODE.fullmatch(one.name))
    found = (_read(folder, code) for code in sorted(codes, key=lambda code: (code != DEFAULT, code)))
    return tuple(one for one in found if isinstance(one, Language))


@cache
def _read(folder: Path, code: str) -> Language | str:
    """The language, or in words what is missing."""
    home, shown = folder / code, f"schedules/languages/{code}"
    files = {name: home / f"{name}.toml" for name in _PARTS}
    if absent := [file.name for file in files.values() if not file.is_file()]:
        known = "is not complete here" if home.is_dir() else "is not here"
        return f"the language {code} {known}: {shown} needs {', '.join(absent)}"
    parts: dict[str, Part] = {}
    for name, file in files.items():
        try:
            parts[name] = _PARTS[name].model_validate(tomllib.loads(file.read_text("utf-8")))
        except tomllib.TOMLDecodeError as error:
            return f"the language {code} is not complete here: {shown}/{file.name} is not TOML: {error}"
        except ValidationError as error:
            return f"the language {code} is not complete here: {shown}/{file.name} needs {_needs(error)}"
    return Language(code, **parts)  # type: ignore[arg-type]  # each name has its own model in _PARTS


def _needs(error: ValidationError) -> str:
    """What a file lacks, by its keys, and what else is wrong in it."""
    said = []
    for one in error.errors(include_url=False, include_input=False):
        key = ".".join(map(str, one["loc"]))
        said.append(key if one["type"] == "missing" else f"{key} ({one['msg']})")
    return ", ".join(said)
