"""How a language's files are read: words between blanks, patterns, and pieces of patterns that have a name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _split(words: object) -> object:
    return frozenset(words.split()) if isinstance(words, str) else words


Words = Annotated[frozenset[str], BeforeValidator(_split)]
"""Written as one text with blanks between them; the empty text where a language has none."""
SomeWords = Annotated[Words, Field(min_length=1)]
Patterns = Annotated[tuple[str, ...], Field(strict=False)]
"""Regular expressions; nobody compiles them here, so that who needs them pays for them."""
SomePatterns = Annotated[Patterns, Field(min_length=1)]


def saying(*placeholders: str) -> AfterValidator:
    """A text that has each of these placeholders."""

    def check(text: str) -> str:
        if lacking := [f"{{{name}}}" for name in placeholders if f"{{{name}}}" not in text]:
            raise ValueError(f"with {' and '.join(lacking)}")
        return text

    return AfterValidator(check)


class LanguagePart(BaseModel):
    """One file of a language's folder: frozen, and every key is needed; `[pieces]` are put where patterns name them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _put_pieces(cls, data: object) -> object:
        return with_pieces(data) if isinstance(data, dict) else data


def with_pieces(data: dict[str, Any]) -> dict[str, Any]:
    """A copy without `pieces`, and with each `{name}` of a list's patterns filled in; a piece may use earlier ones."""
    pieces: dict[str, str] = {}
    for name, pattern in data.get("pieces", {}).items():
        pieces[name] = _filled_in(pattern, pieces)
    rest = {key: value for key, value in data.items() if key != "pieces"}
    if not pieces:
        return rest
    return {
        key: [_filled_in(one, pieces) if isinstance(one, str) else one for one in value]
        if isinstance(value, list)
        else value
        for key, value in rest.items()
    }


def _filled_in(pattern: str, pieces: dict[str, str]) -> str:
    for name, piece in pieces.items():
        pattern = pattern.replace(f"{{{name}}}", piece)
    return pattern
