"""Problems: what is wrong with a protocol file, each in one sentence that says where and what to write instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schedules.asking import ClosedAnswer
from schedules.errors import ProtocolError
from schedules.languages.registry import languages
from schedules.offsets import Duration, Moment, Span
from schedules.protocol import CareProtocol, Question, Step
from schedules.repeat import Repeat
from schedules.restriction import Restriction, no_such_topic
from schedules.topic_words import CatchUpWords, RestrictionWords

Place = tuple[int | str, ...]

_WRONG_TYPE = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number without quotes",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false, without quotes",
    "time_type": "must be a time of day",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
    "literal_error": "is not known",
}
_LIMITS = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "is empty; write something, or take it out",
    "too_short": "has too few entries; it needs at least {min_length}",
    "string_too_long": "is too long; it takes at most {max_length} characters",
    "too_long": "has too many entries; it takes at most {max_length}",
}
_WRITE = {
    "title": 'title = "what the plan is for"',
    "source": 'source = "where it comes from"',
    "languages": 'languages = ["en"]',
    "restrictions": "[restrictions], and below it makeup = { hours = 24 }",
    "restriction": "makeup = { hours = 24 }",
    "questions": '[questions], and below it shaves = { ask = "Does the patient shave the area?" }',
    "question": 'shaves = { ask = "Does the patient shave the area?" }',
    "ask": 'ask = "Does the patient shave the area?"',
    "answers": 'answers = ["mild", "deep"]',
    "closed answers": "a [steps.answers.1] table for each answer",
    "closed answer": 'means = "fine" and then = "file"',
    "means": 'means = "fine", or "question", or "worse"',
    "then": 'then = "file", or "task", or "urgent"',
    "again_text": 'again_text.en = "{clinic}: ..."',
    "again_after": "again_after = { hours = 24 }",
    "steps": "a [[steps]] table for each text",
    "key": 'key = "makeup-again"',
    "kind": 'kind = "care"; only a step that `lifts` topics or names its `topics` needs none',
    "at": "at = { hours = 1 }",
    "time": 'time = "09:00"',
    "minutes": "minutes = 30",
    "hours": "hours = 24",
    "day": "day = 1",
    "days": "days = 7",
    "until_day": "until_day = 4",
    "weeks": "weeks = 2",
    "months": "months = 3",
    "lifts": 'lifts = ["makeup"]',
    "topics": 'topics = ["makeup"]',
    "only_if": 'only_if = { shaves = "yes" }, or a list of such tables of which one must hold',
    "repeat": 'repeat = { days = [0, 1, 2], at = ["09:00", "19:00"] }',
    "stale_after": "stale_after = { hours = 8 }, how long the text stays useful",
    "why_stale": 'why_stale = "the reason"',
    "words": 'words.en = { rule = "no makeup", again = "wear makeup" }',
    "up_to": "up_to = { hours = 72 }, the longest that staff may choose",
    "usual": "usual = { hours = 48 }, what holds where nobody chooses",
    "gate": 'until = "cleared", for what holds until staff say so',
    "rule": 'rule = "no makeup"',
    "again": 'again = "wear makeup"',
    "over": 'over = "the days of staying out of the sun are over"',
    "catch_up": 'catch_up.en = { text = "{clinic}: {rules}. {phone}. STOP to opt out.", until = "until" }',
    "until": 'until = "until"',
    "text": 'text.en = "{clinic}: ..."',
    "late_text": 'late_text.en = "{clinic}: ..."',
    "inferred": 'inferred = "its hour"',
    "enabled": "enabled = false",
    "why_off": 'why_off = "the reason"',
}
"""By field: what to write."""


def explain(file: str, data: dict[str, Any], error: ValidationError) -> ProtocolError:
    """Say in our words what pydantic found in the parsed `data` of a file."""
    details = error.errors(include_url=False, include_input=False)
    said = [f"{file}: {_sentence(detail, data)}" for detail in details if not _follows(detail, details)]
    return ProtocolError("\n".join(said))


def _follows(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Whether it only follows from another: a misspelled field is also missing, a bad entry makes a list too short."""
    loc = detail["loc"]
    match detail["type"]:
        case "missing":
            return any(other["type"] == "extra_forbidden" and other["loc"][:-1] == loc[:-1] for other in details)
        case "too_short":
            return any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in details)
    return False


def _sentence(detail: ErrorDetails, data: dict[str, Any]) -> str:
    who, field = _where(detail["loc"], data)
    what = _misspelled_topic(detail, data) or _what(detail, field)
    return f"{who}: {what}" if who else what


