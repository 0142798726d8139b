"""Which mappings can read a file that came without a word about who wrote it."""

from __future__ import annotations

from collections.abc import Iterable

from notifier.domain.refused import Refused
from notifier.enrollments.importing.mappings.registry import MappingFile
from notifier.enrollments.importing.mappings.table import find_table


def fitting_mappings(data: bytes, every: Iterable[MappingFile]) -> list[MappingFile]:
    """Those of them all of whose columns the file has."""
    return [one for one in every if _fits(one, data)]


def _fits(one: MappingFile, data: bytes) -> bool:
    try:
        find_table(one.name, one.mapping, data)
    except Refused:
        return False
    return True
