"""What the API responds with: who is enrolled, what leaves, and what patients wrote."""

from __future__ import annotations

from typing import Any

from pydantic import Field as PydanticField
from pydantic import create_model

from notifier.domain.states import EnrollmentState, MessageState
from notifier.enrollments.fields import KEPT, Field, Kind
from notifier.web.api.timelines import Instant, ResponseModel


class _EnrollmentResponse(ResponseModel):
    enrollment: int
    version: str
    state: EnrollmentState
    reason: str | None
    enrolled_at: Instant


def _with_fields(model: type[_EnrollmentResponse]) -> type[_EnrollmentResponse]:
    """A response that has every field of the field table too."""
    said: dict[str, Any] = {one.name: (_type_of(one), PydanticField(description=f"{one.help}.")) for one in KEPT}
    return create_model(model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **said)


def _type_of(field: Field) -> Any:
    match field.kind:
        case Kind.INSTANT:
            return Instant | None
        case Kind.ANSWERS | Kind.LENGTHS:
            return dict[str, str]
        case Kind.FLAG:
            return bool
        case Kind.ZONE | Kind.LANGUAGE:
            return str
    return str if field.required else str | None


@_with_fields
class EnrollmentResponse(_EnrollmentResponse):
    """Who is enrolled on what."""


class MessageResponse(ResponseModel):
    """One text, and where it stands."""

    message: int
    enrollment: int
    external_id: str | None
    name: str
    phone: str
    step: str
    kind: str
    due_at: Instant | None
    timezone: str
    state: MessageState
    reason: str | None
    """Why it is in this state, or what it waits for."""
    text: str
    """What left, or what would leave."""
    sid: str | None
    attempts: int
    office: str | None


class NoteResponse(ResponseModel):
    """What staff wrote down about a patient; never sent."""

    note: int
    at: Instant
    by: str
    text: str


class EnrollmentWithMessages(EnrollmentResponse):
    """With every text, oldest first."""

    told: dict[str, str]
    """How the patient learnt each rule, by topic, or that nobody has told it."""
    notes: list[NoteResponse]
    """The latest first."""
    messages: list[MessageResponse]


class ExplainedResponse(MessageResponse):
    """With why it was, was not, or will be sent."""

    sentences: list[str]


class ReplyResponse(ResponseModel):
    """What a patient wrote."""

    reply: int
    phone: str
    at: Instant
    text: str
    media_count: int
    meaning: str
    urgent: bool
    closed_at: Instant | None
    office: str | None


class TaskResponse(ResponseModel):
    """A piece of work that needs a person."""

    task: str
    """Such as `text-17`: the text with that number."""
    what: str
    since: Instant
    urgent: bool
    enrollment: int | None
    name: str | None
    phone: str
    reply: int | None
    message: int | None
    step: str | None
    state: MessageState | None
    reason: str | None
    taken_by: str | None
    put_off_until: Instant | None


class TaskPageResponse(ResponseModel):
    """Some of it, and where the next page begins."""

    items: list[TaskResponse]
    next_page: str | None


class WithdrawnResponse(ResponseModel):
    """A planned text that does not leave."""

    message: int
    enrollment: int
    step: str
    was_due_at: Instant | None


class OptOutResponse(ResponseModel):
    """A number that is never texted again; with `dry_run`, that would not be."""

    phone: str
    dry_run: bool
    already: bool
    """It had opted out before."""
    texts: list[WithdrawnResponse]
    others: int
    """Planned texts for patients of other offices that do not leave either."""


class NeverTextResponse(ResponseModel):
    """A person who is never texted again, on whatever number; with `dry_run`, who would not be."""

    enrollment: int
    dry_run: bool
    already: bool
    """It was said before."""
    ends: list[int]
    """Enrollments of the same person that are cancelled."""
    ends_elsewhere: int
    """How many more there are, at offices whose patients this key does not see."""
    withdrawn: int
    """How many planned texts of `ends` do not leave."""


class PauseResponse(ResponseModel):
    """What is stopped until a person lets it go on; with `dry_run`, what would be."""

    protocol: str
    step: str | None
    dry_run: bool
    already: bool


class StaffReplyResponse(ResponseModel):
    """What a patient is answered; with `dry_run`, what would be."""

    message: int | None
    """None in a dry run."""
    enrollment: int
    reply: int
    dry_run: bool
    text: str
    segments: int
    encoding: str
    until: Instant
    """When it is no longer sent."""


class DayResponse(ResponseModel):
    """One local day of the clinic: what left on it, and what patients answered on it, each question once."""

    day: str
    sent: int
    delivered: int
    not_delivered: int
    asked: int
    fine: int
    question: int
    worse: int


class SilentResponse(ResponseModel):
    """A question that was asked twice, and nothing has come; nobody has to call."""

    message: int
    enrollment: int
    step: str
    asked_at: Instant | None


class DeliveryResponse(ResponseModel):
    """Some days up to today, the oldest first."""

    days: list[DayResponse]
    minutes_to_a_person: float | None
    """The median, from what needed a person to the one who took or closed it."""
    silent: list[SilentResponse]


class EnrollmentPage(ResponseModel):
    """The latest first."""

    items: list[EnrollmentResponse]
    next_page: str | None


class MessagePage(ResponseModel):
    """The first to leave first."""

    items: list[MessageResponse]
    next_page: str | None


class ReplyPage(ResponseModel):
    """The latest first."""

    items: list[ReplyResponse]
    next_page: str | None