def _misspelled_topic(detail: ErrorDetails, data: dict[str, Any]) -> str | None:
    """Why a step has no ready words, where one of its topics is none of the file's."""
    match detail["type"], detail["loc"]:
        case "missing", ("steps", int(index), "text"):
            step, known = data["steps"][index], data.get("restrictions") or {}
            said = step.get("lifts") or step.get("topics") or ()
            return next((no_such_topic(one, known) for one in said if isinstance(one, str) and one not in known), None)
    return None


def _where(loc: Place, data: dict[str, Any]) -> tuple[str, str]:
    """Who is meant (a step by its key, not by its number) and the field inside, as the file spells it."""
    match loc:
        case ("steps", int(index), *rest):
            who = _step_name(data, index)
        case (("restrictions" | "questions") as table, str(name), *rest) if rest != ["[key]"]:
            who = f'{table.removesuffix("s")} "{name}"'
        case _:
            who, rest = "", list(loc)
    parts = [f"entry {part + 1}" if isinstance(part, int) else part for part in rest if part != "[key]"]
    return who, ".".join(parts).replace(".entry", ", entry")


def _step_name(data: dict[str, Any], index: int) -> str:
    step = data["steps"][index]
    key = step.get("key") if isinstance(step, dict) else None
    return f'step "{key}"' if isinstance(key, str) else f"step number {index + 1}"


def _what(detail: ErrorDetails, field: str) -> str:
    """The problem, and what to write instead."""
    kind, loc = detail["type"], detail["loc"]
    match kind:
        case "value_error":
            said = detail["msg"].removeprefix("Value error, ")
            return f"{field}: {said}" if field else said
        case "extra_forbidden":
            return f"{field} is no field here; {_nearest(loc)}"
        case "missing":
            return f"{field} is missing; {_write(loc)}{_ready_words(loc)}"
        case "string_pattern_mismatch":
            return f"{field if field != 'id' else 'the file name'} is not a {_pattern(loc)}"
    if kind in _LIMITS:
        return f"{field} {_LIMITS[kind].format(**detail['ctx'])}"
    return f"{field or 'it'} {_WRONG_TYPE.get(kind, _sentence_start(detail['msg']))}; {_write(loc)}"


def _write(loc: Place) -> str:
    """An example of the innermost part of this place that has one."""
    match loc:
        case (("restrictions" | "questions") as table, str(_)):
            names: list[str] = [table.removesuffix("s")]
        case ("restrictions", _, "until"):
            names = ["gate"]
        case ("steps", _, "answers"):
            names = ["closed answers"]
        case ("steps", _, "answers", _):
            names = ["closed answer"]
        case _:
            names = [part for part in reversed(loc) if isinstance(part, str)]
    return f"write {next(_WRITE[name] for name in names if name in _WRITE)}"


def _ready_words(loc: Place) -> str:
    if loc[-1] != "text":
        return ""
    topics = sorted(set.intersection(*(set(one.ready.topics) for one in languages())))
    return f" (only a lift or a restrict step on {', '.join(topics)} has ready words)"


def _nearest(loc: Place) -> str:
    known = [name for name in _model(loc).model_fields if name != "id"]
    close = get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


def _model(loc: Place) -> type[BaseModel]:
    """The table in which this place is a field."""
    found: type[BaseModel] = Repeat if loc[0] == "steps" and loc[2:3] == ("repeat",) and len(loc) > 3 else CareProtocol
    match loc:
        case ("steps", _, "at", _):
            found = Moment
        case ("steps", _, "stale_after" | "again_after", _):
            found = Span
        case ("steps", _, "answers", _, _):
            found = ClosedAnswer
        case ("steps", _, _):
            found = Step
        case ("restrictions", _, "up_to" | "usual", _):
            found = Duration
        case ("restrictions", _, "words", _, _):
            found = RestrictionWords
        case ("catch_up", _, _):
            found = CatchUpWords
        case ("restrictions", _, _):
            found = Restriction
        case ("questions", _, _):
            found = Question
    return found


def _pattern(loc: Place) -> str:
    if "answers" in loc and "steps" in loc and "text" not in loc:
        return "digit; let the patient reply one of 1 to 9, never a word such as YES, STOP or HELP, which carriers read"
    if "languages" in loc or loc[-3:-2] in {("text",), ("late_text",), ("again_text",), ("words",), ("catch_up",)}:
        return 'language; write two small letters, such as "en"'
    return 'name; write small letters, digits and single hyphens, such as "makeup-again"'


def _sentence_start(words: str) -> str:
    return words[:1].lower() + words[1:]
