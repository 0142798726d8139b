"""Keys of other programs in the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import ApiKey, Scope

_SEEN_AGAIN: Final = timedelta(minutes=1)
"""How old `seen_at` may grow before it is written again."""


@dataclass(frozen=True, slots=True)
class Integration:
    """The program that is asking."""

    key_id: int
    name: str
    scopes: frozenset[Scope]
    office: str | None = None
    """The one whose patients it sees; None: all."""

    @property
    def by(self) -> str:
        """As the records name it."""
        return f"api:{self.name}"


def hash_of(key: str) -> str:
    """What the database knows of a key: whoever reads a backup cannot use it."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_with(session: Session, key_hash: str) -> ApiKey | None:
    """The key of that hash, revoked or not."""
    return session.scalar(select(ApiKey).where(col(ApiKey.key_hash) == key_hash))


def integration_of(key: ApiKey) -> Integration:
    """Who that key lets in."""
    return Integration(key.id or 0, key.name, frozenset(map(Scope, key.scopes)), key.office)


def working_key(session: Session, name: str) -> ApiKey | None:
    """The key of that name, unless it is revoked."""
    found = select(ApiKey).where(col(ApiKey.name) == name)
    return session.scalar(found.where(col(ApiKey.revoked_at).is_(None)))


def all_keys(session: Session) -> list[ApiKey]:
    """Every key there ever was, the oldest first."""
    return list(session.scalars(select(ApiKey).order_by(col(ApiKey.id))))


def seen(session: Session, key_id: int, *, now: datetime) -> None:
    """It has let somebody in; written once a minute, for a busy integration asks often."""
    long_ago = col(ApiKey.seen_at).is_(None) | (col(ApiKey.seen_at) < now - _SEEN_AGAIN)
    session.execute(update(ApiKey).where(col(ApiKey.id) == key_id, long_ago).values(seen_at=now))
