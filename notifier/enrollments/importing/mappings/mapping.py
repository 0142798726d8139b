"""The model of a mapping file. JSON Schema and docs for authors follow from it."""

from __future__ import annotations

import tomllib
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from notifier.domain.refused import Refused

NO_TEXTS = "none"
"""What a service gives that is no treatment of ours."""
_MOST_FIELDS: Final = 3
_LONGEST_PATTERN: Final = 120
Visit = Literal["booked", "treated", "cancelled", "no-show"]
Column = Annotated[str, Field(min_length=1, max_length=120)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NameFrom(_Part):
    """Where the patient's name stands."""

    columns: tuple[Column, ...] = Field(strict=False, min_length=1)
    """Joined by a blank, such as first and last name."""
    order: Literal["as written", "last, first"] = "as written"
    """"Moore, Erin" is turned; a name without a comma stays as it is."""


class DayFrom(_Part):
    """Where the date of the visit stands."""

    column: Column
    order: Literal["day/month/year", "month/day/year"] | None = None
    """Of 11/12/2026. Without it such a date is refused; a named month and 2026-12-11 need none."""


class EndFrom(_Part):
    """When the visit ends: in a column, or so many minutes after its start."""

    column: Column | None = None
    minutes: int | None = Field(default=None, gt=0, le=24 * 60)
    minutes_in: Column | None = None
    is_treated: bool = False
    """The clinic vouches that this is the END of the treatment. Else it was planned, and staff say `treated`."""

    @model_validator(mode="after")
    def _one(self) -> EndFrom:
        if sum(one is not None for one in (self.column, self.minutes, self.minutes_in)) != 1:
            raise ValueError("say one of column, minutes and minutes_in")
        return self


class IdFrom(_Part):
    """What tells one visit from another."""

    visit: Column | None = None
    """A number of the visit itself."""
    client: tuple[Column, ...] = Field(default=(), strict=False)
    """What tells the clients apart; with the date of the visit that is an id."""

    @model_validator(mode="after")
    def _one(self) -> IdFrom:
        if (self.visit is None) == (not self.client):
            raise ValueError("say visit, or client where a visit has no number")
        return self


class ConsentFrom(_Part):
    """Where it stands that the patient agreed to texts."""

    column: Column
    how: str = Field(min_length=1, max_length=200)
    """What is written down where the cell says yes, such as: opted in at booking."""


class Columns(_Part):
    """Which of the file's columns say what."""

    name: NameFrom
    phone: Column
    day: DayFrom
    start: Column | None = None
    """The time; None where the column of the day has it."""
    end: EndFrom | None = None
    service: Column
    id: IdFrom
    status: Column | None = None
    consent: ConsentFrom | None = None
    """None: the file does not say it, so whoever imports does."""
    provider: Column | None = None
    office: Column | None = None
    timezone: Column | None = None
    """In which zone the times are, by its IANA, Windows or Rails name; else the office's."""


def _has_fields(pattern: str) -> str:
    many = pattern.count("{")
    if (
        not 1 <= many <= _MOST_FIELDS
        or many != pattern.count("}")
        or "}{" in pattern
        or len(pattern) > _LONGEST_PATTERN
    ):
        raise ValueError('write up to three new columns in braces, such as "{Service} - {Client}"')
    return pattern


class Mapping(_Part):
    """A mapping file."""

    title: str = Field(min_length=1, max_length=80)
    source: str = Field(min_length=1)
    """Where the shape is known from."""
    header: tuple[Column, ...] = Field(strict=False, min_length=2)
    """The line with all of these names begins the table; what stands above it is a title."""
    timezone: str | None = None
    """In which zone the times are, where no column says it; the office's unless said."""
    complete: bool = False
    """A file names every visit of its days: staff are asked about booked ones of those days that are not in it."""
    columns: Columns
    split: dict[Column, Annotated[str, AfterValidator(_has_fields)]] = {}
    """New columns out of one: Summary = "{Service} - {Client}"."""
    always: dict[Column, str] = {}
    """Columns that the file does not have, and what stands in them for everybody."""
    no_patients: dict[Column, Annotated[tuple[str, ...], Field(strict=False)]] = {}
    """Lines that are none: a column, and how its cell begins in them."""
    statuses: dict[str, Visit] = {}
    services: dict[str, str] = {}
    """A service, and the protocol that it gives, or "none"."""
    offices: dict[str, str] = {}
    consents: dict[str, Literal["yes", "no"]] = {}
    """What a word of the consent column says that is in none of our languages."""
    answers: dict[str, dict[str, str]] = {}
    """A protocol's question by the service: shaves = { "Microneedling legs" = "yes" }."""


def check_pattern(pattern: str) -> None:
    """Raise Refused where a pattern makes no columns out of another."""
    try:
        _has_fields(pattern)
    except ValueError as why:
        raise Refused(f'"{pattern[:40]}" makes no columns: {why}', "pattern") from None


def read_mapping(content: str, name: str) -> Mapping:
    """A mapping from its TOML. Raises Refused with the key that is wrong."""
    try:
        return Mapping.model_validate(tomllib.loads(content))
    except tomllib.TOMLDecodeError as why:
        raise Refused(f"the mapping {name} is not TOML: {why}", "mapping") from None
    except ValidationError as why:
        first = why.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        said = {"missing": "is missing", "extra_forbidden": "is no key of a mapping"}.get(first["type"], first["msg"])
        raise Refused(f"the mapping {name}: {key} {said}", "mapping") from None
