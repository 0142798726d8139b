"""Passwords of people at the desk: Argon2id, and the same time spent whether or not the account exists."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Final

from pwdlib import PasswordHash

from notifier.access.password_rules import LONGEST

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike."""


def new_password() -> str:
    """Sixteen characters in four groups: about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """The Argon2 hash of a password, as it is stored."""
    return _argon2().hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the right one. With `stored` None (no such account) it takes as long and is always False."""
    if len(password) > LONGEST:
        password = ""
    right = _argon2().verify(password, stored or _nobodys())
    return right and stored is not None


@cache
def _argon2() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return hash_password(secrets.token_hex(16))
