"""The field table: what an enrollment has, said once. The command line, the page, the API and an import follow from it.

A new field is, in this order:

- a row here, with `later=True` (`is_kept=False`: no column)
- its line in `EnrollRequest` (requests.py) and, where it may change, in `ChangeRequest` (changes.py)
- a column of `Enrollment` (notifier/db/tables/outbox.py), a file in notifier/db/migrations/versions that adds it, and
  that file's revision as `HEAD` in notifier/db/schema.py
- the options of `notifier enroll` and `notifier change` (notifier/cli/staff/enroll.py and change.py)
- where it is no text (those follow), its input in notifier/web/templates/enroll.html, and in patient.html
- a line in `VALUES` of tests/test_doors.py, which then says it at every door and tells which one lacks it

Planning knows it by a line in `EnrollmentFacts` (notifier/domain/planning/plan.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from notifier.domain.consent import check_consent
from notifier.domain.informed import Informed
from notifier.domain.names import LONGEST_NAME, check_provider
from notifier.domain.planning.plan import EnrollmentFacts
from schedules.quiet_days import clean_quiet_days, say_quiet_days


class Kind(Enum):
    """What a value is: each door reads and shows the fields of a kind in one way."""

    NAME = auto()
    PHONE = auto()
    PROTOCOL = auto()
    INSTANT = auto()
    ZONE = auto()
    LANGUAGE = auto()
    ANSWERS = auto()
    FLAG = auto()
    OFFICE = auto()
    LENGTHS = auto()
    CHOICE = auto()
    NUMBER = auto()
    TEXT = auto()


def one_line(typed: str) -> str:
    """A text without line breaks and needless spaces."""
    return " ".join(typed.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that staff say about an enrollment."""

    name: str
    """Of the column in the database and in a CSV, of the API's field; an option has hyphens in it."""
    kind: Kind
    label: str
    """What the page calls it."""
    help: str
    """What the command line and the API's document say about it, without a full stop."""
    required: bool = False
    longest: int = 0
    """Characters of a text."""
    options: tuple[str, ...] = ()
    """What a choice may be."""
    example: str = ""
    """What the page shows in an empty field."""
    clean: Callable[[str], str] = one_line
    """What a text becomes before it is stored; may raise ValueError with a sentence."""
    in_words: Callable[[str], str] = str
    """What is stored, as the page says it."""
    may_change: bool = True
    """Whether `change` takes it."""
    is_key: bool = False
    """Whether an import finds the enrollment by it: then no row of a file can change it."""
    is_filter: bool = False
    """Whether lists are asked for one value of it."""
    on_card: bool = False
    """Whether the card to take home has it."""
    later: bool = False
    """Whether it came after the first release: a request that does not say it has the digest that it had before."""
    is_kept: bool = True
    """Whether it is stored; else it is said for this once and read back nowhere."""
    whole: bool = False
    """Whether an import's row always says it: an empty cell is the default. Else an empty cell leaves what is stored,
    and an import's digest has it only where it is given, so that the digests from before the field was are good."""


