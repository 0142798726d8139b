"""The chain that shows a change or a gap in the audit log and in the events. Anybody can follow it; a key proves who
made it.

An entry is a line of JSON: [id, at, by, what, about, enrollment, address, device, [enrollments of a list]]. A seal's
digest is the SHA-256 of the last digest and of the SHA-256 of its own line, ["seal", number, at, first entry, last
entry, how many, SHA-256 of the entries' lines, first event, last event, how many, root of the events' tree
(`event_tree.py`), key], all in hex; every line ends with a line feed. Instants are UTC with six decimals and a Z.

A seal from before events were sealed has the digest of its own line, ["audit", number, the last digest, at, first
entry, last entry, how many, key], and then of each entry's line.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from notifier.access.event_tree import line, stamp
from notifier.db.tables import AuditSeal, StaffAudit
from notifier.domain.key_set import derive

BEGINNING: Final = "0" * 64
"""The digest before the first seal."""
_PURPOSE: Final = "audit chain"


@dataclass(frozen=True, slots=True)
class SealedPart:
    """What a seal says beside its digest and those of what it seals."""

    number: int
    at: datetime
    first_entry: int
    last_entry: int
    entries: int
    key_id: str
    first_event: int | None
    """None, as the two below: from before events were sealed."""
    last_event: int | None
    events: int | None

    def digest(self, previous: str, lines: Iterable[str], events_root: str) -> str:
        """Of this seal over these entries and events, after the digest of the one before it, in hex."""
        if self.events is None:
            own = ["audit", self.number, previous, stamp(self.at), self.first_entry, self.last_entry, self.entries]
            return digest_of([line([*own, self.key_id]), *lines])
        return linked(previous, self.values(digest_of(lines), events_root))

    def values(self, entries_digest: str, events_root: str) -> list[Any]:
        """What its own line says."""
        of_entries = [self.first_entry, self.last_entry, self.entries, entries_digest]
        of_events = [self.first_event, self.last_event, self.events, events_root]
        return ["seal", self.number, stamp(self.at), *of_entries, *of_events, self.key_id]


def part_of(seal: AuditSeal) -> SealedPart:
    """What a stored seal says."""
    return SealedPart(
        seal.number, seal.at, seal.first_entry, seal.last_entry, seal.entries, seal.key_id, seal.first_event,
        seal.last_event, seal.events,
    )  # fmt: skip


def own_digest(values: list[Any]) -> str:
    """Of a seal's own line, in hex."""
    return digest_of([line(values)])


def linked(previous: str, values: list[Any]) -> str:
    """The digest of a seal that says this, after the digest of the one before it, in hex."""
    return digest_of([previous, own_digest(values)])


def digest_of(lines: Iterable[str]) -> str:
    """SHA-256 of lines, one after the other, in hex."""
    hashed = hashlib.sha256()
    for one in lines:
        hashed.update(one.encode())
    return hashed.hexdigest()


def entry_line(entry: StaffAudit, shown: Iterable[int]) -> str:
    """One entry as the chain reads it."""
    return line([
        entry.id, stamp(entry.at), entry.by, entry.what, entry.about, entry.enrollment_id, entry.address, entry.device,
        sorted(shown),
    ])  # fmt: skip


def mac(key: bytes, digest: str) -> str:
    """The proof that whoever has this key made a seal of this digest, in hex."""
    return hmac.digest(derive(key, _PURPOSE), digest.encode(), hashlib.sha256).hex()
