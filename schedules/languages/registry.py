"""Which languages there are. Each is a folder beside this file, and nothing else has to be told of it.

English comes first, and stands in where a plan that runs already is in a language that is gone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from schedules.languages import folders
from schedules.languages.check_words import CheckWords
from schedules.languages.folders import DEFAULT, codes
from schedules.languages.parts import LanguagePart
from schedules.languages.ready import ReadyWords
from schedules.languages.replies import ReplyWords
from schedules.languages.sayings import About, CardWords

_FILES: Final[dict[str, tuple[str, type[LanguagePart]]]] = {
    "about": ("language.toml", About),
    "ready": ("ready.toml", ReadyWords),
    "card": ("card.toml", CardWords),
    "checks": ("checks.toml", CheckWords),
    "replies": ("replies.toml", ReplyWords),
}
"""The parts of a language, the file that each is read from, and its model."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """All that the program says and understands in one language; equal only to itself, so that caches can go by it."""

    code: str
    about: About
    ready: ReadyWords
    card: CardWords
    checks: CheckWords
    replies: ReplyWords

    def rule_of(self, topic: str) -> dict[str, str]:
        """The ready words for a topic as a protocol file says them: the rule without its end."""
        words = self.ready.topics[topic]
        rule = words.rule.removesuffix(f" {self.card.until} {{{topic}.until}}")
        ways = {"again": words.again, "over": words.over}
        return {"rule": rule, **{way: said for way, said in ways.items() if said}}


class NoSuchLanguage(LookupError):
    """There is no folder of that language, or it is not complete; the sentence says what it needs."""


def language(code: str) -> Language:
    """The language of that code, such as `en`. Raises NoSuchLanguage."""
    found = _read(folders.FOLDER, code)
    if isinstance(found, Language):
        return found
    raise NoSuchLanguage(found)


def language_or_default(code: str) -> Language:
    """The language of that code, else English: for what runs already, in a language that has gone since."""
    found = _read(folders.FOLDER, code)
    return found if isinstance(found, Language) else language(DEFAULT)


def languages() -> tuple[Language, ...]:
    """Every complete language, English first, then by code."""
    return _all(folders.FOLDER)


def refusal(codes: Iterable[str]) -> str | None:
    """Why a protocol with texts in these languages cannot be used, all of it in one sentence; None where it can."""
    found = {code: _read(folders.FOLDER, code) for code in codes}
    said = [f'in "{code}", and {one}' for code, one in found.items() if not isinstance(one, Language)]
    return f"this protocol has texts {'; '.join(said)}" if said else None


@cache
def _all(folder: Path) -> tuple[Language, ...]:
    found = (_read(folder, code) for code in codes(folder))
    return tuple(one for one in found if isinstance(one, Language))


@cache
def _read(folder: Path, code: str) -> Language | str:
    """The language, or in words all that it lacks."""
    home, shown = folder / code, f"schedules/languages/{code}"
    parts, lacking = _parts(home)
    if not lacking:
        found = Language(code, **parts)  # type: ignore[arg-type]  # each part has its own model in _FILES
        if not (lacking := _topics_lacking(found, folder)):
            return found
    known = f"the language {code} is not complete here" if home.is_dir() else f"there is no language {code} here"
    return f"{known}: {'; '.join(f'{shown}{one}' for one in lacking)}"


def _parts(home: Path) -> tuple[dict[str, LanguagePart], list[str]]:
    """The parts that can be read, and in words what the others lack, file by file."""
    absent = [name for name, _ in _FILES.values() if not (home / name).is_file()]
    lacking = [f" needs {', '.join(absent)}"] if absent else []
    parts: dict[str, LanguagePart] = {}
    for part, (name, model) in _FILES.items():
        try:
            if name not in absent:
                parts[part] = model.model_validate(tomllib.loads((home / name).read_text("utf-8")))
        except tomllib.TOMLDecodeError as error:
            lacking.append(f"/{name} is not TOML: {error}")
        except ValidationError as error:
            lacking.append(f"/{name} needs {_lacking(error)}")
    return parts, lacking


def _lacking(error: ValidationError) -> str:
    """What a file lacks, by its keys, and what else is wrong in it."""
    said = []
    for one in error.errors(include_url=False, include_input=False):
        key = ".".join(map(str, one["loc"]))
        match one["type"]:
            case "missing":
                said.append(key)
            case "extra_forbidden":
                said.append(f"no {key}")
            case _:
                said.append(f"{key} {one['msg'].removeprefix('Value error, ')}")
    return ", ".join(said)


def _topics_lacking(found: Language, folder: Path) -> list[str]:
    """Every language has words for the topics that English has words for; a rule ends as the card reads it."""
    default = found if found.code == DEFAULT else _read(folder, DEFAULT)
    if not isinstance(default, Language):
        return []
    ready = [f"topics.{topic}" for topic in default.ready.topics if topic not in found.ready.topics]
    for topic, words in found.ready.topics.items():
        end = f" {found.card.until} {{{topic}.until}}"
        if not words.rule.endswith(end):
            ready.append(f'topics.{topic}.rule with "{end.strip()}" at its end')
    checks = [f"topics.{topic}" for topic in default.checks.topics if topic not in found.checks.topics]
    lacking = (("ready.toml", ready), ("checks.toml", checks))
    return [f"/{file} needs {', '.join(keys)}" for file, keys in lacking if keys]
