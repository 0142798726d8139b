"""The key of somebody's second factor as the database keeps it: encrypted with the clinic's, and for that person alone.

A copied database or backup gives no codes away, and who may write in it cannot put an own key into another's row.
Sixty-four characters: 12 random bytes, the key's 20 under AES-256-GCM, and the tag of 16. One from before this was
encrypted has 32, and is taken as it stands.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notifier.domain.key_set import KeySet, derive
from notifier.domain.refused import Refused

_NONCE: Final = 12
_ENCRYPTED: Final = 64
"""Characters of an encrypted one."""
_PURPOSE: Final = "otp"


def encrypted(secret: str, staff_id: int, keys: KeySet) -> str:
    """A base32 key as it is stored."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(keys.derive(_PURPOSE)).encrypt(nonce, base64.b32decode(secret), _whose(staff_id))
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def decrypted(stored: str, staff_id: int, keys: KeySet) -> str:
    """The base32 key. Raises Refused where none of the clinic's keys opens it."""
    if not _is_encrypted(stored):
        return stored
    for key in keys:
        if (secret := _opened(stored, staff_id, key)) is not None:
            return secret
    raise Refused(
        "the clinic's key does not open this second factor, so no code of the app counts. Use a recovery code, or let "
        "whoever runs the machine put the right key file back or reset it"
    )


def is_of_current_key(stored: str, staff_id: int, keys: KeySet) -> bool:
    """Whether it is encrypted, and with the key that is in use."""
    return _is_encrypted(stored) and _opened(stored, staff_id, keys.current) is not None


def _is_encrypted(stored: str) -> bool:
    return len(stored) == _ENCRYPTED


def _opened(stored: str, staff_id: int, key: bytes) -> str | None:
    try:
        whole = base64.urlsafe_b64decode(stored)
        secret = AESGCM(derive(key, _PURPOSE)).decrypt(whole[:_NONCE], whole[_NONCE:], _whose(staff_id))
    except (InvalidTag, binascii.Error, ValueError):
        return None
    return base64.b32encode(secret).decode()


def _whose(staff_id: int) -> bytes:
    return f"account {staff_id}".encode()
