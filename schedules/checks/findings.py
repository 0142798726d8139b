"""Findings: what an author should change in a protocol, where, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one protocol file; as a string, the sentence that an author reads."""

    protocol: str
    what: str
    instead: str
    step: str | None = None
    language: str | None = None
    position: int | None = None
    """Where in the text as the file has it, counted from 1."""
    late: bool = False
    """Whether it is about the `late_text`."""
    field: str | None = None
    """Which text, where it is neither."""
    is_warning: bool = False
    """Whether the file may be used as it is."""

    @property
    def where(self) -> str:
        """The step, the language and the position, as far as it has them."""
        field = self.field or ("late_text" if self.late else "text")
        parts = (
            f'step "{self.step}"' if self.step else "",
            f"{field}.{self.language}" if self.language else "",
            f"position {self.position}" if self.position else "",
        )
        return ", ".join(part for part in parts if part)

    @property
    def sentence(self) -> str:
        """Everything but the file."""
        said = f"{self.what}; {self.instead}"
        return f"{self.where}: {said}" if self.where else said

    def __str__(self) -> str:
        return f"{self.protocol}: {self.sentence}"
