"""Where a rehearsal happens: a database of its own, the clinic's settings, and an account that reaches no phone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Engine, event

from notifier.config.settings import Settings, load_settings
from notifier.db.engine import open_engine
from notifier.db.schema import upgrade
from notifier.domain.refused import Refused
from notifier.maintenance.backups import check_backup
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN, SENDER

_CLINIC = {"clinic_name": "Lakeside Skin", "clinic_phone": "(978) 555-0142", "timezone": "America/New_York"}
_STAFFED = "Mon-Sat 09:00-18:00"


@contextmanager
def rehearsal_place(database: Path | None) -> Iterator[tuple[Path, Engine]]:
    """A directory that is gone at the end, and in it a migrated database: empty, or a copy of the given one.

    The given one is only read. Raises Refused and DatabaseFailure.
    """
    if database is not None:
        check_backup(database)
    with TemporaryDirectory(prefix="notifier-rehearsal-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        file = folder / "notifier.db"
        if database is not None:
            source = f"file:{quote(str(database.absolute()))}?mode=ro"
            with closing(sqlite3.connect(source, uri=True)) as given, closing(sqlite3.connect(file)) as copy:
                given.backup(copy)
        engine = open_engine(f"sqlite:///{file}", for_worker=True)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        try:
            upgrade(engine)
            yield folder, engine
        finally:
            engine.dispose()


def rehearsal_settings(folder: Path, twilio: str) -> Settings:
    """The clinic's own rules and words, with the account of the loopback Twilio. Raises BadSettings and Refused."""
    refuse_other_machines(twilio)
    own = load_settings()
    missing: dict[str, Any] = {name: value for name, value in _CLINIC.items() if getattr(own, name) is None}
    if own.staffed_hours is None:
        missing["staffed_hours"] = _STAFFED
    return load_settings(
        **missing,
        database_url=f"sqlite:///{folder / 'notifier.db'}",
        state_directory=folder,
        key_file=folder / "notifier.key",
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        twilio_api_key_sid=None,
        twilio_api_key_secret=None,
        twilio_messaging_service_sid=None,
        twilio_from_number=SENDER,
        twilio_api_url=twilio,
        public_url=None,
        clock_file=None,
        messages_per_second=0.0,
        notify_socket=None,
        watchdog_usec=None,
        log_level="ERROR",
    )


def refuse_other_machines(address: str) -> None:
    """Raise Refused unless this is an address of this very machine, at which no carrier listens."""
    host = urlsplit(address).hostname or ""
    try:
        is_here = ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    if not is_here:
        raise Refused(f"a rehearsal sends to a loopback address alone, and {host or address} is none: use 127.0.0.1")
