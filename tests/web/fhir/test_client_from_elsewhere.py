"""A client that is not ours (fhirpy) books, treats and reads, over a socket."""

from __future__ import annotations

from datetime import datetime

import httpx2
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome
from sqlalchemy import Engine

from notifier.db.tables import Enrollment
from notifier.domain.states import EnrollmentState
from notifier.web.fhir.app import fhir_router
from tests.web.api.conftest import open_program
from tests.web.fhir.resources import APPOINTMENT, CONSENT, PATIENT, PROCEDURE, transaction
from tests.web.pages.browsing import served


def test_a_visit_is_booked_moved_treated_and_read_and_another_called_off(sqlite_engine: Engine, now: datetime) -> None:
    with open_program(sqlite_engine, now) as api:
        api.app.include_router(fhir_router(api.context))
        with served(api.app) as home:
            client = SyncFHIRClient(f"{home}/fhir/R4", authorization=f"Bearer {api.key}")
            said = CapabilityStatement.model_validate(client.execute("metadata", method="get"))
            assert ("4.0.1", ["server"]) == (said.fhirVersion, [one.mode for one in said.rest or ()])

            booked = client.execute("", data=transaction(PATIENT, CONSENT, APPOINTMENT))
            assert ["200", "200", "201"] == [one["response"]["status"] for one in booked["entry"]]
            plan = client.get("CarePlan", booked["entry"][2]["response"]["location"].partition("/")[2])
            assert ("active", "Ana Ruiz", [{"value": "visit-1"}]) == (
                plan["status"], plan["subject"]["display"], plan["identifier"],
            )  # fmt: skip
            one = api.all(Enrollment)[0]
            assert (EnrollmentState.BOOKED, "+12125550123", "es", "Signed form", "Dr. Kim") == (
                one.state, one.phone, one.language, one.consent, one.provider,
            )  # fmt: skip

            moved = {**APPOINTMENT, "start": "2026-03-09T15:00:00-04:00"}
            client.execute("", data=transaction(PATIENT, CONSENT, moved))
            assert "2026-03-09" == api.all(Enrollment)[0].treated_on.isoformat()

            api.clock.pass_(days=4, hours=2)
            client.resource("Procedure", **PROCEDURE).save()
            planned = client.resources("CommunicationRequest").search(patient=plan["subject"]["reference"]).fetch()
            assert planned
            assert {"active"} == {one["status"] for one in planned}
            first = min(planned, key=lambda one: str(one["occurrenceDateTime"]))
            assert "Lakeside Skin: no use maquillaje" in first["payload"][0]["contentString"]
            paged = client.resources("CommunicationRequest").search(patient=plan["subject"]["reference"]).limit(2)
            assert [one["id"] for one in planned] == [one["id"] for one in paged.fetch_all()], "it follows `next`"
            behind = {"Host": "desk.example", "X-Forwarded-Proto": "https", "Authorization": f"Bearer {api.key}"}
            asked = "/fhir/R4/CommunicationRequest?patient=1&status=active&_count=2"
            page = httpx2.get(f"{home}{asked}", headers=behind).json()
            assert [("self", f"https://desk.example{asked}"), ("next", f"https://desk.example{asked}&_offset=2")] == [
                (one["relation"], one["url"]) for one in page["link"]
            ], "absolute, by the name and the scheme that the proxy was asked for"

            inside = [{**PATIENT, "id": "p", "telecom": [{"system": "sms", "value": "+12125550177"}]}, CONSENT]
            inside[1] = {**CONSENT, "patient": {"reference": "#p"}}
            other = client.resource("Appointment", **{
                **APPOINTMENT, "identifier": [{"value": "visit-2"}], "start": "2026-03-20T15:00:00-04:00",
                "contained": inside, "participant": [{"actor": {"reference": "#p"}, "status": "accepted"}],
            })  # fmt: skip
            other.save()
            other["status"] = "cancelled"
            other.save()
            assert EnrollmentState.CANCELLED == api.all(Enrollment)[1].state
            assert [] == client.resources("CommunicationRequest").search(patient=2).fetch()

            with pytest.raises(OperationOutcome, match="no Consent to texts came along"):
                client.execute("", data=transaction(PATIENT, {**APPOINTMENT, "identifier": [{"value": "visit-3"}]}))
