"""Which mappings there are: those that ship, and a clinic's own files, which stand before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.mapping import Mapping as FileMapping
from notifier.enrollments.importing.mappings.mapping import read_mapping

SHIPPED: Final = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A mapping file."""

    name: str
    content: str
    mapping: FileMapping
    ships: bool


def shipped() -> Mapping[str, MappingFile]:
    """Those that ship, by name."""
    files = sorted(SHIPPED.glob("*.toml"))
    return {file.stem: _found(file.stem, file.read_text("utf-8"), ships=True) for file in files}


def find_mapping(name: str, own: Mapping[str, str]) -> MappingFile:
    """The mapping of that name: the clinic's own, else one that ships. Raises Refused."""
    if name in own:
        return _found(name, own[name], ships=False)
    known = shipped()
    if name not in known:
        names = ", ".join(sorted({*known, *own}))
        raise Refused(f'there is no mapping "{name[:40]}"; there are: {names}', "as")
    return known[name]


def every_mapping(own: Mapping[str, str]) -> list[MappingFile]:
    """Those that ship and the clinic's own, by name."""
    return [find_mapping(name, own) for name in sorted({*shipped(), *own})]


def _found(name: str, content: str, *, ships: bool) -> MappingFile:
    return MappingFile(name, content, read_mapping(content, name), ships)
