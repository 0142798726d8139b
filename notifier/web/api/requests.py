"""What other programs may send. Nothing is guessed: another type, or a field that does not exist, is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from notifier.domain.instants import read_instant
from notifier.domain.names import LONGEST_NAME
from notifier.domain.refused import Refused
from notifier.enrollments.requests import LONGEST_CONSENT, LONGEST_EXTERNAL_ID, EnrollRequest

_LARGEST_NUMBER: Final = 2**31 - 1
_OFFSET: Final = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")

Number = Annotated[int, Path(ge=1, le=_LARGEST_NUMBER)]
"""An enrollment's or a message's."""
Limit = Annotated[int, Query(ge=1, le=200, description="How many on a page.")]
_NEXT: Final = "`next_page` of the answer before."
NumberMark = Annotated[str | None, Query(pattern=r"^[0-9]{1,10}$", description=_NEXT)]
"""Of a list that is ordered by number."""
MomentMark = Annotated[str | None, Query(pattern=r"^[0-9]{1,16}-[0-9]{1,10}$", description=_NEXT)]
"""Of a list that is ordered by time, then by number."""
InstantText = Annotated[
    str,
    Field(
        min_length=1, max_length=40, examples=["2026-03-07T15:30:00-05:00"], json_schema_extra={"format": "date-time"}
    ),
]
_Phone = Annotated[str, Field(min_length=1, max_length=40, examples=["+12125550123", "(212) 555-0123"])]
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
_ExternalId = Annotated[str, Field(min_length=1, max_length=LONGEST_EXTERNAL_ID)]
_Office = Annotated[str, Field(max_length=40, description="Its id.", examples=["downtown"])]
_Zone = Annotated[str, Field(min_length=1, max_length=60, description="IANA name.", examples=["America/New_York"])]
_Answers = Annotated[dict[str, str], Field(max_length=30, examples=[{"shaves": "yes"}])]
_Reason = Annotated[str, Field(min_length=1, max_length=200, description="For the record; no names.")]
_TreatedAt = Annotated[InstantText | None, Field(description="The END of the treatment. This or `appointment_at`.")]
_AppointmentAt = Annotated[InstantText | None, Field(description="While she is not treated yet.")]


class Asked(BaseModel):
    """A body of this API."""

    model_config = ConfigDict(strict=True, extra="forbid")


class TimelineAsked(Asked):
    """Whose timeline; nothing of it is stored."""

    protocol: Annotated[str, Field(max_length=60)]
    treated_at: _TreatedAt = None
    appointment_at: _AppointmentAt = None
    timezone: _Zone | None = Field(None, description="The clinic's unless said.")
    language: Annotated[str, Field(max_length=8)] | None = Field(None, description="The protocol's first unless said.")
    answers: _Answers = {}
    name: _Name | None = None
    phone: _Phone | None = Field(
        None, description="Its area code may narrow the hours, and others on it may have taken the places of a day."
    )
    rebook_consent: bool | None = None
    office: _Office | None = Field(None, description="Hers, where the clinic has several.")
    enrolled_at: InstantText | None = Field(None, description="What has passed by then is not planned.")


class EnrollAsked(Asked):
    """One patient on one protocol."""

    name: _Name
    phone: _Phone
    protocol: Annotated[str, Field(max_length=60)]
    consent: Annotated[str, Field(min_length=1, max_length=LONGEST_CONSENT, examples=["signed form"])]
    treated_at: _TreatedAt = None
    appointment_at: _AppointmentAt = None
    timezone: _Zone | None = Field(None, description="The clinic's unless said.")
    language: Annotated[str, Field(max_length=8)] | None = Field(None, description="The protocol's first unless said.")
    answers: _Answers = {}
    rebook_consent: bool = False
    external_id: _ExternalId | None = Field(None, description="Your own id; it enrolls once.")
    second: bool = Field(False, description="A second treatment of the same day, on the same protocol.")
    separate_areas: bool = Field(False, description="Her earlier treatments were on other areas.")
    office: _Office | None = Field(None, description="Hers, where the clinic has several; the only one unless said.")

    def request(self) -> EnrollRequest:
        """As the story takes it. Raises Refused."""
        treated_at, appointment_at = one_anchor(self.treated_at, self.appointment_at)
        values = self.model_dump(exclude={"treated_at", "appointment_at"})
        return EnrollRequest(**values, treated_at=treated_at, appointment_at=appointment_at)


class SearchAsked(Asked):
    """Whom to look for. In a body, because addresses end up in logs."""

    external_id: _ExternalId | None = None
    phone: _Phone | None = None


class _Decided(Asked):
    dry_run: bool = Field(False, description="Say what would change, and change nothing.")


class EndAsked(_Decided):
    """No-show or resume."""


class ReasonAsked(_Decided):
    """Cancel or hold."""

    reason: _Reason | None = None


class TreatedAsked(_Decided):
    """She was treated."""

    at: InstantText = Field(description="The END of the treatment.")


class ChangeAsked(_Decided):
    """What is different now; what is left out stays."""

    name: _Name | None = None
    phone: _Phone | None = None
    timezone: _Zone | None = None
    language: Annotated[str, Field(max_length=8)] | None = None
    answers: _Answers | None = Field(None, description="Those that are new or different.")
    treated_at: InstantText | None = None
    appointment_at: InstantText | None = None
    protocol: Annotated[str, Field(max_length=60)] | None = Field(None, description="Another, or its present version.")
    rebook_consent: bool | None = None
    office: _Office | None = Field(None, description="Whose name, hours and sender her texts have from now on.")


def instant(text: str, field: str) -> datetime:
    """The instant (UTC) that is meant. Raises Refused where it is none, or none without knowing the place."""
    at = read_instant(text, "UTC", field)
    if not _OFFSET.search(text.strip()):
        raise Refused(f'{field} "{text.strip()}" has no offset from UTC; write it like 2026-03-07T15:30-05:00', field)
    return at


def one_anchor(treated_at: str | None, appointment_at: str | None) -> tuple[datetime | None, datetime | None]:
    """The end of the treatment, or the appointment. Raises Refused for both and for neither."""
    if (treated_at is None) == (appointment_at is None):
        raise Refused("say one of treated_at (the END of the treatment) and appointment_at", "treated_at")
    return (
        None if treated_at is None else instant(treated_at, "treated_at"),
        None if appointment_at is None else instant(appointment_at, "appointment_at"),
    )
