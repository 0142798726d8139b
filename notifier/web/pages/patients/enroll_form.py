"""The enrollment form: what was filled in, and what it asks for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from notifier.domain.instants import read_instant
from notifier.domain.own_lengths import parse_own_lengths
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.fields import FIELDS, Field, Kind
from notifier.enrollments.requests import EnrollRequest
from notifier.web.view import Fields
from schedules.protocol import CareProtocol
from schedules.series import SERIES

CONSENTS = ("Signed form", "Said yes at the desk", "Said yes on the phone")
OTHER = "other"
NEAR = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
)
"""Where texts can go; the clinic's own zone stands first."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class EnrollForm:
    """Every field as it was typed; a fresh form has the defaults."""

    fields: Fields
    default_protocol: str
    default_zone: str
    """Empty: that of the office that is chosen."""
    default_language: str = "en"
    ready: frozenset[str] = frozenset()
    """The protocols that a patient can be enrolled on now."""

    def value(self, name: str, default: str = "") -> str:
        """What stands in a field."""
        return self.fields.get(name, default).strip()

    @property
    def protocol(self) -> str:
        return self.value("protocol", self.default_protocol)

    @property
    def when(self) -> str:
        return self.value("when", "now")

    @property
    def timezone(self) -> str:
        return self.value("timezone", self.default_zone)

    @property
    def consent(self) -> str:
        how = self.value("consent")
        return self.value("consent_other") if how == OTHER else how

    def answer(self, protocol: str, question: str) -> str:
        """What was answered to one question of one protocol; empty where nothing was."""
        return self.value(f"answer.{protocol}.{question}")

    def checked(self, name: str) -> bool:
        return self.value(name) == "yes"

    def request(
        self, protocol: CareProtocol | None, rules: PlanningRules, now: datetime, *, timeless: bool = False
    ) -> EnrollRequest:
        """What it asks for; raises Refused for a time that cannot be read, unless it is left out (`timeless`)."""
        office = self._office(rules)
        here = rules.at(office) if office in rules.offices else rules
        questions = (*protocol.questions, *SERIES) if protocol else ()
        answers = {one: self.answer(self.protocol, one) for one in questions}
        said: dict[str, Any] = {one.name: self._plain(one) for one in FIELDS}
        said |= {
            "protocol": self.protocol,
            "consent": self.consent,
            "treated_at": None if timeless else self._treated_at(here, now),
            "appointment_at": None if timeless else self._appointment_at(here),
            "timezone": self.timezone or None,
            "language": self._language(protocol),
            "answers": {question: answer for question, answer in answers.items() if answer},
            "office": office,
        }
        return EnrollRequest(**said)

    def _plain(self, field: Field) -> object:
        """A field that is typed, or ticked, as it is asked for."""
        if field.kind is Kind.FLAG:
            return self.checked(field.name)
        if field.kind is Kind.LENGTHS:
            return parse_own_lengths([self.value(field.name)]) or None
        return self.value(field.name) if field.required else self.value(field.name) or None

    def digest(self) -> str:
        """The same for the same content: tells a form sent twice from a form that was filled in anew."""
        said = sorted(
            (name, value.strip()) for name, value in self.fields.multi_items() if name not in ("form", "once")
        )
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _office(self, rules: PlanningRules) -> str | None:
        """The office that is chosen, or the only one there is: its clock is the one that times are typed by."""
        only = rules.choices[0].id if len(rules.choices) == 1 else ""
        return self.value("office", only) or None

    def _language(self, protocol: CareProtocol | None) -> str | None:
        """What was chosen; the protocol's first, where it does not have the page's default."""
        chosen = self.value("language", self.default_language) or None
        if protocol is not None and chosen == "en" and "en" not in protocol.languages:
            return protocol.languages[0]
        return chosen

    def _treated_at(self, rules: PlanningRules, now: datetime) -> datetime | None:
        if self.when == "now":
            # The next full minute: what staff saw and what is planned is then the same, and no restriction ends early.
            whole = now.replace(second=0, microsecond=0)
            return whole if whole == now else whole + _MINUTE
        return self._typed("treated_at", rules) if self.when == "treated" else None

    def _appointment_at(self, rules: PlanningRules) -> datetime | None:
        return self._typed("appointment_at", rules) if self.when == "appointment" else None

    def _typed(self, name: str, rules: PlanningRules) -> datetime:
        """A time as typed is on the clinic's clock: staff look at theirs."""
        typed = self.value(name)
        if not typed:
            what = "when the treatment ended" if name == "treated_at" else "when the appointment is"
            raise Refused(f"say {what}", name)
        return read_instant(typed, rules.timezone, name, clinic_zone=rules.timezone)


def zones(own: str, chosen: str) -> list[str]:
    """The time zones to choose from."""
    found = [own, *(zone for zone in NEAR if zone != own)]
    return found if chosen in found or chosen not in available_timezones() else [*found, chosen]
