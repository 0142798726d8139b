"""The OpenAPI document says what the API really does: schemathesis makes up requests from it, good and bad ones."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import Engine, create_engine
from starlette.types import ASGIApp, Receive, Scope, Send

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.db.tables import StaffPhone
from notifier.subscriptions.happenings import Happening
from notifier.web.api.app import api_app
from notifier.web.context import WebContext
from schedules.catalogue import shipped
from tests.setups.changed import a_staff_member, moved_and_misinformed
from tests.setups.fakes import FakeClock
from tests.setups.gated import CRYO
from tests.setups.keys import KEYS
from tests.web.api.conftest import ANA, RULES, V1, Api, add_reader, open_program

OFFICE = WebContext(create_engine("sqlite://"), FakeClock(datetime(2026, 3, 6, tzinfo=UTC)), RULES, shipped(), KEYS)
DOCUMENT = api_app(OFFICE).openapi()
SCHEMA = schemathesis.openapi.from_dict(deepcopy(DOCUMENT))
for methods in SCHEMA.raw_schema["paths"].values():
    for operation in methods.values():
        del operation["security"]  # every request gets the key; what happens without is not made up


def on_this_machine(app: ASGIApp) -> ASGIApp:
    """Called from here, which schemathesis does not say."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": ("127.0.0.1", 9)}, receive, send)

    return called


OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
BOUNDED = settings(
    max_examples=5, phases=[Phase.generate], deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
"""To make up a body is the dear part; a failure is shown as it was found, for to make it small takes minutes."""
AT = "2026-03-06T13:30:00-05:00"
LIST = b'Date,Client,Phone\n12/01/2026,"Ruiz, Ana",2125550123\n'
GOOD = {
    "/enrollments": {**ANA, "name": "Eva Holm", "phone": "+12125550125", "answers": {}, "external_id": "e-1"},
    "/enrollments/search": {"phone": "+1 212 555 0123"},
    "/patients/search": {"words": "ruiz ana"},
    "/timeline": {"protocol": "microneedling", "appointment_at": "2026-03-09T10:00:00-04:00", "name": "Ana"},
    "/enrollments/{enrollment}/treated": {"at": AT},
    "/enrollments/{enrollment}/change": {"language": "es", "dry_run": True},
    "/enrollments/{enrollment}/no-show": {},
    "/enrollments/{enrollment}/cancel": {"reason": "moved away"},
    "/enrollments/{enrollment}/hold": {},
    "/enrollments/{enrollment}/resume": {},
    "/enrollments/{enrollment}/never-text": {"dry_run": True},
    "/enrollments/{enrollment}/consent-withdrawn": {"reason": "the patient said so at the desk"},
    "/enrollments/{enrollment}/informed": {"topics": ["makeup"], "informed": "card"},
    "/enrollments/{enrollment}/cleared": {"topic": "soaking", "at": "2026-03-06T14:05:00-05:00"},
    "/enrollments/{enrollment}/legal-hold": {},
    "/enrollments/{enrollment}/erase": {"dry_run": True},
    "/opt-outs": {"phone": "+12125550123"},
    "/protocols/{protocol}/pause": {"reason": "a typo", "dry_run": True},
    "/protocols/{protocol}/migrate": {"undo": True},
    "/protocols/{protocol}/correct": {"text": {"en": "{clinic}: no sun until {sun.until}. STOP to opt out."}},
    "/protocols/{protocol}/try": {"to": "+12125550171", "dry_run": True},
    "/mappings/{mapping}/try": {"file": b64encode(LIST).decode(), "services": {"Visit": "microneedling"}},
    "/replies/{reply}/reply": {"text": "Please call us."},
    "/replies/{reply}/pass-on": {"language": "es"},
}
BOOKED, HELD, GATED = 2, 3, 4
PLACE = {
    "enrollment": 1,
    "message": 1,
    "reply": 1,
    "protocol": "microneedling",
    "mapping": "day-list",
    "day": "2026-03-06",
    "month": "2026-03",
}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_documented(peopled: Api, path: str, method: str) -> None:
    """Status, media type, headers and body; what the document forbids is refused, and nothing breaks.

    What it allows may be refused too: whether a number can be called, or a day exists, no schema says.
    """
    operation = SCHEMA[path][method]
    asks_for_something = "parameters" in operation.definition.raw or "requestBody" in operation.definition.raw
    for mode in [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if asks_for_something else [])]:

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            validate(case, peopled, excluded_checks=[positive_data_acceptance])

        ask()


