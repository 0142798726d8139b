"""What the API accepts. Nothing is guessed: another type, or a field that does not exist, is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, create_model

from notifier.domain.instants import read_instant
from notifier.domain.names import LONGEST_NAME
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import Refused
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.fields import BY_NAME, CHANGEABLE, FIELDS, FILTERS, Kind
from notifier.enrollments.fields import Field as EnrollmentField
from notifier.enrollments.requests import EnrollRequest
from schedules.protocol import CareProtocol
from schedules.series import MOST_SESSIONS, SERIES

_LARGEST_NUMBER: Final = 2**31 - 1
_OFFSET: Final = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")

Number = Annotated[int, Path(ge=1, le=_LARGEST_NUMBER)]
"""An enrollment's or a message's."""
Limit = Annotated[int, Query(ge=1, le=200, description="How many on a page.")]
_NEXT: Final = "`next_page` of the response before."
NumberCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,10}$", description=_NEXT)]
"""Of a list that is ordered by number."""
MomentCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,16}-[0-9]{1,10}$", description=_NEXT)]
"""Of a list that is ordered by time, then by number."""
InstantText = Annotated[
    str,
    Field(
        min_length=1, max_length=40, examples=["2026-03-07T15:30:00-05:00"], json_schema_extra={"format": "date-time"}
    ),
]
_Phone = Annotated[str, Field(min_length=1, max_length=40, examples=["+12125550123", "(212) 555-0123"])]
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
_ExternalId = Annotated[str, Field(min_length=1, max_length=BY_NAME["external_id"].longest)]
_Office = Annotated[str, Field(max_length=40, description="Its id.", examples=["downtown"])]
_Zone = Annotated[str, Field(min_length=1, max_length=60, description="IANA name.", examples=["America/New_York"])]
_Answers = Annotated[dict[str, str], Field(max_length=30, examples=[{"shaves": "yes"}])]
_Lengths = Annotated[dict[str, Annotated[str, Field(max_length=20)]], Field(max_length=30, examples=[{"sun": "10d"}])]
_Session = Annotated[int, Field(ge=1, le=MOST_SESSIONS, examples=[2])]
_Reason = Annotated[str, Field(min_length=1, max_length=200, description="For the audit log; no names.")]
_TreatedAt = Annotated[InstantText | None, Field(description="The END of the treatment. This or `appointment_at`.")]
_AppointmentAt = Annotated[InstantText | None, Field(description="While the patient is not treated yet.")]


class RequestBody(BaseModel):
    """A body of this API."""

    model_config = ConfigDict(strict=True, extra="forbid")


_Body = TypeVar("_Body", bound=RequestBody)


class TimelineBody(RequestBody):
    """Whose timeline; nothing of it is stored."""

    protocol: Annotated[str, Field(max_length=60)]
    treated_at: _TreatedAt = None
    appointment_at: _AppointmentAt = None
    timezone: _Zone | None = Field(None, description="The clinic's unless said.")
    language: Annotated[str, Field(max_length=8)] | None = Field(None, description="The protocol's first unless said.")
    answers: _Answers = {}
    session: _Session | None = Field(None, description=f"{BY_NAME['session'].help}.")
    sessions: _Session | None = Field(None, description=f"{BY_NAME['sessions'].help}.")
    restrictions: _Lengths = Field({}, description=f"{BY_NAME['restrictions'].help}.")
    decided_by: Annotated[str, Field(max_length=BY_NAME["decided_by"].longest)] | None = Field(
        None, description=f"{BY_NAME['decided_by'].help}."
    )
    quiet_days: Annotated[str, Field(max_length=BY_NAME["quiet_days"].longest)] | None = Field(
        None, description=f"{BY_NAME['quiet_days'].help}."
    )
    name: _Name | None = None
    phone: _Phone | None = Field(
        None, description="Its area code may narrow the hours, and others on it may have taken the places of a day."
    )
    new_area_code: bool | None = Field(None, description=f"{BY_NAME['new_area_code'].help}.")
    provider: Annotated[str, Field(max_length=BY_NAME["provider"].longest)] | None = Field(
        None, description=f"{BY_NAME['provider'].help}."
    )
    rebook_consent: bool | None = None
    office: _Office | None = Field(None, description="The patient's, where the clinic has several.")
    enrolled_at: InstantText | None = Field(None, description="What has passed by then is not planned.")


def _with_fields(*, to_change: bool = False) -> Callable[[type[_Body]], type[_Body]]:
    """Give a body every field of the field table; one of a change may leave any out."""

    def with_fields(body: type[_Body]) -> type[_Body]:
        given: dict[str, Any] = {}
        for one in CHANGEABLE if to_change else FIELDS:
            about = Field(description=f"{one.help}.")
            if one.required and not to_change:
                given[one.name] = Annotated[_type_of(one, to_change), about], ...
            elif one.kind is Kind.ANSWERS and not to_change:
                given[one.name] = Annotated[_Answers, about], {}
            elif one.whole and one.kind is Kind.FLAG and not to_change:
                given[one.name] = Annotated[bool, about], False
            else:
                given[one.name] = Annotated[_type_of(one, to_change) | None, about], None
        return create_model(body.__name__, __base__=body, __module__=body.__module__, __doc__=body.__doc__, **given)

    return with_fields


def _type_of(field: EnrollmentField, to_change: bool) -> Any:
    """Strictly; an empty text takes back what is stored."""
    match field.kind:
        case Kind.NAME:
            return _Name
        case Kind.PHONE:
            return _Phone
        case Kind.INSTANT:
            return InstantText
        case Kind.ZONE:
            return _Zone
        case Kind.ANSWERS | Kind.LENGTHS:
            return _Answers if field.kind is Kind.ANSWERS else _Lengths
        case Kind.FLAG | Kind.NUMBER:
            return bool if field.kind is Kind.FLAG else _Session
        case Kind.CHOICE:
            return Literal[field.options]
    shortest = field.required or (field.kind is Kind.TEXT and not to_change)
    return Annotated[str, Field(min_length=int(shortest), max_length=field.longest)]


_FILTERS: Final[dict[str, Any]] = {
    one.name: (str | None, Query(None, min_length=1, max_length=one.longest, description=f"{one.help}; in any case."))
    for one in FILTERS
}
Filters = create_model("Filters", **_FILTERS)
"""What a list of enrollments can be asked for beside their state and protocol."""


class CommandBody(RequestBody):
    """A command that says all by its address."""

    dry_run: bool = Field(False, description="Say what would change, and change nothing.")


@_with_fields()
class EnrollBody(CommandBody):
    """One patient on one protocol."""

    def request(self) -> EnrollRequest:
        """As the use case takes it. Raises Refused."""
        values = self.model_dump(exclude={"dry_run"})
        anchor = one_anchor(values.pop("treated_at"), values.pop("appointment_at"))
        values |= {name: number_text(values[name]) for name in SERIES}
        return EnrollRequest(**values, treated_at=anchor[0], appointment_at=anchor[1])


class SearchBody(RequestBody):
    """Whom to look for. In a body, because addresses end up in logs."""

    external_id: _ExternalId | None = None
    phone: _Phone | None = None


class ReasonBody(CommandBody):
    """Cancel or hold."""

    reason: _Reason | None = None


class OptOutBody(CommandBody):
    """Whose number. In a body, because addresses end up in logs."""

    phone: _Phone


class PauseBody(CommandBody):
    """What is to stop, and why."""

    reason: _Reason
    step: Annotated[str, Field(max_length=60, description="One step of it; all unless said.")] | None = None


class ReplyBody(CommandBody):
    """What the patient shall read; the clinic's name stands in front of it."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    after: Annotated[int, Field(ge=0, description="The last reply by staff that you have seen; 0: none.")] = 0
    take_over: Annotated[bool, Field(description="Also where somebody has taken the message.")] = False


