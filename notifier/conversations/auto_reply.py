"""What is answered without a person, and how: one fixed text that a clinic stands behind. Never medical advice."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.conversations.reading.meanings import Meaning
from notifier.domain.offices import NO_OFFICES, Offices
from notifier.domain.staffed_hours import StaffedHours
from schedules.languages.folders import DEFAULT
from schedules.languages.registry import language_or_default
from schedules.placeholders import PLACEHOLDER
from schedules.send_window import zone_named
from schedules.wording import Voice

USEFUL_FOR: Final = timedelta(hours=1)
"""Later than this after the patient's message a fixed answer would only confuse; one of staff is stale too."""
ONE_IN: Final = timedelta(hours=12)
"""At most one fixed answer to a number for urgent words, and one for all else: two machines must not keep each other
talking, and an answer at noon must not keep a patient who bleeds at night without one."""
UNKNOWN_AN_HOUR: Final = 20
"""So many numbers that nobody enrolled are answered within an hour; then somebody is alerted."""
STAFF_MAY_REPLY_FOR: Final = timedelta(hours=24)
"""After the patient's message, at any hour: the patient is awake, or has asked to be told."""
LONGEST_TEXT: Final = 1600
"""Twilio takes no more characters."""
_NEVER_ANSWERED: Final = frozenset({Meaning.STOP, Meaning.WRONG_PERSON, Meaning.PERHAPS_STOP})
"""Whoever may want no more texts, or may be somebody else, gets none before a person has read the words."""


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """The clinic's settings for fixed answers."""

    voice: Voice
    zone: ZoneInfo
    """The clinic's clock."""
    staffed: StaffedHours | None = None
    """None: nobody has said, and so nobody counts as being there."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The clinic's own, by language; the program's where a language is missing."""
    after_hours_phone: str | None = None
    """What patients call while nobody is there; None: the clinic's phone."""
    must_be_approved: bool = False
    """Only words that a clinician has approved leave, else the program's own."""
    language: str = DEFAULT
    """Of the answer to a number that nobody enrolled, where the words do not show it."""
    offices: Offices = field(default_factory=lambda: NO_OFFICES)

    def at(self, office: str | None) -> AnswerRules:
        """The same in the voice and by the hours of an office; the clinic's own for None and for one that is gone."""
        if office is None or office not in self.offices:
            return self
        profile = self.offices[office]
        return replace(
            self,
            voice=profile.voice,
            zone=zone_named(profile.timezone),
            staffed=profile.staffed,
            after_hours_phone=profile.after_hours_phone,
            language=profile.language or self.language,
        )

    def wish(self, language: str) -> str:
        """The words that the clinic wants in that language, else in English: its own, or the program's."""
        spoken = language_or_default(language)
        return self.words.get(spoken.code, spoken.about.answers.unwatched)

    def say(self, language: str, at: datetime, approved: Mapping[str, str]) -> str:
        """The answer at `at` in that language, else in English.

        `approved`: by language, the words that a clinician has approved last. Where words must be approved, a changed
        wording waits while those go on, and where there are none the program's own stand in.
        """
        spoken = language_or_default(language)
        words = self.wish(language)
        if self.must_be_approved:
            words = approved.get(spoken.code, spoken.about.answers.unwatched)
        filled = {"clinic": self.voice.clinic, "phone": self.phone(at)}
        return PLACEHOLDER.sub(lambda found: filled.get(found[1], found[0]), words)

    def phone(self, at: datetime) -> str:
        """What a patient can call at that instant."""
        return self.voice.phone if self.is_staffed(at) else self.after_hours_phone or self.voice.phone

    def is_staffed(self, at: datetime) -> bool:
        """Whether somebody reads what patients write at that instant."""
        return self.staffed is not None and self.staffed.include(at, self.zone)

    def wanted(self, meaning: Meaning, *, urgent: bool, written_at: datetime, now: datetime) -> bool:
        """Whether these words get the fixed answer, if the number has had none lately."""
        if meaning in _NEVER_ANSWERED or now - written_at >= USEFUL_FOR:
            return False
        if urgent or meaning is Meaning.HELP:
            return True
        return meaning is Meaning.OTHER and not self.is_staffed(written_at)


def check_staff_words(text: str, clinic_name: str) -> str:
    """The words of a reply by staff as they leave: the clinic's name in front, as in every text. Raises ValueError."""
    words = text.strip()
    if not words:
        raise ValueError("the reply is empty; write what the patient shall read")
    if not words.casefold().startswith(clinic_name.casefold()):
        words = f"{clinic_name}: {words}"
    odd = next((one for one in words if unicodedata.category(one) in ("Cc", "Cs") and one != "\n"), None)
    if odd is not None:
        raise ValueError(f"the reply has a control character (U+{ord(odd):04X}); leave it out")
    if len(words) > LONGEST_TEXT:
        raise ValueError(f"the reply has {len(words)} characters; Twilio takes {LONGEST_TEXT}")
    return words
