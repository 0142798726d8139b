"""The whole plan on one page of paper, or in a calendar: for a patient whose phone cannot, or must not, be texted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from notifier.domain.planning.plan import Plan
from notifier.web.widgets.formats import plain
from schedules.dates import say_until
from schedules.languages.registry import Language, language_or_default, languages
from schedules.languages.sayings import CardWords
from schedules.wording import Voice


@dataclass(frozen=True, slots=True)
class Avoid:
    """What must not be done until one instant."""

    things: str
    ends: datetime
    until: str


@dataclass(frozen=True, slots=True)
class CardSentence:
    """One text of the plan, as paper says it."""

    step: str
    at: datetime
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that one patient must hear, in the patient's language and on the patient's clock."""

    language: str
    words: CardWords
    zone: ZoneInfo
    anchor: datetime
    anchored: str
    """The treatment's end, or the appointment, in words."""
    is_treated: bool
    avoid: tuple[Avoid, ...]
    said: tuple[CardSentence, ...]
    has_other_treatment: bool


def make_card(plan: Plan, voice: Voice, language: str, name: str) -> Card:
    """The card of a plan: what the texts would say, without the clinic's name and the way out in each."""
    timeline, zone = plan.timeline, plan.timeline.zone
    spoken = language_or_default(language)
    messages = sorted(timeline.messages, key=lambda one: one.due_at or one.nominal_at)
    return Card(
        language=spoken.code,
        words=spoken.card,
        zone=zone,
        anchor=timeline.anchor.at,
        anchored=say_until(timeline.anchor.at, zone, spoken.code),
        is_treated=timeline.anchor.treated,
        avoid=tuple(_avoid(timeline.restrictions, zone, spoken)),
        said=tuple(
            CardSentence(
                one.step,
                at := one.due_at or one.nominal_at,
                say_until(at, zone, spoken.code),
                _on_paper(one.text, voice, name),
            )
            for one in messages
            if not one.waits  # what is avoided says so: until we tell you
        ),
        has_other_treatment=bool(plan.withheld),
    )


def _avoid(restrictions: tuple[tuple[str, datetime], ...], zone: ZoneInfo, spoken: Language) -> list[Avoid]:
    """The first to end first; what ends together stands together."""
    in_order = sorted(restrictions, key=itemgetter(1))
    return [
        Avoid(_capital(", ".join(_thing(topic, spoken) for topic, _ in those)), end, say_until(end, zone, spoken.code))
        for end, those in groupby(in_order, key=itemgetter(1))
    ]


def _thing(topic: str, spoken: Language) -> str:
    """`no makeup`: the ready words where there are some, else the topic's own name."""
    if topic in spoken.ready.topics:
        return spoken.ready.topics[topic].rule.partition(f" {spoken.card.until} {{")[0]
    return spoken.card.no.replace("{topic}", plain(topic))


def _on_paper(text: str, voice: Voice, name: str) -> str:
    said = text.removeprefix(f"{name}: ").removeprefix(f"{voice.clinic}: ")
    way_out, whom_to_ask = _endings(languages(), voice.phone)
    return _capital(whom_to_ask.sub("", way_out.sub("", said)))


@lru_cache(maxsize=64)
def _endings(spoken: tuple[Language, ...], phone: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How texts end: the way out, for on paper nobody can answer STOP, and before it the phone as a sentence.

    The card itself says the phone once. In the words of any language: a text may end in another than its own.
    """
    ways_out, asks = (
        "|".join(re.escape(words) for words in said)
        for said in ([one.card.way_out for one in spoken], [one.card.ask for one in spoken])
    )
    return (
        re.compile(rf"\s*(?:{ways_out})\.?$"),
        re.compile(rf"(?<=[.!])\s+(?:(?:{asks})\s+)?{re.escape(phone)}\.?$"),
    )


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]
