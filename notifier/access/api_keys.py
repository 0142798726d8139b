"""Keys of other programs: made, found, taken back; the database knows a key by its hash alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access import accounts as staff
from notifier.access.accounts import Source
from notifier.db.rows import insert_rows
from notifier.db.tables import ApiKey, Scope
from notifier.domain.refused import RefusalCode, Refused

_OURS: Final = "nk_"
"""Opens every key, so that a scanner that looks for secrets knows one."""
_SHOWN: Final = len(_OURS) + 6
_LONGEST_NAME: Final = 60
_SEEN_AGAIN: Final = timedelta(minutes=1)
"""How old `seen_at` may grow before it is written again."""


@dataclass(frozen=True, slots=True)
class Integration:
    """The API key that a request carries, with its scopes."""

    key_id: int
    name: str
    scopes: frozenset[Scope]
    office: str | None = None
    """The one whose patients it sees; None: all."""
    seen_at: datetime | None = None
    """When it was used last, to the minute."""

    @property
    def by(self) -> str:
        """This key as events and the audit log name it."""
        return f"api:{self.name}"


def add_key(
    session: Session,
    name: str,
    scopes: Iterable[Scope],
    *,
    office: str | None = None,
    now: datetime,
    by: str,
    source: Source | None = None,
) -> str:
    """A new key, 32 random bytes; it is shown this once. Raises Refused for a name that is taken and for no scope.

    `office`: the one whose patients it sees; None: all.
    """
    name, allowed = _checked_name(name), sorted({scope.value for scope in scopes})
    if not allowed:
        raise Refused(
            "say what the key may do", "scope", code=RefusalCode.SCOPE_MISSING, scopes=", --scope ".join(Scope)
        )
    if working_key(session, name) is not None:
        raise Refused(
            f'there is a key "{name}" already; to replace it, revoke it first',
            "name",
            code=RefusalCode.API_KEY_EXISTS,
            name=name,
        )
    key = f"{_OURS}{secrets.token_urlsafe(32)}"
    row = {"name": name, "key_hash": hash_of(key), "prefix": key[:_SHOWN], "scopes": allowed}
    insert_rows(session, ApiKey, [{**row, "office": office, "created_at": now, "created_by": by}])
    _note(session, f"added api key {key[:_SHOWN]} ({', '.join(allowed)})", now=now, by=by, source=source)
    return key


def revoke_key(session: Session, name: str, *, now: datetime, by: str, source: Source | None = None) -> None:
    """The key opens nothing from now on. Raises Refused where there is none of that name."""
    key = working_key(session, name.strip())
    if key is None:
        known = ", ".join(one.name for one in all_keys(session) if one.revoked_at is None) or "none"
        raise Refused(f'there is no key "{name[:60]}"; keys are: {known}', "name")
    key.revoked_at, key.revoked_by = now, by
    session.add(key)
    _note(session, f"revoked api key {key.prefix}", now=now, by=by, source=source)


def hash_of(key: str) -> str:
    """The SHA-256 of a key, in hex: the database stores only this, so a backup gives no access."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_with(session: Session, key_hash: str) -> ApiKey | None:
    """The key of that hash, revoked or not."""
    return session.scalar(select(ApiKey).where(col(ApiKey.key_hash) == key_hash))


def integration_of(key: ApiKey) -> Integration:
    """The integration that a stored key stands for, with its scopes."""
    return Integration(key.id or 0, key.name, frozenset(map(Scope, key.scopes)), key.office, key.seen_at)


def working_key(session: Session, name: str) -> ApiKey | None:
    """The key of that name, unless it is revoked."""
    found = select(ApiKey).where(col(ApiKey.name) == name)
    return session.scalar(found.where(col(ApiKey.revoked_at).is_(None)))


def all_keys(session: Session) -> list[ApiKey]:
    """Every key there ever was, the oldest first."""
    return list(session.scalars(select(ApiKey).order_by(col(ApiKey.id))))


def is_long_unseen(key: Integration, now: datetime) -> bool:
    """Whether it is time to write down that the key is used."""
    return key.seen_at is None or key.seen_at < now - _SEEN_AGAIN


def seen(session: Session, key_id: int, *, now: datetime) -> None:
    """Store when the key was last used, at most once a minute."""
    long_ago = col(ApiKey.seen_at).is_(None) | (col(ApiKey.seen_at) < now - _SEEN_AGAIN)
    session.execute(update(ApiKey).where(col(ApiKey.id) == key_id, long_ago).values(seen_at=now))


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise Refused('the name is empty; write which program uses the key, such as "EHR"', "name")
    if len(name) > _LONGEST_NAME:
        raise Refused(f"the name is {len(name)} characters long; write at most {_LONGEST_NAME}", "name")
    return name


def _note(session: Session, about: str, *, now: datetime, by: str, source: Source | None) -> None:
    staff.audit(session, at=now, by=by, what="did", about=about, source=source)
