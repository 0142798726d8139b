"""The copy of the audit log for another machine: each seal with what it seals, as lines of JSON in a file."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.seal_audit_log import entries_between, lines_of
from notifier.db.errors import DatabaseFailure
from notifier.db.tables import AuditSeal

_TAIL: Final = 4_000_000
"""Bytes at the file's end in which its last seal nearly always is."""
_SEAL: Final = b'{"seal":'


def copy_to_file(session: Session, file: Path) -> int:
    """Add what the file does not have; how many seals. Two processes may: one waits. Raises DatabaseFailure."""
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "r+b") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            after = _copied_up_to(session, out)
            found = select(AuditSeal).where(col(AuditSeal.number) > after).order_by(col(AuditSeal.number))
            seals = session.scalars(found).all()
            if seals and _is_torn(out):
                out.write(b"\n")
            for seal in seals:
                out.writelines(line.encode() for line in lines_for(session, seal))
            if seals:
                out.flush()
                os.fsync(out.fileno())
            return len(seals)
    except OSError as error:
        raise DatabaseFailure(f"The audit log could not be copied to {file} ({error.strerror}).") from None


def lines_for(session: Session, seal: AuditSeal) -> Iterator[str]:
    """A line for each entry, then one for the seal."""
    for line in lines_of(session, entries_between(session, seal.first_entry, seal.last_entry)):
        yield f'{{"entry":{line.rstrip()}}}\n'
    yield json.dumps({"seal": seal.model_dump(mode="json")}, separators=(",", ":")) + "\n"


def seals_in(file: Path) -> Iterator[tuple[int, str, list[list[Any]]]]:
    """Number, digest and entries of each seal in a copy, in its order; what a crash has torn is left out."""
    entries: list[list[Any]] = []
    with file.open("rb") as lines:
        for line in lines:
            try:
                read = json.loads(line)
            except ValueError:
                continue
            if "entry" in read:
                entries.append(read["entry"])
            elif "seal" in read:
                yield int(read["seal"]["number"]), str(read["seal"]["digest"]), entries
                entries = []


def _copied_up_to(session: Session, out: IO[bytes]) -> int:
    """The last seal that both have. After a restore the file has seals that the database does not."""
    size = out.seek(0, os.SEEK_END)
    out.seek(max(0, size - _TAIL))
    found = _last_common(session, reversed(out.read().splitlines()))
    if found is None and size > _TAIL:
        out.seek(0)
        found = _last_common(session, reversed([line for line in out if line.startswith(_SEAL)]))
    out.seek(0, os.SEEK_END)
    return found or 0


def _last_common(session: Session, lines: Iterator[bytes]) -> int | None:
    for line in lines:
        if not line.startswith(_SEAL):
            continue
        try:
            said = json.loads(line)["seal"]
        except ValueError:  # torn by a crash
            continue
        stored = session.get(AuditSeal, int(said["number"]))
        if stored is not None and stored.digest == said["digest"]:
            return stored.number
    return None


def _is_torn(out: IO[bytes]) -> bool:
    if out.seek(0, os.SEEK_END) == 0:
        return False
    out.seek(-1, os.SEEK_END)
    return out.read(1) != b"\n"
