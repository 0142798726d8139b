"""The patients as a list: looked for by words or narrowed, with the last text and the next one of each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from notifier.domain.states import EnrollmentState, MessageState
from notifier.oversight.patient_list import PatientQuery, patient_page
from notifier.oversight.patient_table import page_json
from notifier.web.api.callers import Reader
from notifier.web.api.requests import RequestBody
from notifier.web.api.route import keyed_router
from notifier.web.api.timelines import Instant, ResponseModel

router = keyed_router("patients")


class PatientSearchBody(RequestBody):
    """Whom to look for; what is left out narrows nothing. In a body, because addresses end up in logs."""

    words: Annotated[
        str,
        Field(
            max_length=120,
            description="Names in any order, a part of the number or a former one, your own id, the provider.",
            examples=["Doe, Jane", "0123"],
        ),
    ] = ""
    state: Annotated[EnrollmentState | None, Field(strict=False)] = None
    protocol: Annotated[str, Field(max_length=60)] | None = None
    provider: Annotated[str, Field(max_length=40, description="Whole, in any case.")] | None = None
    office: Annotated[str, Field(max_length=40)] | None = None
    unread: bool = Field(False, description="Only who wrote something that nobody has closed.")
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class PatientResponse(ResponseModel):
    """An enrollment, with the text that left last and the one that leaves next."""

    enrollment: int
    external_id: str | None
    name: str
    phone: str
    protocol: str
    provider: str | None
    office: str | None
    state: EnrollmentState
    unread: bool
    """The patient wrote something that nobody has closed."""
    last_text_step: str | None
    last_text_state: MessageState | None
    last_text_at: Instant | None
    next_text_step: str | None
    next_text_state: MessageState | None
    next_text_at: Instant | None
    found_by: Literal["name", "number", "external_id", "former_number", "provider"] | None
    """None where no words were looked for."""


class PatientListResponse(ResponseModel):
    """A page of fifty: who has something unread first, then the latest; what words find most surely before all."""

    many: int
    page: int
    pages: int
    patients: list[PatientResponse]


@router.post("/patients/search")
def search_patients(body: PatientSearchBody, caller: Reader) -> PatientListResponse:
    """Who is enrolled, by whatever is known of them; with an empty body everybody."""
    said = body.model_dump(exclude={"page", "words"})
    query = PatientQuery(words=body.words.strip(), **said)

    def ask(session: Session) -> PatientListResponse:
        return PatientListResponse.model_validate(page_json(patient_page(session, query, body.page)))

    return caller.read(ask)
