"""What a command does to a patient's texts: the effect that every door shows, and the lists that came before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from notifier.enrollments.effect import Effect, TextEffect, What
from notifier.web.api.timelines import Instant, ResponseModel


def _in_order(fields: dict[str, Any]) -> dict[str, Any]:
    """A response that is given again has been in the database, which keeps no order."""
    return {name: _in_order(value) if isinstance(value, dict) else value for name, value in sorted(fields.items())}


_Fields = Annotated[dict[str, Any], AfterValidator(_in_order)]


class TextEffectResponse(BaseModel):
    """What becomes of one text."""

    message: int | None
    step: str
    what: What
    was_due_at: Instant | None
    due_at: Instant | None = Field(description="When it leaves now; null where it does not.")
    text: str
    why: str


class OtherEffectResponse(BaseModel):
    """What becomes of the texts of another enrollment on the number."""

    enrollment: int
    texts: list[TextEffectResponse]


class CallResponse(BaseModel):
    """What somebody must tell a patient in person."""

    enrollment: int | None
    step: str
    why: str


class EffectResponse(BaseModel):
    """As `notifier … --json` prints it."""

    enrollment: int | None = Field(description="Null where it would be a new one.")
    already: bool = Field(description="It was done before; nothing changes.")
    before: _Fields = Field(description="Empty where the patient was not enrolled before.")
    after: _Fields
    texts: list[TextEffectResponse]
    others: list[OtherEffectResponse]
    others_elsewhere: int = Field(description="Others on the number at offices that this key may not see.")
    others_unplanned: bool = Field(description="Their texts stay as they are: a protocol version cannot be read.")
    on_their_way: list[str]
    opted_out: bool = Field(description="The number has opted out: whatever the texts say, none is sent.")
    unanswered: list[str]
    not_told: list[str]
    call_patient: list[CallResponse]


class EntryResponse(ResponseModel):
    """One text."""

    step: str
    message: int | None
    due_at: Instant | None
    why: str


class DifferenceResponse(ResponseModel):
    """What becomes of one enrollment's texts."""

    enrollment: int
    added: list[EntryResponse]
    passed: list[EntryResponse]
    """New, and their moment has passed: they will not be sent."""
    moved: list[EntryResponse]
    reworded: list[EntryResponse]
    cancelled: list[EntryResponse]
    expired: list[EntryResponse]
    wrong_now: list[EntryResponse]
    """Sent already, and wrong now: call the patient."""


class CommandResponse(DifferenceResponse):
    """What a command did; with `dry_run`, what it would do."""

    dry_run: bool
    already: bool = Field(description="It was done before; nothing changes.")
    withdrawn: list[str]
    on_their_way: list[str] = Field(description="Steps that may have left a moment ago.")
    nobody_tells: list[str] = Field(description="What the patient must be told in person now.")
    others: list[DifferenceResponse] = Field(description="Other enrollments on the phone whose texts change.")
    effect: EffectResponse


def command_response(effect: Effect, *, dry_run: bool) -> CommandResponse:
    """The effect as the API responds with it; `dry_run`: nothing was changed."""
    withdrawn = [text.step for text in effect.texts if text.what is What.WITHDRAWN]
    return CommandResponse(
        **_lists(effect.enrollment, effect.texts),
        dry_run=dry_run,
        already=effect.already,
        withdrawn=withdrawn,
        on_their_way=list(effect.on_their_way),
        nobody_tells=[f"enrollment {whose}: {step}" for whose, step in effect.nobody_tells],
        others=[DifferenceResponse(**_lists(other.enrollment, other.texts)) for other in effect.others],
        effect=EffectResponse.model_validate(effect.to_json()),
    )


def _lists(whose: int, texts: Iterable[TextEffect]) -> dict[str, Any]:
    lists: dict[str, list[EntryResponse]] = {
        name: [] for name in DifferenceResponse.model_fields if name != "enrollment"
    }
    for text in texts:
        lists["cancelled" if text.what is What.WITHDRAWN else text.what].append(EntryResponse.model_validate(text))
    return {"enrollment": whose, **lists}
