"""The sample patients. Every number is one of those kept for fiction (555-01xx)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Sample:
    """One patient, and what staff know at enrollment."""

    name: str
    city: str
    phone: str
    timezone: str
    protocol: str
    language: str = "en"
    answers: Mapping[str, str] = field(default_factory=dict)
    rebook_consent: bool = False

    @property
    def first(self) -> str:
        """The patient's first name."""
        return self.name.partition(" ")[0]

    @property
    def zone(self) -> ZoneInfo:
        """The patient's zone."""
        return ZoneInfo(self.timezone)


CLINIC_NAME = "Lakeside Skin"
CLINIC_PHONE = "(978) 555-0142"
CLINIC_ZONE = "America/New_York"
CLINIC_STAFFED = "Mon-Sat 09:00-18:00"
"""When somebody reads answers: the desk plans with it and the worker asks only then."""

MARIA = Sample("Maria Lopez", "New York", "+12125550101", "America/New_York", "microneedling")
ROSA = Sample("Rosa Vega", "San Juan", "+17875550102", "America/Puerto_Rico", "microneedling-week", language="es")
LEILANI = Sample(
    "Leilani Kahale",
    "Honolulu",
    "+18085550103",
    "Pacific/Honolulu",
    "microneedling-24h",
    answers={"depth": "mild"},
    rebook_consent=True,
)
KEVIN = Sample(
    "Kevin Park",
    "Los Angeles",
    "+12135550104",
    "America/Los_Angeles",
    "microneedling-regimen",
    answers={"shaves": "yes", "cold-sores": "no", "indication": "facial"},
)
ANA = Sample("Ana Torres", "Los Angeles", "+13235550105", "America/Los_Angeles", "microneedling", language="es")
NOA = Sample(
    # A phone from New York on a patient in Honolulu: after the first day both clocks must allow a text.
    "Noa Stein",
    "Honolulu",
    "+16465550106",
    "Pacific/Honolulu",
    "microneedling-24h",
    answers={"depth": "deep"},
)
GRACE = Sample("Grace Kim", "Chicago", "+13125550107", "America/Chicago", "microneedling-week")
TOM = Sample("Tom Becker", "Denver", "+13035550108", "America/Denver", "microneedling-sun-week")
OMAR = Sample(
    # Nobody asked him whether he shaves: neither side of that question is sent until somebody does.
    "Omar Haddad",
    "Miami",
    "+13055550109",
    "America/New_York",
    "microneedling-regimen",
    answers={"cold-sores": "no", "indication": "acne-scars"},
)
DANA = Sample(
    # Phoenix keeps its clocks where they are when the others change theirs.
    "Dana Yazzie",
    "Phoenix",
    "+16025550110",
    "America/Phoenix",
    "microneedling-kit",
    answers={"kit": "yes", "cold-sores": "no", "goal": "correct"},
)

CAST = (MARIA, ROSA, LEILANI, KEVIN, ANA, NOA, GRACE, TOM, OMAR, DANA)

BETH = Sample("Beth Osei", "New York", "+12125550111", "America/New_York", "microneedling")
CARA = Sample("Cara Lindqvist", "New York", "+12125550112", "America/New_York", "microneedling-week")
DEV = Sample("Dev Patel", "New York", "+12125550113", "America/New_York", "microneedling")
ELENA = Sample("Elena Ortiz", "New York", "+12125550114", "America/New_York", "microneedling")
FINN = Sample("Finn Murphy", "New York", "+12125550115", "America/New_York", "microneedling-week")
HUGO = Sample("Hugo Blanc", "New York", "+12125550116", "America/New_York", "microneedling")
WALK_INS = (BETH, CARA, DEV, ELENA, FINN, HUGO)
"""Who comes on the day on which the page is looked at."""
BY_PHONE: Mapping[str, Sample] = {sample.phone: sample for sample in (*CAST, *WALK_INS)}
