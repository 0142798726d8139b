"""Each test has a database of its own; what SQLAlchemy makes of a statement is the same on all of one kind."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_AT_MOST = 5000


def share_compiled_statements() -> None:
    """Let all engines of this process keep compiled statements in one place: to compile is a fifth of most tests."""
    shared: LRUCache[Any, Any] = LRUCache(_AT_MOST)
    kept: Any = property(lambda engine: shared, lambda engine, its_own: None)
    Engine._compiled_cache = kept
    # The cache's keys hold the dialect, of which each engine has its own: of one kind they are alike.
    alike: Any = DefaultDialect
    alike.__eq__ = _alike
    alike.__hash__ = lambda dialect: hash(_kind(dialect))


def _alike(one: object, other: object) -> bool:
    return isinstance(other, DefaultDialect) and _kind(one) == _kind(other)


def _kind(dialect: Any) -> tuple[object, ...]:
    """Whatever of a dialect changes how a statement is written or its values are read."""
    return type(dialect), dialect.paramstyle, dialect._json_serializer, dialect._json_deserializer