def test_every_address_that_takes_a_body_has_a_good_one_here() -> None:
    posted = {path.removeprefix(V1) for path, method in OPERATIONS if method == "post"}
    assert set() == posted ^ set(GOOD), "GOOD in this file and the addresses of the API differ"


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_good_request_is_answered_as_documented(peopled: Api, path: str, method: str) -> None:
    which = {"no-show": BOOKED, "resume": HELD, "erase": HELD, "cleared": GATED}.get(path.rpartition("/")[2], 1)
    if which == BOOKED:
        peopled.clock.pass_(days=3)  # her hour has come
    operation = SCHEMA[path][method]
    place: dict[str, Any] = {"path_parameters": {**PLACE, "enrollment": which}} if "{" in path else {}
    body: dict[str, Any] = (
        {"body": GOOD[path.removeprefix(V1)], "media_type": "application/json"} if method == "post" else {}
    )
    response = validate(operation.Case(**place, **body), peopled)
    assert response.status_code == (201 if path == f"{V1}/enrollments" and method == "post" else 200)


def test_what_other_programs_are_told_is_described_with_its_headers() -> None:
    assert [one.value for one in Happening] == list(DOCUMENT["webhooks"])
    told = DOCUMENT["webhooks"]["message.failed"]["post"]
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} == {one["name"] for one in told["parameters"]}
    assert ["2XX"] == list(told["responses"])
    assert "HTTPValidationError" not in str(DOCUMENT)


def test_a_file_is_read_through_a_mapping_and_nothing_is_remembered(peopled: Api) -> None:
    before = peopled.get("/enrollments").json()
    tried = peopled.post("/mappings/day-list/try", GOOD["/mappings/{mapping}/try"]).json()
    cells = tried["rows"][0]["cells"]
    assert ("Ana Ruiz", "microneedling", "2026-12-01T12:00-05:00") == tuple(
        cells[one] for one in ("name", "protocol", "appointment_at")
    )
    unsaid = peopled.post("/mappings/day-list/try", {"file": b64encode(LIST).decode()}).json()
    assert [{"what": "service", "word": "Visit", "rows": 1}] == unsaid["unknown"]
    assert before == peopled.get("/enrollments").json()


def test_every_address_needs_a_key(peopled: Api) -> None:
    peopled.key = ""
    answers = [peopled.client.request(method, re.sub(r"\{.*?\}", "1", path)) for path, method in OPERATIONS]
    assert [401] * len(OPERATIONS) == [response.status_code for response in answers]


def test_the_document_itself_needs_no_key_and_names_no_patient(peopled: Api) -> None:
    response = peopled.client.get(f"{V1}/openapi.json")
    assert (200, False) == (response.status_code, "Ruiz" in response.text)
    assert DOCUMENT == response.json()


def validate(case: Any, api: Api, **options: Any) -> Any:
    app = on_this_machine(api.app)
    return case.call_and_validate(base_url="http://127.0.0.1", headers=api.headers(), app=app, **options)


@pytest.fixture
def peopled(sqlite_engine: Engine, now: datetime) -> Iterator[Api]:
    """A clinic with patients: one was treated and wrote, one is booked, one held, and one has a gate."""
    with open_program(sqlite_engine, now, {"cryo": CRYO}) as api:
        api.enroll()
        booked = {**ANA, "name": "Bea Lund", "phone": "+12125550124", "appointment_at": "2026-03-09T10:00:00-04:00"}
        del booked["treated_at"]
        assert api.post("/enrollments", booked).json()["enrollment"] == BOOKED
        assert api.enroll(name="Cleo Marsh", phone="+12125550126") == HELD
        api.post(f"/enrollments/{HELD}/hold", {})
        assert api.enroll(name="Edna Wise", phone="+12125550127", protocol="cryo") == GATED
        with writing(api.engine) as session:
            receive(session, InboundText("SM1", "+12125550123", "is this normal?", now, 0), now)
            moved_and_misinformed(session, 1, shipped()["microneedling"], now)
            session.add(a_staff_member(1, now))
            session.flush()
            session.add(StaffPhone(staff_id=1, phone="+12125550171", asked_at=now, proved_at=now))
        add_reader(api.engine, now)
        yield api
