"""Whoever is shown a patient, on whatever page, is in the audit log before the page is handed over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import Engine, func, select, update
from sqlmodel import col

from notifier.access.api_keys import add_key
from notifier.db.engine import reading, writing
from notifier.db.tables import AuditShown, Enrollment, Message, Scope, StaffAudit
from notifier.domain.states import MessageState
from notifier.web.api.app import api_router
from notifier.web.pages.routes import PAGES
from tests.web.pages.conftest import ANA, Pages, open_pages, words

LEE = "+12125550145"
NAMES = {1: "Ana Ruiz", 2: "Lee Okafor"}
VALUES = {
    "enrollment": "1", "message": "1", "reply": "1", "number": "1", "protocol": "microneedling", "language": "en",
    "which": "next-24-hours", "account": "1", "key": "1", "session": "1",
}  # fmt: skip
FORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/patients/1/change", {"what": "cancel"}),
    ("/patients/1/reply", {"words": "Come by today."}),
    ("/replies/1/close", {"texts": "end"}),
    ("/replies/1/release", {}),
)
"""Forms that show a patient before anything is done."""


@pytest.fixture
def desk(sqlite_engine: Engine, now: datetime) -> Iterator[Pages]:
    """Dana, an admin; Ana, who has written, and Lee, whose text did not arrive."""
    with open_pages(sqlite_engine, now) as pages:
        pages.client.app.include_router(api_router(pages.context))  # type: ignore[attr-defined]  # it is a FastAPI
        pages.account(admin=True)
        pages.enroll()
        pages.enroll(name=NAMES[2], phone=LEE)
        pages.says("is this normal?", ANA)
        with writing(sqlite_engine) as session:
            bounced = update(Message).where(col(Message.enrollment_id) == 2, col(Message.step) == "today")
            session.execute(bounced.values(state=MessageState.UNDELIVERED, left_at=now))
        assert 303 == pages.sign_in().status_code
        yield pages


def recorded(pages: Pages, after: int) -> set[int]:
    """The enrollments that entries with a higher number are about."""
    with reading(pages.engine) as session:
        single = select(col(StaffAudit.enrollment_id)).where(col(StaffAudit.id) > after)
        listed = select(col(AuditShown.enrollment_id)).where(col(AuditShown.entry_id) > after)
        return {one for one in (*session.scalars(single), *session.scalars(listed)) if one is not None}


def latest(pages: Pages) -> int:
    with reading(pages.engine) as session:
        return session.scalar(select(func.max(col(StaffAudit.id)))) or 0


def test_no_page_names_a_patient_without_an_entry_in_the_audit_log(desk: Pages) -> None:
    seen_on: dict[str, set[int]] = {}
    with reading(desk.engine) as session:
        assert [*NAMES.values()] == session.scalars(select(col(Enrollment.name)).order_by(col(Enrollment.id))).all()
    paths = [
        re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: VALUES.get(part[1], "1"), one.path)
        for one in PAGES
        if one.method == "GET"
    ]
    token = desk.token()
    for path, form in [*((path, None) for path in paths), *FORMS]:
        desk.context.looks._shown.clear()  # as if everybody had been off the page for long
        before = latest(desk)
        answer = desk.get(path) if form is None else desk.client.post(path, data={"form": token, **form})
        named = {number for number, name in NAMES.items() if name in words(answer)}
        if answer.headers.get("content-type", "").startswith("text/calendar"):
            named = {1}  # it names nobody, and is hers
        assert (path, set()) == (path, named - recorded(desk, before))
        if named:
            seen_on[path] = named
    assert seen_on.keys() >= {"/", "/replies", "/patients/1", "/patients/1/card", "/tasks", *dict(FORMS)} - {
        "/replies/1/close", "/replies/1/release"
    }  # fmt: skip
    assert {1, 2} == seen_on["/"] == seen_on["/patients"]


def test_a_program_is_recorded_with_every_patient_that_it_reads(desk: Pages) -> None:
    with writing(desk.engine) as session:
        key = add_key(session, "EHR", tuple(Scope), now=desk.clock.now(), by="test")
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "EHR-Bridge/2.1"}
    for path, whose in {"/enrollments": {1, 2}, "/enrollments/2": {2}, "/messages": {1, 2}, "/messages/1": {1}}.items():
        before = latest(desk)
        assert 200 == desk.client.get(f"/api/v1{path}", headers=headers).status_code
        assert (path, whose) == (path, recorded(desk, before))
        before = latest(desk)
        desk.client.get(f"/api/v1{path}", headers=headers)  # asked again a moment later
        assert (path, set()) == (path, recorded(desk, before))
    with reading(desk.engine) as session:
        (one,) = session.scalars(select(StaffAudit).where(col(StaffAudit.about) == "GET /api/v1/enrollments"))
        assert ("api:EHR", "127.0.0.1", "EHR-Bridge/2.1") == (one.by, one.address, one.device)


def test_wrong_keys_are_in_the_audit_log_until_they_are_turned_away_unread(desk: Pages) -> None:
    for _ in range(22):
        desk.client.get("/api/v1/enrollments", headers={"Authorization": f"Bearer nk_{'x' * 43}"})
    with reading(desk.engine) as session:
        found = session.scalars(select(StaffAudit).where(col(StaffAudit.about) == "a wrong API key")).all()
    assert [("nobody", "refused", "127.0.0.1")] * 20 == [(one.by, one.what, one.address) for one in found]
