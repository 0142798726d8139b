"""Texts in FHIR's words: what is planned is a CommunicationRequest, what became of the others a Communication."""

from __future__ import annotations

from typing import Any, Final

from notifier.domain.states import MessageState
from notifier.web.api.responses import MessageResponse
from notifier.web.api.timelines import Instant

_MEDIUM: Final = [
    {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", "code": "SMSWRIT"}]}
]
_BECAME: Final = {
    MessageState.ATTEMPTING: "in-progress",
    MessageState.UNKNOWN: "unknown",
    MessageState.NEEDS_REVIEW: "unknown",
    MessageState.ACCEPTED: "in-progress",
    MessageState.SENT: "in-progress",
    MessageState.DELIVERED: "completed",
    MessageState.UNDELIVERED: "not-done",
    MessageState.FAILED: "not-done",
    MessageState.EXPIRED: "not-done",
    MessageState.CANCELLED: "not-done",
    MessageState.SUPPRESSED: "not-done",
}
_WHY_NOT: Final = {
    MessageState.UNDELIVERED: "the carrier did not deliver it",
    MessageState.FAILED: "it could not be sent",
    MessageState.EXPIRED: "it was no longer useful",
    MessageState.CANCELLED: "it was withdrawn before it left",
    MessageState.SUPPRESSED: "the number has opted out",
}


class TextOfPatient(MessageResponse):
    """A text, with what FHIR says of it beside."""

    patient: int
    """What the patient is called here: the number of the first enrollment."""
    left_at: Instant | None
    waits: bool

    @property
    def is_planned(self) -> bool:
        """Whether it is yet to leave."""
        return self.state is MessageState.PLANNED


def text_resource(text: TextOfPatient) -> dict[str, Any]:
    """The text as a resource."""
    resource = _request(text) if text.is_planned else _communication(text)
    who = {"reference": f"Patient/{text.patient}"}
    return resource | {
        "id": str(text.message),
        "basedOn": [{"reference": f"CarePlan/{text.enrollment}"}],
        "category": [{"text": text.kind}],
        "medium": _MEDIUM,
        "subject": who,
        "recipient": [who],
        "payload": [{"contentString": text.text}],
    }


def _request(text: TextOfPatient) -> dict[str, Any]:
    due = {} if text.due_at is None else {"occurrenceDateTime": text.due_at.isoformat()}
    why = {"statusReason": {"text": text.reason}} if text.reason else {}
    status = "on-hold" if text.waits else "active"
    return {"resourceType": "CommunicationRequest", "status": status, **why, **due}


def _communication(text: TextOfPatient) -> dict[str, Any]:
    left = {} if text.left_at is None else {"sent": text.left_at.isoformat()}
    reason = _WHY_NOT.get(text.state)
    if reason and text.reason:
        reason = f"{reason}: {text.reason}"
    why = {"statusReason": {"text": reason}} if reason else {}
    return {"resourceType": "Communication", "status": _BECAME[text.state], **why, **left}
