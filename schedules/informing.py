"""Told, then lifted: nobody reads "you may again" about a rule that no text and no person ever told her.

`add_catch_up` adds the texts that a plan needs so that every rule is told; `withhold_unsaid` then withholds the lifts
of rules that nobody tells, and takes out what needs nobody. The second is asked once more when the daily cap has moved
texts. Both look only ahead: what the patient knows from before is said in `KnownRules`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from schedules.catch_up import LEAST_LEFT, UnsaidRules, ask_a_person, is_catch_up, plan_catch_up
from schedules.moments import NOT_TOLD, TELL_IN_PERSON
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol, StepKind
from schedules.send_window import OpenHours
from schedules.wording import Speech

_NEVER_SAID: Final = "nobody told the patient the rule: under 12 hours of it were left"
_NEEDS_NOBODY: Final = "its rules are told otherwise, or have ended"


class KnownRules(NamedTuple):
    """Which rules a patient knows before the plan's own texts say any. Of a new enrollment: none."""

    topics: frozenset[str] = frozenset()
    """No text needs to tell them: one has, or one has left of which nobody can say yet whether it arrives, or the
    patient has them in writing."""
    in_words: frozenset[str] = frozenset()
    """A person told them: a catch-up says them all the same; a lift does not wait for it."""
    taken: frozenset[str] = frozenset()
    """Catch-up steps that must not be planned again, such as those that have left."""
    since: datetime | None = None
    """When the patient was enrolled; None: at the instant of planning."""
    catches_up: bool = True
    """False: enrolled before there were catch-up texts, so none is planned, and no step that asks a person."""


NOTHING_KNOWN: Final = KnownRules()


class InformingFacts(NamedTuple):
    """All that it takes to see which rules of one treated patient the plan says, and to say the others."""

    protocol: CareProtocol
    ends: Mapping[str, datetime]
    """Topic and the instant (UTC) at which its restriction ends for this patient."""
    hours: OpenHours
    anchor: datetime
    """The end of the treatment."""
    now: datetime
    """The instant of planning, or the anchor where that is later."""
    speech: Speech
    known: KnownRules

    def with_known(self, topics: Iterable[str]) -> InformingFacts:
        """The same where the patient knows these rules, too."""
        return self._replace(known=self.known._replace(topics=self.known.topics.union(topics)))

    def unsaid(self, topics: Iterable[str]) -> UnsaidRules:
        """These topics, and the first moment at which a text could tell them."""
        ends = {topic: self.ends[topic] for topic in topics}
        return UnsaidRules(ends, self.anchor, self._first_open(self.now, ends.values()))

    def had_time(self, topic: str) -> bool:
        """Whether, once the patient was enrolled, 12 hours of it were left at the first open moment."""
        since = max(self.known.since or self.now, self.anchor)
        opens = self._first_open(since, [self.ends[topic]])
        return opens is not None and self.ends[topic] - opens >= LEAST_LEFT

    def _first_open(self, since: datetime, ends: Collection[datetime]) -> datetime | None:
        day0 = self.anchor.astimezone(self.hours.zone).date()
        return self.hours.on_quiet_days_too.first_open(since, max(ends), day0=day0) if ends else None


def add_catch_up(messages: tuple[PlannedMessage, ...], facts: InformingFacts) -> tuple[PlannedMessage, ...]:
    """The same texts, and at most two catch-up texts for what none of them tells."""
    said = facts.known.topics | rules_said(messages)
    missing = [topic for topic in facts.ends if topic not in said]
    if not missing or not facts.known.catches_up:
        return messages
    unsaid, taken = facts.unsaid(missing), facts.known.taken
    return (*messages, *plan_catch_up(facts.protocol, unsaid, facts.speech, taken))


def withhold_unsaid(
    messages: tuple[PlannedMessage, ...], facts: InformingFacts
) -> tuple[tuple[PlannedMessage, ...], list[tuple[str, str]]]:
    """The same texts, each lift of a rule that nobody tells without its moment, and a step that asks a person to tell.

    Second: the steps that are left out because nobody needs to say them, each with its reason.
    """
    said = facts.known.topics | facts.known.in_words | rules_said(messages)
    if said.issuperset(facts.ends) and not any(map(_needs_a_person, messages)):
        return messages, []
    missing = {topic for topic, end in facts.ends.items() if topic not in said and end > facts.now}
    kept: list[PlannedMessage] = []
    left: list[tuple[str, str]] = []
    for message in messages:
        if message.kind is StepKind.LIFT and not said.issuperset(message.topics):
            if said.isdisjoint(message.topics) and not any(map(facts.had_time, message.topics)):
                left.append((message.step, _NEVER_SAID))
            else:
                kept.append(message._replace(due_at=None, notes=(NOT_TOLD,)))
        elif not _needs_a_person(message):
            kept.append(message)
        elif is_catch_up(message.step):
            continue  # asked anew, below
        elif missing.isdisjoint(message.topics):
            left.append((message.step, "; ".join((*_reasons(message), _NEEDS_NOBODY))))
        else:
            kept.append(message)
    in_person = {topic for message in kept if _needs_a_person(message) for topic in message.topics}
    if (rest := [topic for topic in facts.ends if topic in missing - in_person]) and facts.known.catches_up:
        taken = facts.known.taken | {message.step for message in kept}
        kept.append(ask_a_person(facts.protocol, facts.unsaid(rest), facts.speech, taken))
    return tuple(kept), left


def unsaid_lifts(messages: Iterable[PlannedMessage], facts: InformingFacts) -> frozenset[str]:
    """The lifts that `withhold_unsaid` would take their moments from: they need no place on any day."""
    messages = tuple(messages)
    said = facts.known.topics | facts.known.in_words | rules_said(messages)
    return frozenset(one.step for one in messages if one.kind is StepKind.LIFT and not said.issuperset(one.topics))


def rules_said(messages: Iterable[PlannedMessage]) -> set[str]:
    """The topics that these texts tell: those of every `restrict` text that has a moment."""
    return {
        topic for one in messages if one.kind is StepKind.RESTRICT and one.due_at is not None for topic in one.topics
    }


def _needs_a_person(message: PlannedMessage) -> bool:
    """Whether it names rules and has no moment."""
    return message.kind is StepKind.RESTRICT and message.due_at is None and bool(message.topics)


def _reasons(message: PlannedMessage) -> list[str]:
    return [note for note in message.notes if note != TELL_IN_PERSON]
