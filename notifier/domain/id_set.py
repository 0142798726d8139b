"""Many ids of rows in little memory."""

from __future__ import annotations

from collections.abc import Iterable


class IdSet:
    """Ids, a bit each: of hundreds of thousands of rows it takes some ten kilobytes."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._bits = bytearray()
        self.update(ids)

    def update(self, ids: Iterable[int]) -> None:
        """Add these, which are not negative."""
        added = set(ids)
        bits = self._bits
        bits.extend(bytes(max(0, (max(added, default=0) >> 3) + 1 - len(bits))))
        for one in added:
            bits[one >> 3] |= 1 << (one & 7)

    def __contains__(self, one: int) -> bool:
        return one >> 3 < len(self._bits) and bool(self._bits[one >> 3] & 1 << (one & 7))

    def __len__(self) -> int:
        return int.from_bytes(self._bits).bit_count()
