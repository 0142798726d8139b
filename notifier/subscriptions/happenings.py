"""What other programs can subscribe to, and which of our own rows say that it happened."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from notifier.domain.states import MessageState


class Happening(StrEnum):
    """The `type` of an outgoing webhook. Its value is a name that others rely on."""

    ENROLLED = "enrollment.created"
    SENT = "message.sent"
    ARRIVED = "message.delivered"
    FAILED = "message.failed"
    WITHHELD = "message.withheld"
    URGENT = "reply.urgent"
    WORSE = "reply.worse"
    OPTED_OUT = "patient.opted_out"


MEANINGS: Final = MappingProxyType(
    {
        Happening.ENROLLED: "A patient was enrolled",
        Happening.SENT: "A text left: the provider has it",
        Happening.ARRIVED: "A text arrived",
        Happening.FAILED: "A text was refused, or did not arrive",
        Happening.WITHHELD: "A text was not sent: too late, or the patient has opted out",
        Happening.URGENT: "A patient wrote words of an emergency",
        Happening.WORSE: "A patient answered 3, the worst answer of a question",
        Happening.OPTED_OUT: "A patient wants no more texts",
    }
)
"""Each for a person who chooses."""
WORST: Final = "3"
"""The digit of the answer that needs a person."""
_BY_STATE: Final = MappingProxyType(
    {
        MessageState.ACCEPTED: Happening.SENT,
        MessageState.DELIVERED: Happening.ARRIVED,
        MessageState.FAILED: Happening.FAILED,
        MessageState.UNDELIVERED: Happening.FAILED,
        MessageState.EXPIRED: Happening.WITHHELD,
        MessageState.SUPPRESSED: Happening.WITHHELD,
    }
)


def of_event(what: str, to_state: str | None) -> Happening | None:
    """What a row of the events says has happened, if anything that others hear of."""
    if what == "state" and to_state is not None:
        return _BY_STATE.get(MessageState(to_state))
    return {"enrolled": Happening.ENROLLED, "opted_out": Happening.OPTED_OUT}.get(what)


def of_reply(*, urgent: bool, choice: str | None) -> Happening | None:
    """What a reply says has happened; an urgent answer is urgent."""
    if urgent:
        return Happening.URGENT
    return Happening.WORSE if choice == WORST else None
