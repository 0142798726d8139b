"""Selection: which steps of a protocol are part of a patient's plan, and why the others are not.

That hangs on the protocol and on a few answers, not on when anybody was treated. So it is found once for all patients
who gave the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from schedules.conditions import fulfillment
from schedules.own_words import why_not_its_words
from schedules.plain import only_if_in_words
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.repeat import repeated_key
from schedules.series import is_last

NOBODY_STAFFED = "it asks, and the staffed hours in which somebody reads the answers are not set"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A step that is not part of this patient's plan, and why, in words."""

    step: str
    why: str


class Circumstances(NamedTuple):
    """All of a patient, and of the clinic's settings, that decides which steps are said."""

    treated: bool
    """False before the visit: then only `prepare` steps are."""
    answers: tuple[tuple[str, str], ...]
    """Each question that staff answered, and the answer."""
    rebook_consent: bool | None
    own: frozenset[str] = frozenset()
    """Topics whose length for this patient is not what the protocol says by itself."""
    is_staffed: bool = True
    """Whether somebody has said when replies are read."""


@dataclass(frozen=True, slots=True)
class SelectedSteps:
    """The steps that are said, and those that are not, each with the key that it has in a plan."""

    said: tuple[Step, ...]
    not_said: tuple[tuple[str, LeftOut], ...]
    left_out: tuple[LeftOut, ...]
    """What is not said; of a step that repeats each reason once."""
    unanswered: tuple[str, ...]
    """The protocol's questions that nobody has answered."""

    def without(self, over: frozenset[str]) -> SelectedSteps:
        """The same without the steps that are over, by their keys in a plan."""
        if not over:
            return self
        said = [step for step in self.said if step.key not in over]
        return _of(said, [one for one in self.not_said if one[0] not in over], self.unanswered)


def select_steps(protocol: CareProtocol, circumstances: Circumstances) -> SelectedSteps:
    """Those of the protocol's steps that are part of the plan under these circumstances."""
    return _selected(_Identity(protocol), circumstances)


def why_left_out(protocol: CareProtocol, step: Step, circumstances: Circumstances) -> str | None:
    """None where the step is part of the plan, "" where it belongs to the other anchor, else the reason in words."""
    if (step.kind is StepKind.PREPARE) == circumstances.treated:
        return ""
    if step.why_off:
        return f"off: {step.why_off}"
    answers, condition = dict(circumstances.answers), protocol.conditions[step.key]
    is_for_her = fulfillment(condition, answers)
    if not (is_for_her.holds or is_for_her.open):
        return only_if_in_words(condition)
    if missing := [*is_for_her.open, *(one for one in step.printed_series if one not in answers)]:
        return f'"{protocol.every_question[missing[0]]}" ({missing[0]}) is not answered'
    if step.kind is StepKind.REBOOK and circumstances.rebook_consent is False:
        return "no consent to rebook texts"
    if step.kind is StepKind.REBOOK and is_last(answers):
        return "it was the last session of the series"
    if why := why_not_its_words(step, circumstances.own):
        return why
    return NOBODY_STAFFED if step.kind is StepKind.ASK and not circumstances.is_staffed else None


class _Identity:
    """A protocol as a key: it never changes, and to compare all that it says would take longer than to select."""

    __slots__ = ("protocol",)

    def __init__(self, protocol: CareProtocol) -> None:
        self.protocol = protocol

    def __hash__(self) -> int:
        return id(self.protocol)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.protocol is self.protocol


@lru_cache(maxsize=1024)
def _selected(of: _Identity, circumstances: Circumstances) -> SelectedSteps:
    said: list[Step] = []
    not_said: list[tuple[str, LeftOut]] = []
    for step in of.protocol.planned_steps:
        why = why_left_out(of.protocol, step, circumstances)
        if why is None:
            said.append(step)
        elif why:
            not_said.append((step.key, LeftOut(repeated_key(step.key), why)))
    answered = dict(circumstances.answers)
    unanswered = tuple(question for question in of.protocol.every_question if question not in answered)
    return _of(said, not_said, unanswered)


def _of(said: list[Step], not_said: list[tuple[str, LeftOut]], unanswered: tuple[str, ...]) -> SelectedSteps:
    left_out = tuple(dict.fromkeys(left for _, left in not_said))
    return SelectedSteps(tuple(said), tuple(not_said), left_out, unanswered)
