"""What the API responds with: a timeline, planned or as it stands in the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

Instant = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""ISO 8601 with its offset."""


class ResponseModel(BaseModel):
    """A part of a response, read from rows and lines of the same names."""

    model_config = ConfigDict(from_attributes=True)


class RestrictionResponse(ResponseModel):
    """What the patient should not do, and until when."""

    topic: str
    until: Instant | None


class PlannedTextResponse(ResponseModel):
    """A text as it would leave."""

    step: str
    kind: str
    topics: list[str]
    due_at: Instant | None
    """None where no hour is left for it: tell the patient in person."""
    due_local: Instant | None
    not_before: Instant | None
    expires_at: Instant | None
    text: str
    segments: int
    encoding: str
    notes: list[str]


class LeftOutResponse(ResponseModel):
    """A step of which this patient gets no text."""

    step: str
    why: str


class TimelineResponse(ResponseModel):
    """Every text that one patient would get, oldest first."""

    protocol: str
    version: str
    treated_at: Instant | None
    appointment_at: Instant | None = None
    timezone: str
    restrictions: list[RestrictionResponse]
    messages: list[PlannedTextResponse]
    unanswered: list[str]
    left_out: list[LeftOutResponse]
