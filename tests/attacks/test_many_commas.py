"""A file of commas alone is refused before each of them becomes a cell."""

from __future__ import annotations

import tracemalloc

import pytest

from notifier.domain.refused import Refused
from notifier.enrollments.importing.csv_text import read_csv

SIZE = 2**20


def test_a_row_of_a_million_cells_costs_hardly_more_than_its_bytes() -> None:
    for row in (b"," * SIZE, b";" * SIZE, b'"",' * (SIZE // 3), b'"\n",' * (SIZE // 4), b"a,b\n" + b"," * SIZE):
        tracemalloc.start()
        with pytest.raises(Refused, match="has over 200,000 characters"):
            list(read_csv(row))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * SIZE
