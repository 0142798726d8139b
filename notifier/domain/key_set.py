"""The clinic's own key, and the keys that are derived from it, one for each purpose."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

LENGTH: Final = 32
"""Bytes of a key."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The key that is used, and those before it, which still prove what they sealed and open what they closed."""

    current: bytes = field(repr=False)
    older: tuple[bytes, ...] = field(default=(), repr=False)

    def derive(self, purpose: str) -> bytes:
        """The key for one purpose: whoever learns it learns neither the clinic's key nor that of another purpose."""
        return derive(self.current, purpose)

    def __iter__(self) -> Iterator[bytes]:
        yield self.current
        yield from self.older

    def with_id(self, wanted: str) -> bytes | None:
        """The key of that id, if it is here."""
        return next((one for one in self if key_id(one) == wanted), None)


def derive(key: bytes, purpose: str) -> bytes:
    """HMAC-SHA-256 of the purpose's name."""
    return hmac.digest(key, f"notifier: {purpose}".encode(), hashlib.sha256)


def key_id(key: bytes) -> str:
    """What a key is known by, in 16 hex digits; it gives nothing of the key away."""
    return derive(key, "id").hex()[:16]
