"""Every key of the shipped files: misspelled or of the wrong type it is one sentence, and the schema knows it."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schedules import catalogue
from schedules.catalogue import (
    ProtocolError,
    read_protocol,
)

PROTOCOLS = Path(catalogue.__file__).parent / "protocols"
FILES = sorted(PROTOCOLS.glob("*.toml"))
Path_ = tuple[str | int, ...]


def _places(part: Any, path: Path_ = ()) -> Iterator[Path_]:
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in items:
        yield (*path, name)
        yield from _places(value, (*path, name))


def _refusal(data: dict[str, Any], place: Path_, *, misspell: bool) -> str:
    """What is said when the key at `place` gets its last letter twice, or its value another type."""
    changed = copy.deepcopy(data)
    table: Any = changed
    for name in place[:-1]:
        table = table[name]
    last: Any = place[-1]
    if misspell:
        table[last + last[-1]] = table.pop(last)
    else:
        table[last] = [[7]] if isinstance(table[last], int) else 7
    with pytest.raises(ProtocolError) as refused:
        read_protocol("a-clinic", changed)
    return str(refused.value)


def test_any_key_misspelled_or_of_the_wrong_type_is_one_clear_sentence(subtests: pytest.Subtests) -> None:
    for file in FILES:
        for misspell in (True, False):
            with subtests.test(file=file, misspell=misspell):
                data = tomllib.loads(file.read_text("utf-8"))
                places = [place for place in _places(data) if not misspell or isinstance(place[-1], str)]
                assert len(places) > 40
                for place in places:
                    said = _refusal(data, place, misspell=misspell)
                    where = f"{place}: {said}"
                    assert "\n" not in said, where
                    assert said.startswith("a-clinic.toml: "), where
                    assert not any(word in said for word in ("pydantic", "http", "Input")), where
                    if place[0] == "steps" and len(place) > 1:
                        key = data["steps"][place[1]]["key"]
                        # A step whose key or whose whole table is wrong has only its number.
                        assert f'step "{key}"' in said or (
                            place[2:] in {(), ("key",)} and f"step number {int(place[1]) + 1}" in said
                        ), where


def test_the_schema_describes_a_file_not_the_model() -> None:
    schema = catalogue.schema()
    step = schema["$defs"]["Step"]

    assert "id" not in schema["properties"]
    assert schema["required"] == ["title", "source", "steps"]
    assert step["required"] == ["key"]
    assert step["additionalProperties"] is False
    assert '"null"' not in str(schema).replace("'", '"')


def test_the_schema_knows_every_field_of_the_shipped_files(subtests: pytest.Subtests) -> None:
    for file in FILES:
        with subtests.test(file=file):
            schema = catalogue.schema()
            data = tomllib.loads(file.read_text("utf-8"))
            tables = [(schema, data), *((schema["$defs"]["Step"], step) for step in data["steps"])]
            tables += [(schema["$defs"]["Moment"], step["at"]) for step in data["steps"] if "at" in step]
            tables += [(schema["$defs"]["Restriction"], one) for one in data.get("restrictions", {}).values()]
            answers = [answer for step in data["steps"] for answer in step.get("answers", {}).values()]
            tables += [(schema["$defs"]["ClosedAnswer"], answer) for answer in answers]
            for described, table in tables:
                assert set(described.get("required", ())) <= table.keys()
                assert table.keys() <= described["properties"].keys()