FIELDS: Final = (
    Field(
        name="external_id",
        kind=Kind.TEXT,
        label="Your own number",
        help="Your own system's id; it enrolls once",
        longest=120,
        clean=str.strip,
        is_key=True,
    ),
    Field(
        name="name",
        kind=Kind.NAME,
        label="Name",
        help="The patient's name",
        required=True,
        longest=LONGEST_NAME,
        whole=True,
    ),
    Field(
        name="phone",
        kind=Kind.PHONE,
        label="Mobile",
        help="The patient's mobile number; an opt-out follows",
        required=True,
        longest=40,
        whole=True,
    ),
    Field(
        name="new_area_code",
        kind=Kind.FLAG,
        label="The number is right, its area code is new",
        help="Whether somebody vouches for a number of an area code that is not known here yet",
        later=True,
        is_kept=False,
    ),
    Field(
        name="protocol",
        kind=Kind.PROTOCOL,
        label="Protocol",
        help="A protocol's id; its present version",
        required=True,
        longest=60,
        whole=True,
    ),
    Field(
        name="treated_at",
        kind=Kind.INSTANT,
        label="Treatment ended",
        help="The END of the treatment, like 2026-03-07T15:30",
        whole=True,
    ),
    Field(
        name="appointment_at",
        kind=Kind.INSTANT,
        label="Appointment",
        help="The appointment, while the patient is not treated yet",
        whole=True,
    ),
    Field(
        name="timezone",
        kind=Kind.ZONE,
        label="Lives in",
        help="The patient's IANA zone; the clinic's unless said",
        longest=60,
        whole=True,
    ),
    Field(
        name="language",
        kind=Kind.LANGUAGE,
        label="Texts in",
        help="The patient's language; the protocol's first unless said",
        longest=8,
        whole=True,
    ),
    Field(
        name="answers",
        kind=Kind.ANSWERS,
        label="Answers",
        help="Answers to the protocol's questions; of a change those that are new or different",
        longest=30,
        whole=True,
    ),
    Field(
        name="session",
        kind=Kind.NUMBER,
        label="Session",
        help="Which session of a series the treatment is; it stands among the answers",
        longest=2,
        later=True,
        is_kept=False,
    ),
    Field(
        name="sessions",
        kind=Kind.NUMBER,
        label="Sessions",
        help="How many sessions the series has; it stands among the answers",
        longest=2,
        later=True,
        is_kept=False,
    ),
    Field(
        name="consent",
        kind=Kind.TEXT,
        label="Agreed",
        help="How the patient agreed to texts, such as: signed form",
        required=True,
        longest=200,
        clean=check_consent,
        may_change=False,
    ),
    Field(
        name="rebook_consent",
        kind=Kind.FLAG,
        label="Wants to hear of next visits",
        help="Whether the patient agreed to rebook texts",
        whole=True,
    ),
    Field(
        name="second",
        kind=Kind.FLAG,
        label="A second treatment on the same day",
        help="A second treatment of the same day, on the same protocol",
    ),
    Field(
        name="separate_areas",
        kind=Kind.FLAG,
        label="On a separate area of skin",
        help="Whether the patient's earlier treatments were on other areas",
    ),
    Field(
        name="office",
        kind=Kind.OFFICE,
        label="Office",
        help="The id of the office whose name, hours and sender the texts have",
        longest=40,
        whole=True,
    ),
    Field(
        name="provider",
        kind=Kind.TEXT,
        label="Treated by",
        help="Who treated the patient, such as: Dr. Kim",
        longest=40,
        clean=check_provider,
        is_filter=True,
        on_card=True,
        later=True,
    ),
    Field(
        name="restrictions",
        kind=Kind.LENGTHS,
        label="This patient's own lengths",
        help="How long a restriction holds for this patient, such as sun=10d, 48h or 2w; empty takes it back",
        longest=30,
        later=True,
    ),
    Field(
        name="decided_by",
        kind=Kind.TEXT,
        label="Decided by",
        help="Who decided that a length is shorter than the protocol's, such as: Dr. Kim",
        longest=80,
        later=True,
    ),
    Field(
        name="quiet_days",
        kind=Kind.TEXT,
        label="No texts on",
        help="Days on which the patient wishes no text: at most three weekdays, and dates, such as Sun,2026-12-25",
        longest=200,
        example="Sat,Sun",
        clean=clean_quiet_days,
        in_words=say_quiet_days,
        later=True,
    ),
    Field(
        name="informed",
        kind=Kind.CHOICE,
        label="Told in person",
        help="Whether somebody told the patient every rule: yes, or card where the patient has it in writing",
        options=tuple(Informed),
        later=True,
        is_kept=False,
    ),
)
BY_NAME: Final[Mapping[str, Field]] = {field.name: field for field in FIELDS}
KEPT: Final = tuple(field for field in FIELDS if field.is_kept)
CHANGEABLE: Final = tuple(field for field in FIELDS if field.may_change)
TEXTS: Final = tuple(field for field in FIELDS if field.kind is Kind.TEXT)
NOTES: Final = tuple(field for field in TEXTS if not field.required)
"""What staff may write down beside what the texts need."""
FILTERS: Final = tuple(field for field in FIELDS if field.is_filter)
PLANNED: Final = tuple(
    field.name
    for field in FIELDS
    if field.is_kept
    and field.name in EnrollmentFacts.__dataclass_fields__
    and field.kind not in (Kind.PHONE, Kind.PROTOCOL)
)
"""What planning sees as it is stored, by the same name; who the patient is and the protocol's version need more."""
