"""Catch-up: texts for the rules that no other text tells any more.

A rule is told once a text that names it has arrived, or a person has said it. Where the text that was to tell it can do
so no longer (enrolled late, closed for the night, STOP and START, a number that was wrong), and 12 hours of it are left
at the first open moment, a `restrict` text of ours tells it there: the steps `catch-up` and `catch-up.2`. Each names
its topics grouped by their end, so that an end is said once; it is stale when the first of them ends. What does not fit
into two texts, and what has no words, stands in a catch-up step without a moment: staff tell the patient in person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count, groupby
from typing import Final, NamedTuple

from schedules.languages.registry import language_or_default
from schedules.moments import TELL_IN_PERSON
from schedules.planned import PlannedMessage
from schedules.protocol import CareProtocol, StepKind
from schedules.segments import count_segments
from schedules.topic_words import CATCH_UP
from schedules.wording import Speech

LEAST_LEFT: Final = timedelta(hours=12)
"""What must be left of a restriction, at the first open moment, for a text to tell it."""
MOST_TEXTS: Final = 2
"""How many catch-up texts are planned at one time."""
_CATCHES_UP: Final = "tells what no other text tells any more"
_TOO_MUCH: Final = "more than the catch-up texts hold"
_NO_WORDS: Final = "its protocol has no words for a catch-up text"
_TOO_LATE: Final = "no text can tell it in time"


class UnsaidRules(NamedTuple):
    """Restrictions that no text tells, and when one could."""

    ends: Mapping[str, datetime]
    """By topic: the instant (UTC) at which it ends."""
    anchor: datetime
    """The end of the treatment: no text tells them before."""
    opens: datetime | None
    """The first open moment; None where there is none while they hold."""

    @property
    def in_time(self) -> list[str]:
        """Topics of which enough is left for a text, in the order in which they end."""
        if self.opens is None:
            return []
        return [topic for topic in self.by_end if self.ends[topic] - self.opens >= LEAST_LEFT]

    @property
    def by_end(self) -> list[str]:
        """All topics, in the order in which they end."""
        return sorted(self.ends, key=self.ends.__getitem__)


def is_catch_up(step: str) -> bool:
    """Whether the key of a step is one of ours. No protocol's step is called so."""
    return step == CATCH_UP or step.startswith(f"{CATCH_UP}.")


def plan_catch_up(
    protocol: CareProtocol, unsaid: UnsaidRules, speech: Speech, taken: Collection[str] = ()
) -> list[PlannedMessage]:
    """The catch-up texts for these restrictions, at most two; what is in none of them a person must tell.

    `taken` are catch-up steps that must not be planned again, such as those that have left: the next number is used.
    """
    said = list(_texts(protocol, unsaid, speech))[:MOST_TEXTS]
    steps = zip(_free(taken), said, strict=False)
    return [_message(step, topics, text, unsaid, unsaid.opens, (_CATCHES_UP,)) for step, (topics, text) in steps]


def ask_a_person(protocol: CareProtocol, unsaid: UnsaidRules, speech: Speech, taken: Collection[str]) -> PlannedMessage:
    """A catch-up step without a moment: a person must tell these restrictions. Its text is what there is to say."""
    topics, language = unsaid.by_end, speech.language
    if len(unsaid.in_time) < len(topics):
        why = _TOO_LATE
    elif all(language in protocol.restrictions[topic].words for topic in topics):
        why = _TOO_MUCH
    else:
        why = _NO_WORDS
    text = _say(protocol, topics, unsaid.ends, speech)
    return _message(next(_free(taken)), topics, text, unsaid, None, (why, TELL_IN_PERSON))


def _texts(protocol: CareProtocol, unsaid: UnsaidRules, speech: Speech) -> Iterator[tuple[list[str], str]]:
    """Topics and their text, as many as one holds; those of one end are parted only where no text holds them all."""
    language = speech.language
    most = language_or_default(language).about.segments.catch_up

    def text_of(topics: list[str]) -> str | None:
        text = _say(protocol, topics, unsaid.ends, speech)
        return text if count_segments(text).count <= most else None

    with_words = [topic for topic in unsaid.in_time if language in protocol.restrictions[topic].words]
    together: list[str] = []
    text: str | None = None
    for _, group in groupby(with_words, key=unsaid.ends.__getitem__):
        topics = list(group)
        for part in [topics] if text_of(topics) else [[topic] for topic in topics if text_of([topic])]:
            longer = text_of(together + part)
            if longer is None and text is not None:
                yield together, text
                together, longer = [], text_of(part)
            together, text = together + part, longer
    if text is not None:
        yield together, text


def _say(protocol: CareProtocol, topics: Sequence[str], ends: Mapping[str, datetime], speech: Speech) -> str:
    language = speech.language
    if language not in protocol.catch_up:  # of a version from before there were catch-up texts
        return ", ".join(_rule(protocol, topic, language) for topic in topics)
    groups: list[tuple[list[str], str]] = []
    for _, group in groupby(topics, key=ends.__getitem__):
        of_one_end = list(group)
        groups.append(([_rule(protocol, topic, language) for topic in of_one_end], f"{of_one_end[0]}.until"))
    return speech.say(protocol.catch_up[language].say(groups))


def _rule(protocol: CareProtocol, topic: str, language: str) -> str:
    words = protocol.restrictions[topic].words.get(language)
    return words.rule if words else language_or_default(language).card.no.replace("{topic}", topic.replace("-", " "))


def _message(
    step: str,
    topics: Sequence[str],
    text: str,
    unsaid: UnsaidRules,
    due: datetime | None,
    notes: tuple[str, ...],
) -> PlannedMessage:
    return PlannedMessage(
        step=step,
        kind=StepKind.RESTRICT,
        topics=tuple(topics),
        nominal_at=due or unsaid.opens or unsaid.anchor,
        due_at=due,
        not_before=unsaid.anchor,
        expires_at=min([unsaid.ends[topic] for topic in topics]),
        text=text,
        late_text=None,
        segments=count_segments(text),
        notes=notes,
    )


def _free(taken: Collection[str]) -> Iterator[str]:
    """`catch-up`, `catch-up.2`, `catch-up.3` ... without those that are taken."""
    keys = (CATCH_UP if number == 1 else f"{CATCH_UP}.{number}" for number in count(1))
    return (key for key in keys if key not in taken)
