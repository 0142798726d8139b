"""What the loopback Twilio has made, in a file: its memory does not grow with the weeks."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from notifier.promises.facts import Arrival
from notifier.sandbox.server import Sandbox

_REMEMBERS: Final = timedelta(days=4)
"""As long as anybody asks about a text: receipts for 72 hours."""


class Ledger:
    """Every text that came into being, and every STOP; kept in a file beside the database."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(
            """PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
            CREATE TABLE texts (sid TEXT PRIMARY KEY, phone TEXT, body TEXT, at TEXT, status TEXT);
            CREATE INDEX by_phone ON texts (phone);
            CREATE TABLE stops (phone TEXT PRIMARY KEY, at TEXT);"""
        )
        self.texts = 0

    def add(self, texts: Iterable[Arrival]) -> None:
        """Write texts down."""
        rows = [(one.sid, one.phone, one.body, one.at.isoformat(), one.status) for one in texts]
        self._db.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?, ?)", rows)

    def stop(self, phone: str, at: datetime) -> None:
        """The owner of this number wrote STOP; the first time counts."""
        self._db.execute("INSERT OR IGNORE INTO stops VALUES (?, ?)", (phone, at.isoformat()))

    def take(self, sandbox: Sandbox) -> int:
        """Write down what has come into being since; how many texts."""
        account = sandbox.account
        new = list(account.ledger)
        account.ledger.clear()
        sandbox.requests.clear()
        account.own_replies.clear()
        self.add(Arrival(one.sid, one.to, one.body, one.created_at, "queued") for one in new)
        self.texts += len(new)
        return len(new)

    def forget(self, sandbox: Sandbox, before: datetime) -> None:
        """Write down how the texts of before then have ended, which the sandbox then forgets."""
        messages = sandbox.account.messages
        old = []
        for sid, message in messages.items():
            if message.created_at >= before:
                break
            old.append(sid)
        ended = [(messages.pop(sid), sid) for sid in old]
        self._db.executemany("UPDATE texts SET status = ? WHERE sid = ?", [(one.status, sid) for one, sid in ended])

    def forget_old(self, sandbox: Sandbox, now: datetime) -> None:
        """Those that nobody asks about any more."""
        self.forget(sandbox, now - _REMEMBERS)

    def texts_to(self, phones: Collection[str]) -> list[Arrival]:
        """What was made for these numbers, oldest first."""
        marks = ", ".join("?" * len(phones))
        found = self._db.execute(
            f"SELECT sid, phone, body, at, status FROM texts WHERE phone IN ({marks}) ORDER BY at, rowid",  # noqa: S608  # question marks alone
            list(phones),
        )
        return [Arrival(sid, phone, body, datetime.fromisoformat(at), status) for sid, phone, body, at, status in found]

    def stops_of(self, phones: Collection[str]) -> dict[str, datetime]:
        """Who of them wrote STOP, and when."""
        marks = ", ".join("?" * len(phones))
        found = self._db.execute(f"SELECT phone, at FROM stops WHERE phone IN ({marks})", list(phones))  # noqa: S608  # question marks alone
        return {phone: datetime.fromisoformat(at) for phone, at in found}

    def close(self) -> None:
        """Close the file."""
        self._db.close()
