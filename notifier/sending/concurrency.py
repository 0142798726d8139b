"""How many calls at the same time: fewer when the provider has too many, and more again while all goes well."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class AtOnce:
    """One worker's number of calls in flight: halved when it is too many, one more after as many good answers as it is.

    So a provider that takes forty at once is found in a few steps, and kept to, without anybody knowing its number.
    """

    most: int
    """Never more than so many."""
    now: int = field(init=False)
    _went_well: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.now = self.most

    def too_many(self) -> None:
        """The provider asked to slow down."""
        self.now, self._went_well = max(1, self.now // 2), 0

    def went_well(self) -> None:
        """The provider took one."""
        if self.now < self.most:
            self._went_well += 1
            if self._went_well >= self.now:
                self.now, self._went_well = self.now + 1, 0

    @property
    def worth_claiming(self) -> int:
        """How many texts to hold: three times as many as calls, so that none waits for a transaction, which begins when
        one such lot has come back and takes as long as the next. While there are too many, just as many."""
        return 3 * self.now if self.now == self.most else self.now
