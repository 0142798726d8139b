"""What happens in the clinic's two weeks, as data: 5 to 19 March 2026, with the US clock change inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from notifier.demo.cast import (
    ANA,
    BETH,
    CARA,
    CLINIC_ZONE,
    DANA,
    DEV,
    ELENA,
    FINN,
    GRACE,
    HUGO,
    KEVIN,
    LEILANI,
    MARIA,
    NOA,
    OMAR,
    ROSA,
    TOM,
    Sample,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Enrolls:
    """Staff enroll a patient: treated just now, or with an appointment."""

    at: datetime
    who: Sample
    treated_at: datetime | None = None
    appointment_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TreatmentEnded:
    """Staff say that a booked patient has been treated."""

    at: datetime
    who: Sample
    treated_at: datetime


@dataclass(frozen=True, slots=True)
class VisitMoved:
    """A visit gets another date."""

    at: datetime
    who: Sample
    appointment_at: datetime


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """A question that nobody could answer at enrollment is answered."""

    at: datetime
    who: Sample
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Writes:
    """A patient sends a text to the clinic's number."""

    at: datetime
    who: Sample
    text: str
    stops: bool = False
    """Whether the patient means: no more texts."""


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """A person answers what the patient wrote last, and lets the texts go on."""

    at: datetime
    who: Sample
    text: str


StaffAct = Enrolls | TreatmentEnded | VisitMoved | AnswerGiven | StaffAnswer
Happening = StaffAct | Writes


@dataclass(frozen=True, slots=True)
class Script:
    """What is played, from its first moment to its last."""

    begins: datetime
    ends: datetime
    happenings: tuple[Happening, ...]
    """In the order in which they happen."""
    dies_during: tuple[Sample, datetime]
    """The worker is killed at this patient's first text from then on: Twilio has it, our tables do not know."""
    bounces: tuple[Sample, int] | None = None
    """Whose first text the carrier gives back, and with which of Twilio's codes."""
    remarks: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BusyDay:
    """What comes after the script, untold: the day on which the page is looked at."""

    happenings: tuple[Happening, ...]
    looked_at: datetime
    bounces: tuple[Sample, int]
    """Whose first text the carrier gives back, and with which of Twilio's codes."""


def _local(wall: str, zone: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _treated(who: Sample, wall: str, typed: str) -> Enrolls:
    """Treated until `wall` on the patient's clock; staff type it in at `typed`, the same day."""
    at = _local(f"{wall[:10]}T{typed}", who.timezone)
    return Enrolls(at, who, treated_at=_local(wall, who.timezone))


def _booked(who: Sample, typed: str, wall: str) -> Enrolls:
    return Enrolls(_local(typed, who.timezone), who, appointment_at=_local(wall, who.timezone))


def _writes(who: Sample, wall: str, text: str, *, stops: bool = False) -> Writes:
    return Writes(_local(wall, who.timezone), who, text, stops)


TWO_WEEKS = Script(
    begins=_local("2026-03-05T08:30", CLINIC_ZONE),
    ends=_local("2026-03-19T23:59", CLINIC_ZONE),
    dies_during=(MARIA, _local("2026-03-08T16:00", MARIA.timezone)),
    bounces=(GRACE, 30005),
    remarks={date(2026, 3, 8): "clocks went forward, but not in Phoenix, Honolulu, San Juan"},
    happenings=(
        _booked(DANA, "2026-03-05T08:40", "2026-03-17T10:00"),
        _treated(ROSA, "2026-03-05T14:00", "14:05"),
        _treated(LEILANI, "2026-03-05T10:15", "10:20"),
        _treated(KEVIN, "2026-03-06T11:10", "11:15"),
        _treated(ANA, "2026-03-06T15:45", "15:50"),
        _treated(MARIA, "2026-03-07T15:30", "15:40"),
        _treated(NOA, "2026-03-07T16:00", "16:10"),
        _writes(ANA, "2026-03-08T10:25", "no más por favor", stops=True),
        _writes(ROSA, "2026-03-09T09:12", "1"),
        _treated(GRACE, "2026-03-09T10:00", "10:10"),
        VisitMoved(_local("2026-03-10T11:00", DANA.timezone), DANA, _local("2026-03-18T14:00", DANA.timezone)),
        _treated(TOM, "2026-03-10T13:30", "13:35"),
        _treated(OMAR, "2026-03-11T12:00", "12:10"),
        _writes(MARIA, "2026-03-11T18:20", "Thank you! 😊"),
        AnswerGiven(_local("2026-03-12T09:40", OMAR.timezone), OMAR, {"shaves": "yes"}),
        _writes(KEVIN, "2026-03-12T09:20", "2"),
        StaffAnswer(_local("2026-03-12T09:35", KEVIN.timezone), KEVIN, "I will call you at ten. Dr. Rivera"),
        TreatmentEnded(_local("2026-03-18T15:20", DANA.timezone), DANA, _local("2026-03-18T15:10", DANA.timezone)),
    ),
)

FRIDAY = BusyDay(
    happenings=(
        _booked(BETH, "2026-03-20T08:40", "2026-03-20T09:15"),
        _booked(CARA, "2026-03-20T08:45", "2026-03-20T11:30"),
        _booked(DEV, "2026-03-20T08:50", "2026-03-20T14:00"),
        Enrolls(_local("2026-03-20T09:05", CLINIC_ZONE), ELENA, treated_at=_local("2026-03-19T16:30", ELENA.timezone)),
        _treated(FINN, "2026-03-20T09:40", "09:45"),
        _treated(HUGO, "2026-03-20T10:20", "10:25"),
        _writes(FINN, "2026-03-20T10:50", "Got it, thank you!"),
        _writes(TOM, "2026-03-20T08:55", "Is it normal that my forehead still itches?"),
        _writes(DANA, "2026-03-20T08:10", "Can I use my vitamin C serum tonight?"),
        _writes(ELENA, "2026-03-20T11:25", "My face is very swollen and I have trouble breathing"),
    ),
    looked_at=_local("2026-03-20T11:40", CLINIC_ZONE),
    bounces=(HUGO, 30005),
)
