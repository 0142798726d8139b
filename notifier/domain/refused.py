"""A request that cannot be done as it was made."""

from __future__ import annotations


class Refused(ValueError):
    """One sentence for the person who asked: what was wrong, where, and what to write instead."""

    def __init__(self, sentence: str, field: str | None = None, *, command: str | None = None) -> None:
        super().__init__(sentence)
        self.command = command
        """What the command line adds, such as `see: notifier due`; a page and the API have their own ways."""
        self.field = field
        """The field or CSV column it is about, where there is one."""
