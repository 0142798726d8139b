"""The file with the clinic's own key: made at the first start, for its owner alone, and never in the database."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from notifier.config.settings import BadSettings
from notifier.db.filesystems import keep_through_power_cut
from notifier.domain.key_set import LENGTH, KeySet, key_id

_HEAD: Final = """\
# The key of this Notifier: it seals the audit log, and encrypts backups and the keys of second factors. Keep a copy
# apart from the backups: without it they do not open, and no start is possible. To change it, put a new line above;
# what the old ones sealed still counts.
"""
_PREFIX: Final = "nkey1-"


def read_key_file(file: Path) -> KeySet:
    """The keys in it. Raises BadSettings for one that cannot be read, that others can read, or that is no key."""
    try:
        mode = file.stat().st_mode
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        sentence = f"The key file {file} cannot be read ({why}); let the user that runs notifier read it."
        raise BadSettings([sentence]) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadSettings([f"Others may read the key file {file}; close it: chmod 600 {file}"])
    keys = [_decoded(line.strip()) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    whole = [one for one in keys if one is not None]
    if not whole or len(whole) < len(keys):
        sentence = f"The key file {file} holds a line that is no key; put it back from the copy that you keep."
        raise BadSettings([sentence])
    return KeySet(whole[0], tuple(whole[1:]))


def keys_in(file: Path) -> KeySet:
    """The keys in this file, which is made where it is missing. Raises BadSettings."""
    return read_key_file(file) if file.exists() else make_key_file(file)


def make_key_file(file: Path) -> KeySet:
    """A new key in a new file, on the disk before it is used. Raises BadSettings where it cannot be written."""
    key = secrets.token_bytes(LENGTH)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(f"{_HEAD}{_PREFIX}{base64.urlsafe_b64encode(key).decode()}\n")
        keep_through_power_cut(file)
        keep_through_power_cut(file.parent)
    except FileExistsError:  # another process of ours was quicker
        return read_key_file(file)
    except OSError as error:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        sentence = f"The key file {file} could not be made ({error.strerror}): name a place in NOTIFIER_KEY_FILE."
        raise BadSettings([sentence]) from None
    return KeySet(key)


def refuse_other_key(keys: KeySet | None, file: Path, sealed_with: str | None) -> None:
    """Raise BadSettings where this database's audit log was sealed with a key that is not in the file."""
    if sealed_with is None or (keys is not None and keys.with_id(sealed_with) is not None):
        return
    found = f"holds another key ({key_id(keys.current)})" if keys else "is missing"
    sentence = (
        f"The key file {file} {found}; this database's audit log was sealed with key {sealed_with}. Put that key back "
        "from the copy that you keep, or name its file in NOTIFIER_KEY_FILE; if it is lost for good: "
        "notifier audit new-key --reason WHY"
    )
    raise BadSettings([sentence])


def _decoded(line: str) -> bytes | None:
    try:
        key = base64.urlsafe_b64decode(line.removeprefix(_PREFIX).encode("ascii"))
    except (binascii.Error, ValueError):
        return None
    return key if line.startswith(_PREFIX) and len(key) == LENGTH else None