class TreatedBody(CommandBody):
    """The patient was treated."""

    at: InstantText = Field(description="The END of the treatment.")


class InformedBody(CommandBody):
    """What a person told the patient."""

    topics: list[Annotated[str, Field(max_length=40)]] = Field([], max_length=40, description="All unless said.")
    informed: Literal[BY_NAME["informed"].options] = Field(  # type: ignore[valid-type]  # the table of fields has them
        "yes", description="card: the patient has it in writing."
    )


class ClearedBody(CommandBody):
    """What staff say of a restriction that holds until it is cleared."""

    topic: Annotated[str, Field(min_length=1, max_length=40, description="The restriction.")]
    at: InstantText | None = Field(None, description="Since when; now unless said.")
    take_back: bool = Field(False, description="It was marked by mistake; refused once the patient was told.")


@_with_fields(to_change=True)
class ChangeBody(CommandBody):
    """What is different now; what is left out stays."""

    def request(self, protocols: Mapping[str, CareProtocol]) -> ChangeRequest:
        """As the use case takes it. Raises Refused, also where it says nothing."""
        said: dict[str, Any] = {}
        for one in CHANGEABLE:
            value = getattr(self, one.name)
            if value is not None and one.kind is Kind.INSTANT:
                value = instant(value, one.name)
            elif value is not None and one.kind is Kind.PROTOCOL:
                value = find_protocol(value, protocols)
            elif one.kind is Kind.NUMBER:
                value = number_text(value)
            said[one.name] = value
        changes = ChangeRequest(**said)
        if changes == ChangeRequest():
            raise Refused("say what to change, such as phone", "the body")
        return changes


def number_text(number: int | None) -> str | None:
    """A number as it would be typed."""
    return None if number is None else str(number)


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
