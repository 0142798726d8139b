"""Made-up patients: who comes when, with which protocol, and what each writes. By lot, the same for one seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from schedules.protocol import CareProtocol

_AREAS: Final = (
    201, 203, 205, 207, 209, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234, 239, 240, 248, 251,
    252, 253, 254, 256, 260, 262, 267, 269, 270, 272, 276, 281, 301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313,
    314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 331, 334, 336, 337, 347, 351, 352, 360, 361, 386, 401, 402,
    404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419, 423, 425,
)  # fmt: skip
_FIRST: Final = ("Ana", "Beth", "Carla", "Dana", "Eva", "Fay", "Gina", "Hana", "Iris", "Jane", "Kim", "Lena", "Mia")
_LAST: Final = ("Alder", "Brook", "Cedar", "Dale", "Elm", "Field", "Grove", "Hill", "Lake", "Moor", "Nash", "Oak")
_OTHER_ZONES: Final = ("America/Los_Angeles", "America/Chicago", "America/Denver", "Pacific/Honolulu")
_STEP: Final = timedelta(minutes=5)
_DAY: Final = 108  # steps from 9:00 to 18:00
_STOPS: Final = {"en": ("STOP", "please stop texting me", "unsubscribe"), "es": ("STOP", "no me escriban más")}
_OTHERS: Final = {
    "en": ("Thanks!", "When can I wash my hair?", "1", "2", "My face burns and I can't breathe", "ok thank you"),
    "es": ("Gracias!", "¿Puedo nadar?", "1", "2", "Me arde mucho y no puedo respirar", "ok gracias"),
}


@dataclass(frozen=True, slots=True)
class MadeUpPatient:
    """Somebody who comes to the clinic, and what becomes of it."""

    at: datetime
    """When staff enroll the patient; UTC, as all instants here."""
    name: str
    phone: str
    protocol: str
    language: str
    timezone: str
    answers: Mapping[str, str]
    rebook_consent: bool
    treated_at: datetime | None
    appointment_at: datetime | None
    writes: Sequence[tuple[datetime, str, bool]]
    """When, what, and whether it means STOP."""
    luck: float
    """Between 0 and 1: what the carrier makes of the first text."""


def made_up_patients(
    number: int, begins: date, ends: date, zone: ZoneInfo, protocols: Mapping[str, CareProtocol], random: Random
) -> Iterator[MadeUpPatient]:
    """So many, from the first date to the day before the last one, Monday to Saturday; in the order they come."""
    days = [begins + timedelta(days=n) for n in range((ends - begins).days)]
    open_days = [day for day in days if day.weekday() < 6] or days
    offered = sorted(protocols)
    for at, day in enumerate(open_days):
        first, last = at * number // len(open_days), (at + 1) * number // len(open_days)
        moments = sorted(random.randrange(_DAY) for _ in range(first, last))
        opens = datetime.combine(day, time(9), zone).astimezone(ZoneInfo("UTC"))
        for one, moment in zip(range(first, last), moments, strict=True):
            yield _patient(one, opens + moment * _STEP, zone, protocols[random.choice(offered)], random)


def _patient(one: int, at: datetime, zone: ZoneInfo, protocol: CareProtocol, random: Random) -> MadeUpPatient:
    area, line = _AREAS[one % len(_AREAS)], 100 + one // len(_AREAS)
    language = random.choice(protocol.languages)
    booked = random.random() < 0.1
    treated_at = at - random.randrange(7) * _STEP
    appointment = at + timedelta(days=random.randrange(1, 5), hours=random.randrange(3))
    is_asked = random.random() < 0.95
    writes = []
    chance = random.random()
    if chance < 0.25:
        stops = chance < 0.03
        words = _STOPS if stops else _OTHERS
        after = timedelta(minutes=random.randrange(30, 10 * 24 * 60))
        writes.append((at + after, random.choice(words.get(language, words["en"])), stops))
    return MadeUpPatient(
        at=at,
        name=f"{random.choice(_FIRST)} {random.choice(_LAST)}",
        phone=f"+1{area}555{line:04}",
        protocol=protocol.id,
        language=language,
        timezone=random.choice(_OTHER_ZONES) if random.random() < 0.1 else zone.key,
        answers={key: random.choice(asked.answers) for key, asked in protocol.questions.items()} if is_asked else {},
        rebook_consent=random.random() < 0.5,
        treated_at=None if booked else treated_at,
        appointment_at=appointment if booked else None,
        writes=writes,
        luck=random.random(),
    )
