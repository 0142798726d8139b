"""What the API responds with when a patient is enrolled."""

from __future__ import annotations

from pydantic import Field

from notifier.domain.states import MessageState
from notifier.web.api.effects import EffectResponse
from notifier.web.api.timelines import PlannedTextResponse, TimelineResponse


class StoredTextResponse(PlannedTextResponse):
    """A text of a timeline that is in the outbox."""

    message: int | None = Field(description="Null where it is not stored.")
    state: MessageState | None


class EnrolledResponse(TimelineResponse):
    """What the patient will hear; with `dry_run`, what the patient would hear."""

    enrollment: int | None = Field(description="Null where it would be a new one.")
    already: bool
    """The patient was enrolled before; nothing was changed."""
    messages: list[StoredTextResponse]  # type: ignore[assignment]  # each says a little more than the preview's
    warnings: list[str]
    effect: EffectResponse | None = Field(
        None, description="Null only in a response from before an upgrade, given again."
    )
