"""Who told the patient a rule: a text that arrived, or a person. Said once, for planning and for sending."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

from notifier.domain.kinds import TELLS
from notifier.domain.states import SAID, MessageState
from schedules.moments import NOT_TOLD
from schedules.protocol import CareProtocol, StepKind


class Informed(StrEnum):
    """How a person told the patient."""

    SAID = "yes"
    """In words: the texts tell it too."""
    CARD = "card"
    """In writing: no text has to make up for one that was missed."""


HAS_TOLD: Final = frozenset({MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED})
_PLAIN_COURSE: Final = frozenset({MessageState.PLANNED, MessageState.ATTEMPTING, *HAS_TOLD})


def is_uninformed(rows: Sequence[RuleText], informed: Mapping[str, str], phone: str, *, catches_up: bool) -> bool:
    """Whether a planned lift among an enrollment's texts is about a rule that was not told, and that no text to come
    tells either."""
    to_come = _topics(rows, phone, SAID | {MessageState.PLANNED})
    lifts = {
        topic
        for row in rows
        if row.kind == StepKind.LIFT and row.state is MessageState.PLANNED
        for topic in row.topics or ()
    }
    missing = lifts - to_come - informed.keys()
    return bool(missing) and why_uninformed(missing, rows, informed, phone, catches_up=catches_up) is not None


def informed_note(informed: Mapping[str, str]) -> str:
    """What a person told, for the history: the topics, and whether in writing."""
    written = ", in writing" if informed and set(informed.values()) == {Informed.CARD} else ""
    return f"told in person: {', '.join(sorted(informed))}{written}"


class RuleText(Protocol):
    """A text of the outbox, as far as it tells a rule."""

    @property
    def kind(self) -> str: ...
    @property
    def topics(self) -> Sequence[str] | None: ...
    @property
    def phone(self) -> str: ...
    @property
    def state(self) -> MessageState: ...


def informed_by_text(rows: Iterable[RuleText], phone: str) -> frozenset[str]:
    """Topics that a text has told. One that went to another number than the patient's present one has told nothing:
    a number is changed because it was wrong, or because nobody reads it any more."""
    return _topics(rows, phone, HAS_TOLD)


def on_their_way(rows: Iterable[RuleText], phone: str) -> frozenset[str]:
    """Topics of texts that have left or may have, so that nobody can say yet whether they tell anything."""
    return _topics(rows, phone, SAID - HAS_TOLD)


def informed_before_the_rule(protocol: CareProtocol) -> frozenset[str]:
    """Topics that count as told in person where somebody was enrolled before lifts waited for their telling: those
    that no enabled step of the pinned protocol names."""
    named = {topic for step in protocol.steps if step.enabled and not step.lifts for topic in step.named_topics}
    return frozenset(protocol.restrictions.keys() - named)


def why_uninformed(
    lifted: Collection[str],
    rows: Sequence[RuleText],
    informed: Mapping[str, str],
    phone: str,
    *,
    catches_up: bool,
) -> str | None:
    """Why "you may again" must wait, or None: every topic that it lifts was told. `rows` are the enrollment's texts.

    Without `catches_up` (enrolled before the rule) what no text was ever to tell was told in person.
    """
    missing = set(lifted) - informed.keys() - informed_by_text(rows, phone)
    if not catches_up:
        missing &= {topic for row in rows if row.kind == StepKind.RESTRICT for topic in row.topics or ()}
    if not missing:
        return None
    said = ", ".join(sorted(missing))
    if missing <= _topics(rows, phone, SAID | {MessageState.PLANNED}):
        return f"the text that tells the rule comes first ({said})"
    return f"not told: {said}; tell the patient in person"


def how_informed(
    topics: Iterable[str], rows: Sequence[RuleText], informed: Mapping[str, str], phone: str, *, catches_up: bool = True
) -> dict[str, str]:
    """In words for staff: how the patient learnt each rule, or that nobody has told it."""
    by_text = informed_by_text(rows, phone)
    to_come = _topics(rows, phone, SAID | {MessageState.PLANNED})
    named = {topic for row in rows if row.kind == StepKind.RESTRICT for topic in row.topics or ()}
    in_person = {Informed.SAID.value: "in person", Informed.CARD.value: "in writing"}

    def how(topic: str) -> str:
        if topic in by_text:
            return "by text"
        if topic in informed:
            return in_person[informed[topic]]
        if topic in to_come:
            return "not yet: its text is to come"
        return "not told" if catches_up or topic in named else "in person"

    return {topic: how(topic) for topic in topics}


def in_full(reason: str) -> str:
    """The reason of a text for staff: the plan's note on a lift whose rule nobody told is too short for them."""
    return "nobody had told the patient the rule that it ends" if reason == NOT_TOLD else reason


def changes_what_is_known(seen: MessageState, to: MessageState) -> bool:
    """Whether a text that tells a rule, going from one state to the other, may leave the patient untold, or told after
    all: all but the plain course from planned to delivered."""
    return not (seen in _PLAIN_COURSE and to in _PLAIN_COURSE and to is not MessageState.PLANNED)


def _topics(rows: Iterable[RuleText], phone: str, states: Collection[MessageState]) -> frozenset[str]:
    telling = (row for row in rows if row.kind in TELLS and row.phone == phone and row.state in states)
    return frozenset(topic for row in telling for topic in row.topics or ())
