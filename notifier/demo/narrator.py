"""Narrators of the demo: plain lines where there is no terminal, phone bubbles where there is one."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from rich.console import Console

from notifier.demo.bubbles import Bubbles
from notifier.demo.cast import Sample
from notifier.demo.why import hour
from notifier.promises.facts import PromiseKept


class Narrator(Protocol):
    """Prints the script as it is played. Times are on the patient's own clock."""

    def opens(self, clinic: str, sentences: Sequence[str]) -> None:
        """What is about to be seen."""
        ...

    def day(self, on: date, remark: str) -> None:
        """A new day at the clinic."""
        ...

    def staff(self, at: datetime, who: Sample, sentence: str, details: Sequence[str] = ()) -> None:
        """Something that staff did or were told."""
        ...

    def arrives(self, at: datetime, who: Sample, text: str, why: str) -> None:
        """A text on a patient's phone."""
        ...

    def bounces(self, at: datetime, who: Sample, text: str, why: str) -> None:
        """A text that the carrier gave back."""
        ...

    def writes(self, at: datetime, who: Sample, text: str) -> None:
        """A text from a patient."""
        ...

    def worker(self, sentence: str, *, trouble: bool = False) -> None:
        """Something that happened to the worker itself."""
        ...

    def closes(self, kept: Sequence[PromiseKept], remarks: Sequence[str]) -> None:
        """The promises, as counted."""
        ...


def choose_narrator(console: Console) -> Narrator:
    """Phone bubbles for a terminal, plain lines for anything else."""
    if console.is_terminal:
        return Bubbles(console)
    return Plain(console)


class Plain:
    """Plain lines without control codes, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def opens(self, clinic: str, sentences: Sequence[str]) -> None:
        """See Narrator."""
        self._say(clinic)
        for sentence in sentences:
            self._say(sentence)

    def day(self, on: date, remark: str) -> None:
        """See Narrator."""
        self._say("")
        self._say(f"== {on:%A, %B} {on.day}{f' ({remark})' if remark else ''}")

    def staff(self, at: datetime, who: Sample, sentence: str, details: Sequence[str] = ()) -> None:
        """See Narrator."""
        self._say(f"{hour(at, who.zone)} {who.city} | front desk | {sentence}")
        for detail in details:
            self._say(f"    {detail}")

    def arrives(self, at: datetime, who: Sample, text: str, why: str) -> None:
        """See Narrator."""
        self._say(f"{hour(at, who.zone)} {who.city} | to {who.first} | {text}")
        self._say(f"    why now: {why}")

    def bounces(self, at: datetime, who: Sample, text: str, why: str) -> None:
        """See Narrator."""
        self._say(f"{hour(at, who.zone)} {who.city} | to {who.first} | NOT DELIVERED | {text}")
        self._say(f"    {why}")

    def writes(self, at: datetime, who: Sample, text: str) -> None:
        """See Narrator."""
        self._say(f"{hour(at, who.zone)} {who.city} | from {who.first} | {text}")

    def worker(self, sentence: str, *, trouble: bool = False) -> None:
        """See Narrator."""
        self._say(f"{'!!' if trouble else '--'} {sentence}")

    def closes(self, kept: Sequence[PromiseKept], remarks: Sequence[str]) -> None:
        """See Narrator."""
        self._say("")
        self._say("== Promises, counted from the provider's ledger and the outbox")
        for one in kept:
            self._say(f"{'BROKEN' if one.broken else 'kept  '} {one.promise:<17} {one.found}")
            for breach in one.broken:
                self._say(f"       {breach}")
        for remark in remarks:
            for line in textwrap.wrap(remark, 100):
                self._say(line)

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
