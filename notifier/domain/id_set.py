"""Many ids of rows in little memory."""

from __future__ import annotations

from collections.abc import Iterable


class IdSet:
    """Ids, a bit each: of hundreds of thousands of rows it takes some ten kilobytes."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._bits, self._many = bytearray(), 0
        self.update(ids)

    def update(self, ids: Iterable[int]) -> None:
        """Add these, which are not negative."""
        bits = self._bits
        for one in ids:
            place, bit = one >> 3, 1 << (one & 7)
            if place >= len(bits):
                bits.extend(bytes(place + 1 - len(bits)))
            if not bits[place] & bit:
                bits[place] |= bit
                self._many += 1

    def __contains__(self, one: int) -> bool:
        return one >> 3 < len(self._bits) and bool(self._bits[one >> 3] & 1 << (one & 7))

    def __len__(self) -> int:
        return self._many
