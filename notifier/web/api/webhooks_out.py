"""What other programs are told, in the OpenAPI document: nothing of it is an address here."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field

from notifier.subscriptions.happenings import MEANINGS
from notifier.web.api.requests import InstantText

_SIGNED: Final = (
    "Posted to an endpoint that was added with `notifier webhooks add`, or on the page: signed after the Standard "
    "Webhooks convention, in order for a patient, at least once, and again for three days until the status is 2xx. "
    "410 ends it."
)
_DETAIL: Final = "Only where the endpoint was given details."


class HappeningData(BaseModel):
    """About whom and what; what does not apply, or was forgotten meanwhile, is left out."""

    enrollment: int | None = None
    message: int | None = None
    reply: int | None = None
    external_id: str | None = None
    protocol: str | None = None
    office: str | None = None
    step: str | None = None
    kind: str | None = None
    name: Annotated[str | None, Field(description=_DETAIL)] = None
    phone: Annotated[str | None, Field(description=_DETAIL)] = None
    text: Annotated[str | None, Field(description=_DETAIL)] = None


class HappeningBody(BaseModel):
    """One thing that happened."""

    type: Annotated[str, Field(description="What happened, as this webhook is called.")]
    timestamp: InstantText
    data: HappeningData


def _heard(
    body: HappeningBody,
    webhook_id: Annotated[str, Header(description="The same for every try: remember it.")],
    webhook_timestamp: Annotated[str, Header(description="Seconds since 1970.")],
    webhook_signature: Annotated[str, Header(description="v1, and the signature; several are set apart by blanks.")],
) -> None:
    """Never called: the other program answers."""


def document_webhooks(router: APIRouter) -> None:
    """Describe each on a router that is served nowhere."""
    taken: dict[int | str, dict[str, Any]] = {"2XX": {"description": "It was taken."}}
    for happening, meaning in MEANINGS.items():
        router.add_api_route(
            happening.value, _heard, methods=["POST"], summary=meaning, description=_SIGNED, tags=["webhooks"],
            operation_id=happening.value, responses=taken,
        )  # fmt: skip
