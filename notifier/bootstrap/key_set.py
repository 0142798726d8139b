"""The clinic's own key, as a start needs it."""

from __future__ import annotations

import secrets
from pathlib import Path

import structlog
from sqlalchemy import Engine

from notifier.access.seal_audit_log import sealed_with
from notifier.config.key_file import make_key_file, read_key_file, refuse_other_key
from notifier.config.settings import Settings
from notifier.db.engine import file_of, is_sqlite, reading
from notifier.domain.key_set import LENGTH, KeySet
from notifier.domain.pseudonyms import Pseudonyms

log = structlog.get_logger()


def key_set(settings: Settings, engine: Engine) -> KeySet:
    """The key of this database; the first start makes it. Raises BadSettings where it is missing or another one."""
    file = key_place(settings, engine)
    if file is None:  # a database in memory: its key ends with it
        return KeySet(secrets.token_bytes(LENGTH))
    with reading(engine) as session:
        sealed = sealed_with(session)
    keys = read_key_file(file) if file.exists() else None
    refuse_other_key(keys, file, sealed)
    if keys is None:
        keys = make_key_file(file)
        log.warning("new_key", file=str(file), do="keep a copy of it, apart from the backups")
    return keys


def read_pseudonyms(settings: Settings, engine: Engine) -> Pseudonyms | None:
    """By what patients who were erased are known again; None where the key file is not here. None is made."""
    file = key_place(settings, engine)
    return Pseudonyms(read_key_file(file)) if file is not None and file.exists() else None


def key_place(settings: Settings, engine: Engine) -> Path | None:
    """Where the key is, or will be; None for a database in memory."""
    if settings.key_file is not None:
        return settings.key_file
    file = file_of(engine)
    if file is not None:
        return file.with_name(f"{file.name}.key")
    return None if is_sqlite(engine) else (settings.state_directory or Path()).absolute() / "notifier.key"
