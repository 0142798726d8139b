"""What the API responds with when a patient is enrolled."""

from __future__ import annotations

from pydantic import Field

from notifier.domain.states import MessageState
from notifier.web.api.effects import EffectResponse
from notifier.web.api.timelines import Instant, PlannedTextResponse, ResponseModel, TimelineResponse


class StoredTextResponse(PlannedTextResponse):
    """A text of a timeline that is in the outbox."""

    message: int | None = Field(description="Null where it is not stored.")
    state: MessageState | None


class FirstTextResponse(ResponseModel):
    """The text that leaves at enrollment and says who writes; it is no step of the protocol."""

    message: int | None = Field(description="Null where it is not stored.")
    state: MessageState | None
    due_at: Instant
    due_local: Instant
    expires_at: Instant
    text: str
    segments: int
    encoding: str
    notes: list[str]


class EnrolledResponse(TimelineResponse):
    """What the patient will hear; with `dry_run`, what the patient would hear."""

    enrollment: int | None = Field(description="Null where it would be a new one.")
    already: bool
    """The patient was enrolled before; nothing was changed."""
    messages: list[StoredTextResponse]  # type: ignore[assignment]  # each says a little more than the preview's
    first_text: FirstTextResponse | None = Field(
        None, description="Null where the number is in a course already, and where it is switched off."
    )
    warnings: list[str]
    effect: EffectResponse | None = Field(
        None, description="Null only in a response from before an upgrade, given again."
    )
