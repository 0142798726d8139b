"""The whole plan on one page of paper, or in a calendar: for a patient whose phone cannot, or must not, be texted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.planning.plan import Plan
from notifier.web.widgets.formats import plain
from schedules.defaults import wordings
from schedules.wording import Voice, say_until

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "treated": "Treated",
        "appointment": "Appointment",
        "avoid": "What to avoid, and until when",
        "when": "What to know, and when",
        "until": "until",
        "questions": "Questions, or something worries you? Call",
        "other": "You have another treatment with a card of its own: where the two differ, the later date holds.",
        "later": "Another card follows after the treatment.",
    },
    "es": {
        "treated": "Tratamiento",
        "appointment": "Cita",
        "avoid": "Qué evitar, y hasta cuándo",
        "when": "Qué saber, y cuándo",
        "until": "hasta el",
        "questions": "¿Preguntas, o algo le preocupa? Llame al",
        "other": "Tiene otro tratamiento con su propia tarjeta: si no coinciden, vale la fecha posterior.",
        "later": "Después del tratamiento recibirá otra tarjeta.",
    },
}
"""What the card itself says, in the patient's language; one we have no words for is printed in English."""
_WAY_OUT: Final = re.compile(r"\s*STOP (to opt out|para darse de baja)\.?$")
"""How our texts end. On paper nobody can answer STOP."""
_WHOM_TO_ASK: Final = r"(?<=[.!])\s+(?:(?:Questions|¿Preguntas)\?\s+)?{phone}\.?$"
"""And before that: the phone, which the card itself says once. Only as a sentence of its own."""


@dataclass(frozen=True, slots=True)
class Avoid:
    """What must not be done until one instant."""

    things: str
    ends: datetime
    until: str


@dataclass(frozen=True, slots=True)
class Said:
    """One text of the plan, as paper says it."""

    step: str
    at: datetime
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that one patient must hear, in her language and on her clock."""

    language: str
    words: Mapping[str, str]
    zone: ZoneInfo
    anchor: datetime
    anchored: str
    """The treatment's end, or the appointment, in words."""
    is_treated: bool
    avoid: tuple[Avoid, ...]
    said: tuple[Said, ...]
    has_other_treatment: bool


def make_card(plan: Plan, voice: Voice, language: str, name: str) -> Card:
    """The card of a plan: what the texts would say, without the clinic's name and the way out in each."""
    timeline, zone = plan.timeline, plan.timeline.zone
    messages = sorted(timeline.messages, key=lambda one: one.due_at or one.nominal_at)
    return Card(
        language=language if language in WORDS else "en",
        words=WORDS.get(language, WORDS["en"]),
        zone=zone,
        anchor=timeline.anchor.at,
        anchored=say_until(timeline.anchor.at, zone, language),
        is_treated=timeline.anchor.treated,
        avoid=tuple(_avoid(timeline.restrictions, zone, language)),
        said=tuple(
            Said(
                one.step,
                at := one.due_at or one.nominal_at,
                say_until(at, zone, language),
                _on_paper(one.text, voice, name),
            )
            for one in messages
        ),
        has_other_treatment=bool(plan.withheld),
    )


def _avoid(restrictions: tuple[tuple[str, datetime], ...], zone: ZoneInfo, language: str) -> list[Avoid]:
    """The first to end first; what ends together stands together."""
    in_order = sorted(restrictions, key=itemgetter(1))
    return [
        Avoid(_capital(", ".join(_thing(topic, language) for topic, _ in those)), end, say_until(end, zone, language))
        for end, those in groupby(in_order, key=itemgetter(1))
    ]


def _thing(topic: str, language: str) -> str:
    """`no makeup`, `sin maquillaje`: the ready words where there are some, else the topic's own name."""
    ready = wordings().get(language)
    if ready is not None and topic in ready.topics:
        return ready.topics[topic].rule.partition(f" {WORDS[language]['until']} {{")[0]
    return f"sin «{plain(topic)}»" if language == "es" else f"no {plain(topic)}"


def _on_paper(text: str, voice: Voice, name: str) -> str:
    said = text.removeprefix(f"{name}: ").removeprefix(f"{voice.clinic}: ")
    said = re.sub(_WHOM_TO_ASK.format(phone=re.escape(voice.phone)), "", _WAY_OUT.sub("", said))
    return _capital(said)


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]
