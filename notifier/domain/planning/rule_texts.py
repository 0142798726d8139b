"""What has become of the texts that tell one patient's rules, and what a plan does about it.

The plan looks ahead; a text that has left, was lost or was missed is told by its row. So those are taken out while the
plan asks which rules its own texts tell, and put back as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from notifier.domain.informed import (
    Informed,
    RuleText,
    informed_before_the_rule,
    informed_by_text,
    on_their_way,
)
from notifier.domain.kinds import TELLS
from notifier.domain.states import SAID, MessageState
from schedules.catch_up import is_catch_up
from schedules.informing import NOTHING_KNOWN, InformingFacts, KnownRules, add_catch_up, rules_said, unsaid_lifts
from schedules.planned import PlannedMessage, in_order
from schedules.protocol import CareProtocol, StepKind
from schedules.timeline import Timeline, placed

_LOST: Final = frozenset({MessageState.FAILED, MessageState.UNDELIVERED})


class RuleRow(RuleText, Protocol):
    """A text of the outbox, as far as it matters to the telling of rules."""

    @property
    def step(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def nominal_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def attempts(self) -> int: ...


class RuleTexts(NamedTuple):
    """Where the texts of one enrollment stand."""

    known: KnownRules
    gone: frozenset[str] = frozenset()
    """`restrict` steps that tell nothing more than their rows say: they have left, did not arrive, or were missed."""
    asked: frozenset[str] = frozenset()
    """Topics of texts that did not reach the patient and that staff see listed: nobody is asked twice."""
    told_at: Mapping[str, datetime] = MappingProxyType({})
    """When the latest text that has left, or may have, was to tell the topic."""
    since: datetime | None = None
    """When the first catch-up that has not left was to leave: it is planned as it was then."""


def rule_texts(
    rows: Iterable[RuleRow],
    *,
    protocol: CareProtocol,
    informed: Mapping[str, str],
    phone: str,
    catches_up: bool,
    enrolled_at: datetime | None,
    now: datetime,
) -> RuleTexts:
    """What the rows of one enrollment say, read at `now`. A new enrollment has none."""
    telling = [row for row in rows if row.kind in TELLS]
    in_writing = frozenset(topic for topic, how in informed.items() if how == Informed.CARD)
    in_words = frozenset(informed) if catches_up else informed_before_the_rule(protocol).union(informed)
    if not telling:
        return RuleTexts(KnownRules(in_writing, in_words, since=enrolled_at, catches_up=catches_up))
    rows = [row for row in telling if row.kind == StepKind.RESTRICT]
    latest = {row.step: row for row in sorted(rows, key=lambda row: row.revision)}
    gone = frozenset(step for step, row in latest.items() if _is_gone(row, phone, now))
    ours = {step: row for step, row in latest.items() if is_catch_up(step)}
    lost = any(row.state in _LOST and row.phone == phone for row in ours.values())
    waiting = [row.nominal_at for row in ours.values() if row.state is MessageState.PLANNED]
    known = KnownRules(
        topics=informed_by_text(telling, phone) | on_their_way(telling, phone) | in_writing,
        in_words=in_words,
        taken=frozenset(ours.keys() & gone),
        since=enrolled_at,
        catches_up=catches_up and not lost,
    )
    listed = [row for row in rows if row.state is MessageState.EXPIRED or (row.state in _LOST and row.phone == phone)]
    asked = frozenset(topic for row in listed for topic in row.topics or ())
    told = [row for row in rows if row.state in SAID and row.phone == phone]
    moments = sorted((row.due_at, topic) for row in told if row.due_at for topic in row.topics or ())
    told_at = {topic: at for at, topic in moments}
    return RuleTexts(known, gone, asked, told_at, min(waiting, default=None))


NO_TEXTS: Final = RuleTexts(NOTHING_KNOWN)


def _is_gone(row: RuleRow, phone: str, now: datetime) -> bool:
    if row.state in SAID or (row.state is MessageState.CANCELLED and row.attempts > 0):
        return True
    if row.state in _LOST:
        return row.phone == phone  # another number makes it worth saying again
    return row.state is MessageState.SUPPRESSED and row.nominal_at <= now


def add_catch_ups(timeline: Timeline, facts: InformingFacts | None, texts: RuleTexts) -> Timeline:
    """The timeline with a catch-up for every rule that none of its texts to come tells."""
    if facts is None:
        return timeline
    live, others = _split(timeline.messages, texts.gone)
    said = add_catch_up(live, facts)
    return timeline if said is timeline.messages else replace(timeline, messages=_together(said, others))


def lifts_without_place(timeline: Timeline, facts: InformingFacts | None, texts: RuleTexts) -> frozenset[str]:
    """The lifts of rules that nobody tells, before the daily cap: they must not take the place of what leaves."""
    return unsaid_lifts(_split(timeline.messages, texts.gone)[0], facts) if facts else frozenset()


def withhold_lifts(
    timeline: Timeline, messages: tuple[PlannedMessage, ...], facts: InformingFacts | None, texts: RuleTexts
) -> tuple[Timeline, tuple[str, ...]]:
    """The timeline with these texts, as the daily cap has placed them, and without the lifts of rules that nobody
    tells; and the topics that a person must tell."""
    if facts is None:
        return replace(timeline, messages=messages), ()
    live, others = _split(messages, texts.gone)
    timeline = placed(timeline, live, facts)
    planned = timeline.messages
    if texts.asked:
        planned = tuple(one for one in planned if not _asks_again(one, texts.asked))
    if others:
        planned = _together(planned, others)
    said = facts.known.topics | facts.known.in_words | rules_said(timeline.messages)
    missing = tuple(topic for topic, end in facts.ends.items() if topic not in said and end > facts.now)
    return timeline if planned is timeline.messages else replace(timeline, messages=planned), missing


def _asks_again(message: PlannedMessage, asked: frozenset[str]) -> bool:
    return is_catch_up(message.step) and message.due_at is None and asked.issuperset(message.topics)


def _split(
    messages: Iterable[PlannedMessage], gone: frozenset[str]
) -> tuple[tuple[PlannedMessage, ...], tuple[PlannedMessage, ...]]:
    messages = tuple(messages)
    if not gone:
        return messages, ()
    live = tuple(one for one in messages if one.step not in gone)
    return live, tuple(one for one in messages if one.step in gone)


def _together(live: tuple[PlannedMessage, ...], others: tuple[PlannedMessage, ...]) -> tuple[PlannedMessage, ...]:
    return tuple(sorted((*live, *others), key=in_order))
