"""What the program itself says in one language: `language.toml` and `card.toml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schedules.languages.parts import LanguagePart, saying


class SegmentLimits(LanguagePart):
    """What a text should cost and may cost, in segments."""

    wanted: int
    """0: no such wish."""
    most: int
    """One more on a shared phone, where the longest name opens it."""
    catch_up: int
    """What a text may cost that says more than one end, such as a catch-up text."""
    own_letters: bool
    """Whether the language has letters that cut a segment from 160 to 70 characters."""


class FixedAnswers(LanguagePart):
    """Sent without a person."""

    unwatched: Annotated[str, saying("clinic", "phone")]
    """True at any hour, and to any words: it may take a while until a person reads what the patient wrote."""


class FirstWords(LanguagePart):
    """The text that leaves at enrollment: it says who writes and how to stop, and nothing of the treatment."""

    treated: Annotated[str, saying("clinic", "count", "until", "phone")]
    """After a treatment: how many texts come, and until which day."""
    booked: Annotated[str, saying("clinic", "phone")]
    """Before a visit: nobody knows yet how many come."""


class YesAndNoWords(LanguagePart):
    """How a file's cell says yes or no, as the whole cell; without accents, punctuation and case."""

    yes: tuple[str, ...] = Field(strict=False, min_length=1)
    no: tuple[str, ...] = Field(strict=False, min_length=1)


class ConsentWords(LanguagePart):
    """How a clinic's file says that a patient agreed to texts or did not; without accents, punctuation and case."""

    yes: tuple[str, ...] = Field(strict=False)
    """The whole cell, beside what says yes anywhere."""
    told: tuple[str, ...] = Field(strict=False)
    """A word anywhere in a cell that tells how the patient agreed, such as: signed."""
    no: tuple[str, ...] = Field(strict=False)
    """The whole cell, beside what says no anywhere."""
    begins: tuple[str, ...] = Field(strict=False, min_length=1)
    """Its first words."""
    has: tuple[str, ...] = Field(strict=False, min_length=1)
    """Words anywhere in it."""


class VisitWords(LanguagePart):
    """What booking systems call the state of a visit: the whole cell. What some use for another state is in none."""

    booked: tuple[str, ...] = Field(strict=False)
    treated: tuple[str, ...] = Field(strict=False)
    cancelled: tuple[str, ...] = Field(strict=False)
    no_show: tuple[str, ...] = Field(strict=False)


class ColumnWords(LanguagePart):
    """What a booking system calls the columns of its file: for each role a regular expression of the whole name,
    without accents and case. A proposal only; a person sees and corrects it."""

    first_name: str
    last_name: str
    client: str
    """What tells clients apart, such as a chart's number."""
    visit: str
    """What tells visits apart."""
    consent: str
    phone: str
    timezone: str
    minutes: str
    """How long the visit takes."""
    end: str
    status: str
    service: str
    provider: str
    office: str
    date: str
    time: str
    name: str
    never: str
    """Columns that look like one of them and are none, such as a date of birth."""


class StaffedTimes(LanguagePart):
    """When a person will be there, inside a text."""

    today: str
    later: Annotated[str, saying("day", "hour")]
    unknown: str
    """Nobody has said when the clinic is staffed."""


class Dates(LanguagePart):
    """How a day and an hour are said."""

    locale: str
    """Whose names of days and months (CLDR)."""
    day: str
    """A pattern of CLDR, such as `EEE MMM d`."""
    hour: str
    """The same, such as `h:mm a`."""
    hour_of_one: str
    """The same from one to two o'clock, which some languages say in another way."""
    noon: str
    """What noon is called: nobody is sure what "12:00 PM" is."""


class About(LanguagePart):
    """The language itself."""

    name: str
    """In English, as staff call it."""
    unasked: bool
    """Whether a protocol file with neither texts nor languages is in it."""
    dates: Dates
    segments: SegmentLimits
    answers: FixedAnswers
    staffed: StaffedTimes
    first: FirstWords
    yes_and_no: YesAndNoWords
    consent: ConsentWords
    visits: VisitWords
    columns: ColumnWords


class CardWords(LanguagePart):
    """What the card on paper says around a plan's texts."""

    treated: str
    appointment: str
    avoid: str
    when: str
    until: str
    """Between a rule and its end, on the card and in the ready words."""
    not_yet: str
    """What stands there for an end that nobody knows: staff will tell the patient."""
    no: Annotated[str, saying("topic")]
    """A rule on a topic without ready words."""
    questions: str
    other: str
    later: str
    way_out: str
    """How texts end; left out on paper, where nobody can answer."""
    ask: str
    """The question before the phone; left out where it ends a text."""
