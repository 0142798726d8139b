"""The worker's stories, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import Engine

from tests.house import House, open_house


@pytest.fixture
def house(engine: Engine, now: datetime) -> Iterator[House]:
    with open_house(engine, now) as house:
        yield house


@pytest.fixture
def sqlite_house(sqlite_engine: Engine, now: datetime) -> Iterator[House]:
    with open_house(sqlite_engine, now) as house:
        yield house
