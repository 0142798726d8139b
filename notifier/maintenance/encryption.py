"""Encrypted backups: a file that opens with the clinic's key alone, written and read a piece at a time.

After the head (a line, the key's id, 16 random bytes) come pieces of 64 KiB under AES-256-GCM, each numbered, the last
one marked: what is left out, swapped or cut off does not open. The key of a file is derived from the clinic's and the
random bytes, so that no two files share one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notifier.db.errors import DatabaseFailure
from notifier.db.found_backups import ENCRYPTED
from notifier.domain.key_set import KeySet, derive, key_id
from notifier.domain.refused import Refused

_PIECE: Final = 65_536
_TAG: Final = 16
_SALT: Final = 16
_ID: Final = 16
_LAST: Final = 1


def encrypt(plain: Path, to: Path, keys: KeySet) -> None:
    """Write `plain` encrypted to a new file that only its owner may read. Raises OSError."""
    salt, ident = secrets.token_bytes(_SALT), key_id(keys.current).encode()
    head = ENCRYPTED + ident + salt
    cipher = _cipher(keys.current, salt)
    descriptor = os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with plain.open("rb") as source, os.fdopen(descriptor, "wb") as out:
        out.write(head)
        number, piece = 0, source.read(_PIECE)
        while True:
            following = source.read(_PIECE)
            out.write(cipher.encrypt(_nonce(number, is_last=not following), piece, head))
            if not following:
                return
            number, piece = number + 1, following


def is_encrypted(file: Path) -> bool:
    """Whether it is a backup that needs a key."""
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(len(ENCRYPTED)) == ENCRYPTED
    return False


@contextmanager
def opened(file: Path, keys: KeySet | None, beside: Path) -> Iterator[Path]:
    """The backup as SQLite can read it: an encrypted one in a file beside that one, which goes at the end.

    Raises Refused where the key is not here, and DatabaseFailure for one that is damaged.
    """
    if not is_encrypted(file):
        yield file
        return
    plain = beside.with_name(f"{beside.name}.restoring-plain")
    plain.unlink(missing_ok=True)
    try:
        decrypt(file, plain, keys)
        yield plain
    finally:
        plain.unlink(missing_ok=True)


def decrypt(file: Path, to: Path, keys: KeySet | None) -> None:
    """Write an encrypted backup to a new file, as it was. Raises as `opened`."""
    damaged = f"{file} is damaged, or was changed: use another backup."
    try:
        with file.open("rb") as source:
            head = source.read(len(ENCRYPTED) + _ID + _SALT)
            key = _key_for(file, head[len(ENCRYPTED) : -_SALT].decode("ascii", "replace"), keys)
            descriptor = os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                _decrypt_pieces(source, out, _cipher(key, head[-_SALT:]), head)
    except InvalidTag:
        raise DatabaseFailure(damaged) from None
    except OSError as error:
        raise DatabaseFailure(f"{file} could not be decrypted ({error.strerror}).") from None


def _decrypt_pieces(source: IO[bytes], out: IO[bytes], cipher: AESGCM, head: bytes) -> None:
    number, piece = 0, source.read(_PIECE + _TAG)
    while True:
        following = source.read(_PIECE + _TAG)
        out.write(cipher.decrypt(_nonce(number, is_last=not following), piece, head))
        if not following:
            return
        number, piece = number + 1, following


def _key_for(file: Path, ident: str, keys: KeySet | None) -> bytes:
    key = keys.with_id(ident) if keys else None
    if key is None:
        have = f"holds {', '.join(key_id(one) for one in keys)}" if keys else "is not here"
        raise Refused(
            f"{file} was encrypted with key {ident}, and the key file {have}: put that key into it, or name its file "
            "in NOTIFIER_KEY_FILE"
        )
    return key


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(derive(key, f"backup {salt.hex()}"))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([_LAST if is_last else 0])
