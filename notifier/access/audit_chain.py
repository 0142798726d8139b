"""The chain that shows a change or a gap in the audit log. Anybody can follow it; a key proves who made it.

An entry is a line of JSON: [id, at, by, what, about, enrollment, address, device, [enrollments of a list]]. A seal's
digest is the SHA-256 of its own line, ["audit", number, the last digest, at, first entry, last entry, how many, key],
and then of each entry's line; every line ends with a line feed. Instants are UTC with six decimals and a Z.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from notifier.db.tables import AuditSeal, StaffAudit
from notifier.domain.key_set import derive

BEGINNING: Final = "0" * 64
"""The digest before the first seal."""
_PURPOSE: Final = "audit chain"


@dataclass(frozen=True, slots=True)
class SealedPart:
    """What a seal says beside its digest."""

    number: int
    previous: str
    at: datetime
    first_entry: int
    last_entry: int
    entries: int
    key_id: str

    def digest(self, lines: Iterable[str]) -> str:
        """Of this seal over these entries, in hex."""
        own = ["audit", self.number, self.previous, stamp(self.at), self.first_entry, self.last_entry, self.entries]
        hashed = hashlib.sha256(_line([*own, self.key_id]).encode())
        for line in lines:
            hashed.update(line.encode())
        return hashed.hexdigest()


def part_of(seal: AuditSeal, previous: str) -> SealedPart:
    """What a stored seal says, after the digest of the one before it."""
    return SealedPart(
        seal.number, previous, seal.at, seal.first_entry, seal.last_entry, seal.entries, seal.key_id
    )  # fmt: skip


def entry_line(entry: StaffAudit, shown: Iterable[int]) -> str:
    """One entry as the chain reads it."""
    return _line([
        entry.id, stamp(entry.at), entry.by, entry.what, entry.about, entry.enrollment_id, entry.address, entry.device,
        sorted(shown),
    ])  # fmt: skip


def mac(key: bytes, digest: str) -> str:
    """The proof that whoever has this key made a seal of this digest, in hex."""
    return hmac.digest(derive(key, _PURPOSE), digest.encode(), hashlib.sha256).hex()


def stamp(at: datetime) -> str:
    """An instant as the chain writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
