"""What is told in FHIR: texts, plans and protocols, each as the definitions of FHIR have it."""

from __future__ import annotations

from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import update
from sqlmodel import col

from notifier.db.engine import writing
from notifier.db.tables import Enrollment, Message
from notifier.domain.states import MessageState
from tests.web.fhir.conftest import R4, Fhir
from tests.web.fhir.resources import APPOINTMENT, CONSENT, PATIENT, transaction


def test_every_state_of_a_text_is_told_with_its_reason_and_is_fhir(fhir: Fhir) -> None:
    fhir.api.enroll()
    numbers = [one.id for one in fhir.api.all(Message)]
    for state in MessageState:
        with writing(fhir.api.engine) as session:
            this = update(Message).where(col(Message.id) == numbers[0])
            session.execute(this.values(state=state, reason="as it was", left_at=fhir.api.clock.now()))
        kind = "CommunicationRequest" if state is MessageState.PLANNED else "Communication"
        one = fhir.get(f"/{kind}/{numbers[0]}").json()
        get_fhir_model_class(kind).model_validate(one)
        is_not_done = one["status"] == "not-done"
        assert is_not_done == (state in {"undelivered", "failed", "expired", "cancelled", "suppressed"})
        assert is_not_done == ("as it was" in str(one.get("statusReason")) and kind == "Communication")
    requests, others = (len(fhir.found(f"/{kind}?patient=1")) for kind in ("CommunicationRequest", "Communication"))
    assert len(numbers) == requests + others
    assert 409 == fhir.get(f"/CommunicationRequest/{numbers[0]}").status_code  # it is planned no more
    assert [] == fhir.found("/CommunicationRequest?patient=1&status=on-hold,revoked")
    assert 422 == fhir.get("/CommunicationRequest").status_code
    assert 404 == fhir.get("/CommunicationRequest?patient=99").status_code


def test_a_person_of_several_visits_is_one_patient_and_each_visit_a_care_plan(fhir: Fhir) -> None:
    fhir.api.enroll()
    fhir.post("", transaction(PATIENT, CONSENT, {**APPOINTMENT, "start": "2026-05-10T15:00:00-04:00"}))
    assert {"Ana Ruiz"} == {one.name for one in fhir.api.all(Enrollment)}
    found = fhir.get("/CarePlan?patient=Patient/2")
    get_fhir_model_class("Bundle").model_validate(found.json())
    plans = [one["resource"] for one in found.json()["entry"]]
    assert [("1", "Patient/1"), ("2", "Patient/1")] == [(one["id"], one["subject"]["reference"]) for one in plans]
    assert "urn:aftercare-notifier:protocol:microneedling" == plans[0]["instantiatesCanonical"][0].partition("|")[0]
    first = plans[0]["activity"][0]["reference"]["reference"]
    assert 200 == fhir.get(f"/{first}").status_code


def test_every_protocol_is_a_plan_definition_that_cites_its_sources(fhir: Fhir) -> None:
    plans = fhir.found("/PlanDefinition")
    protocols = fhir.api.context.protocols
    assert list(protocols) == [one["id"] for one in plans]
    for one in plans:
        get_fhir_model_class("PlanDefinition").model_validate(one)
        protocol = protocols[one["id"]]
        cited = [each["citation"] for each in one["relatedArtifact"]]
        assert [protocol.source, *(each.source for each in protocol.restrictions.values() if each.source)] == (
            cited[: 1 + sum(1 for each in protocol.restrictions.values() if each.source)]
        )
        said = {step["id"]: step.get("documentation", [{}])[0].get("citation") for step in one["action"]}
        assert {step.key: step.source for step in protocol.steps if step.enabled} == said
    assert plans[0] == fhir.get(f"/PlanDefinition/{plans[0]['id']}").json()
    assert R4 in fhir.get("/PlanDefinition").json()["entry"][0]["fullUrl"]


def test_a_search_comes_a_page_at_a_time_and_its_link_leads_to_the_next(fhir: Fhir) -> None:
    fhir.api.enroll()
    whole = [one["id"] for one in fhir.found("/CommunicationRequest?patient=1")]
    assert len(whole) > 2
    found, path = [], "/CommunicationRequest?patient=1&status=active&_count=2"
    while path:
        bundle = fhir.get(path).json()
        get_fhir_model_class("Bundle").model_validate(bundle)
        assert (len(whole), len(bundle["entry"]) <= 2) == (bundle["total"], True)
        found += [one["resource"]["id"] for one in bundle["entry"]]
        path = next((one["url"].partition(R4)[2] for one in bundle["link"] if one["relation"] == "next"), "")
    assert whole == found
    total = fhir.get("/CommunicationRequest?patient=1&_count=0").json()
    assert (len(whole), False) == (total["total"], "entry" in total)
    assert 422 == fhir.get("/CommunicationRequest?patient=1&_count=many").status_code
