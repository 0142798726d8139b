"""What is wrong with a field, in one sentence that never repeats its value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_WORDS: Final = {
    "missing": "{field} is missing",
    "extra_forbidden": "{field} is no field of this request; check its spelling",
    "string_type": "{field} must be text in quotes",
    "string_too_short": "{field} must have at least {min_length} character(s)",
    "string_too_long": "{field} must have at most {max_length} characters",
    "string_pattern_mismatch": "{field} must be {like}",
    "bool_type": "{field} must be true or false, without quotes",
    "bool_parsing": "{field} must be true or false",
    "int_type": "{field} must be a whole number",
    "int_parsing": "{field} must be a whole number",
    "int_parsing_size": "{field} is too large",
    "greater_than_equal": "{field} must be at least {ge}",
    "less_than_equal": "{field} must be at most {le}",
    "literal_error": "{field} must be one of {expected}",
    "enum": "{field} must be one of {expected}",
    "list_type": '{field} must be a list like ["makeup"]',
    "dict_type": '{field} must be an object like {{"question": "answer"}}',
    "model_attributes_type": "{field} must be an object in braces",
    "model_type": "{field} must be an object in braces",
}
_LIKE: Final = {
    "within": "a length of time like 12h, 7d or 2w",
    "page": "next_page of the response before, as it is",
    "Idempotency-Key": "1 to 255 visible ASCII characters without spaces",
}
_PLACES: Final = {"body", "query", "path", "header"}


def sentences(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """One sentence for each field: the first thing that is wrong with it."""
    said: dict[str, str] = {}
    for error in errors:
        field = _field(error["loc"])
        said.setdefault(field, _sentence(field, error))
    return said


def _field(place: Iterable[Any]) -> str:
    parts = [str(part)[:60] for part in place]
    inside = parts[1:] if parts and parts[0] in _PLACES else parts
    return ".".join(inside) or "the body"


def _sentence(field: str, error: Mapping[str, Any]) -> str:
    words = _WORDS.get(error["type"])
    if words is None:
        return f"{field} is not as it should be: {error['msg']}"
    return words.format(field=field, like=_LIKE.get(field, "written as the document says"), **error.get("ctx", {}))
