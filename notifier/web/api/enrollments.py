"""Who is enrolled: a page at a time, one with all its texts, or by what must not stand in an address."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy.orm import Session

from notifier.conversations.notes import notes_on
from notifier.db.enrollments import by_id
from notifier.db.pagination import enrollment_page
from notifier.db.tables import Enrollment
from notifier.domain.phone import parse_phone
from notifier.domain.protocol_choice import check_field
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState
from notifier.enrollments.field_values import stored
from notifier.enrollments.fields import KEPT
from notifier.oversight import forecast
from notifier.oversight.informed import informed_of
from notifier.web.api.callers import Reader
from notifier.web.api.pagination import parse_number_cursor
from notifier.web.api.problems import Problem
from notifier.web.api.requests import Filters, Limit, Number, NumberCursor, SearchBody
from notifier.web.api.responses import EnrollmentPage, EnrollmentResponse, EnrollmentWithMessages, NoteResponse
from notifier.web.api.route import keyed_router

_MOST_FOUND = 200
router = keyed_router("enrollments")


@router.get("/enrollments")
def list_enrollments(
    caller: Reader,
    state: EnrollmentState | None = None,
    protocol: str | None = None,
    limit: Limit = 50,
    page: NumberCursor = None,
    filters: Annotated[BaseModel | None, Depends(Filters)] = None,
) -> EnrollmentPage:
    """Who is enrolled, the latest first."""
    where = {name: value for name, value in (("state", state), ("protocol", protocol)) if value is not None}
    said = filters.model_dump(exclude_none=True) if filters else {}
    return caller.read(lambda session: _page(session, where, parse_number_cursor(page), limit, said))


@router.post("/enrollments/search")
def search(body: SearchBody, caller: Reader) -> EnrollmentPage:
    """By your own id, or by number; the latest first, at most 200."""
    where = {name: value for name, value in body.model_dump().items() if value is not None}
    if not where:
        raise Refused("say external_id or phone", "phone")
    if body.phone:
        where["phone"] = check_field("phone", partial(parse_phone, vouched=True), body.phone).e164
    return caller.read(lambda session: _page(session, where, None, _MOST_FOUND))


@router.get("/enrollments/search", include_in_schema=False)
def refuse_search_by_get() -> None:
    """Or `search` would be read as the number of an enrollment, which it is not, and the answer be 422."""
    raise HTTPException(405)


@router.get("/enrollments/{enrollment}")
def show_enrollment(enrollment: Number, caller: Reader) -> EnrollmentWithMessages:
    """One enrollment and every text of it, oldest first."""

    def query(session: Session) -> EnrollmentWithMessages:
        stored_row = the_enrollment(session, enrollment)
        response = enrollment_response(stored_row)
        texts, told = forecast.show(session, enrollment), informed_of(session, stored_row)
        notes = [
            NoteResponse(note=one.id or 0, at=one.at, by=one.by, text=one.text)
            for one in notes_on(session, stored_row, caller.context.rules.yours)
        ]
        return EnrollmentWithMessages.model_validate(
            {**response.model_dump(), "told": told, "notes": notes, "messages": texts}
        )

    return caller.read(query, whose=lambda one: one.enrollment)


def the_enrollment(session: Session, enrollment: int) -> Enrollment:
    """The row of this number. Raises Problem (404) where there is none."""
    found = by_id(session, enrollment)
    if found is None:
        raise Problem(404, f"There is no enrollment {enrollment}.")
    return found


def _page(
    session: Session,
    where: dict[str, Any],
    before: int | None,
    limit: int,
    said: dict[str, str] | None = None,
) -> EnrollmentPage:
    found = enrollment_page(session, where, in_any_case=said, before=before, limit=limit + 1)
    items = [enrollment_response(one) for one in found[:limit]]
    return EnrollmentPage(items=items, next_page=str(items[-1].enrollment) if len(found) > limit else None)


def enrollment_response(one: Enrollment) -> EnrollmentResponse:
    """The row as the API responds with it."""
    said = {field.name: stored(field, one) for field in KEPT}
    return EnrollmentResponse.model_validate(
        {"enrollment": one.id, "version": one.version, "state": one.state, "reason": one.reason}
        | {"enrolled_at": one.enrolled_at, **said}
    )
