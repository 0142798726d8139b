"""What is taken in FHIR, and what is refused: always in one sentence, in an OperationOutcome."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome as Outcome
from sqlalchemy import Engine

from notifier.db.tables import Enrollment, NumberHold, Scope
from notifier.domain.states import EnrollmentState
from notifier.web.fhir import app as fhir_app
from tests.web.api.conftest import open_program
from tests.web.fhir.conftest import Fhir
from tests.web.fhir.resources import APPOINTMENT, CONSENT, PATIENT, PROCEDURE, transaction

TREATED = {**PROCEDURE, "code": {"text": "microneedling"}, "performedDateTime": "2026-03-06T13:00:00-05:00"}
del TREATED["performedPeriod"]


def changed(resource: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A copy with other values; None leaves one out."""
    said = {**deepcopy(resource), **values}
    return {name: value for name, value in said.items() if value is not None}


def test_only_a_consent_to_texts_that_says_yes_and_is_the_patients_enrolls(fhir: Fhir) -> None:
    opt_out = {"coding": [{"code": "OPTOUT"}]}
    nested = {"type": "permit", "provision": [{"type": "deny"}]}
    no_yes, none = "the Consent to texts is no yes", "no Consent to texts came along"
    says_no = "the Consent to texts says no, and nobody of that name and number is enrolled"
    for consent, sentence in (
        (changed(CONSENT, status="inactive"), says_no),
        (changed(CONSENT, policyRule=opt_out), says_no),
        (changed(CONSENT, policyRule=None), no_yes),
        (changed(CONSENT, status="draft"), no_yes),
        (changed(CONSENT, provision={"type": "deny"}), says_no),
        (changed(CONSENT, provision=nested), says_no),
        (changed(CONSENT, sourceAttachment={"title": "declined"}), 'consent says "declined"'),
        (changed(CONSENT, category=[{"text": "treatment"}]), none),
        (changed(CONSENT, patient={"reference": "Patient/another"}), none),
        (changed(CONSENT, patient=None), none),
    ):
        answer = fhir.post("", transaction(PATIENT, consent, APPOINTMENT))
        issue = Outcome.model_validate(answer.json()).issue[0]
        assert (422, ["Bundle.entry[2]"]) == (answer.status_code, issue.expression)
        assert f"Bundle.entry[2]: {sentence}" in str(issue.diagnostics)
    assert [] == fhir.api.all(Enrollment)


def test_a_consent_that_says_no_holds_all_texts_of_who_is_enrolled_and_never_enrolls(fhir: Fhir) -> None:
    assert 200 == fhir.post("", transaction(PATIENT, CONSENT, APPOINTMENT)).status_code
    no, held = changed(CONSENT, status="inactive"), "Consent was withdrawn: all texts to the number wait for a person."
    another = changed(APPOINTMENT, identifier=[{"value": "visit-2"}], start="2026-04-10T15:00:00-04:00", end=None)
    for visit, sentence in (
        (APPOINTMENT, held),
        (APPOINTMENT, held),  # again: it holds nothing anew
        (another, f"{held[:-1]}; the visit was not taken."),
    ):
        response = fhir.post("", transaction(PATIENT, no, visit)).json()["entry"][2]["response"]
        assert ("200", sentence) == (response["status"], response["outcome"]["issue"][0]["diagnostics"])
    assert ["visit-1"] == [one.external_id for one in fhir.api.all(Enrollment)]
    assert ["consent was withdrawn: a FHIR Consent says no"] == [one.reason for one in fhir.api.all(NumberHold)]


def test_the_same_visit_again_changes_nothing_and_in_a_transaction_all_is_done_or_nothing(fhir: Fhir) -> None:
    bundle = transaction(PATIENT, CONSENT, APPOINTMENT)
    assert "201" == fhir.post("", bundle).json()["entry"][2]["response"]["status"]
    assert "200" == fhir.post("", bundle).json()["entry"][2]["response"]["status"]
    lee = changed(PATIENT, name=[{"text": "Lee Okafor"}], telecom=[{"system": "phone", "value": "+12125550145"}])
    visit = changed(APPOINTMENT, identifier=[{"value": "visit-2"}])
    nobodys = changed(APPOINTMENT, identifier=[{"value": "visit-3"}], serviceType=[{"text": "Fillers"}])
    answer = fhir.post("", transaction(lee, CONSENT, visit, nobodys))
    assert (422, 'Bundle.entry[3]: there is no protocol "Fillers"') == (
        answer.status_code, answer.json()["issue"][0]["diagnostics"].partition(";")[0],
    )  # fmt: skip
    assert ["visit-1"] == [one.external_id for one in fhir.api.all(Enrollment)]


def test_what_became_of_a_visit_is_followed(fhir: Fhir) -> None:
    fhir.post("", transaction(PATIENT, CONSENT, APPOINTMENT))
    for status, state in (("waitlist", "booked"), ("arrived", "booked"), ("cancelled", "cancelled")):
        assert 200 == fhir.post("/Appointment", changed(APPOINTMENT, status=status)).status_code
        assert state == fhir.api.all(Enrollment)[0].state
    assert 200 == fhir.post("/Appointment", changed(APPOINTMENT, status="cancelled")).status_code
    assert "cancelled" in fhir.post("/Appointment", APPOINTMENT).json()["issue"][0]["diagnostics"]  # a person decides
    unknown = changed(APPOINTMENT, status="noshow", identifier=[{"value": "of nobody"}])
    assert "OperationOutcome" == fhir.post("/Appointment", unknown).json()["resourceType"]

    treated = fhir.post("", transaction(PATIENT, CONSENT, changed(TREATED, basedOn=None)))
    assert "CarePlan/2" == treated.json()["entry"][2]["response"]["location"]
    visit = changed(APPOINTMENT, status="cancelled", identifier=[{"value": "procedure-9"}])
    assert (409, "active") == (fhir.post("/Appointment", visit).status_code, fhir.api.all(Enrollment)[1].state)
    in_error = changed(TREATED, status="entered-in-error", basedOn=[{"reference": "CarePlan/2"}])
    assert 200 == fhir.post("/Procedure", in_error).status_code
    assert EnrollmentState.CANCELLED == fhir.api.all(Enrollment)[1].state


def test_a_patient_without_a_visit_is_kept_for_a_day(fhir: Fhir) -> None:
    kept = fhir.post("/Patient", PATIENT)
    who = {"reference": f"Patient/{kept.json()['id']}"}
    visit = changed(
        APPOINTMENT, contained=[changed(CONSENT, patient=who)], participant=[{"actor": who, "status": "accepted"}]
    )
    fhir.api.clock.pass_(hours=25)
    assert (201, 422) == (kept.status_code, fhir.post("/Appointment", visit).status_code)
    who["reference"] = f"Patient/{fhir.post('/Patient', PATIENT).json()['id']}"
    assert 201 == fhir.post("/Appointment", visit).status_code
    later = changed(visit, identifier=[{"value": "visit-2"}], start="2026-04-10T15:00:00-04:00")
    who["reference"] = "Patient/1"  # by now the patient has our number
    assert 201 == fhir.post("/Appointment", later).status_code
    assert {"Ana Ruiz"} == {one.name for one in fhir.api.all(Enrollment)}


def test_what_is_not_fhir_or_lacks_something_is_refused_in_a_sentence(fhir: Fhir, subtests: pytest.Subtests) -> None:
    day_alone = changed(TREATED, performedDateTime="2026-03-06")
    group = {"resourceType": "Group", "type": "person", "actual": True}
    cases: tuple[tuple[str, Any, int, str], ...] = (
        ("", {}, 422, "resourceType must be Bundle here."),
        ("", {"resourceType": "Bundle", "type": "batch"}, 422, "Bundle.type must be transaction."),
        (
            "",
            transaction(group),
            422,
            "must be a POST of Patient",
        ),
        ("/Appointment", {"resourceType": "Appointment"}, 422, "Appointment.participant is missing"),
        ("/Appointment", changed(APPOINTMENT, start="soon"), 422, "Appointment.start is not as FHIR R4 has it"),
        ("/Appointment", changed(APPOINTMENT, start=None), 422, "Appointment.start is missing"),
        ("/Appointment", changed(APPOINTMENT, color="red"), 422, "Appointment.color is no element of this resource"),
        ("/Appointment", changed(APPOINTMENT, identifier=None), 422, "Appointment.identifier is missing"),
        ("/Procedure", day_alone, 422, "say when the treatment ENDED"),
        ("/Procedure", changed(TREATED, status="stopped"), 422, "Procedure.status says nothing that can be done here"),
        ("/Procedure", changed(TREATED, basedOn=[{"reference": "CarePlan/99"}]), 404, "There is no CarePlan 99."),
        ("/Patient", changed(PATIENT, telecom=None), 422, "Patient.telecom has no phone"),
        ("/Observation", {}, 404, "There is nothing at this address"),
        ("/metadata", {}, 405, "This address does not take this method"),
    )
    for path, body, status, sentence in cases:
        with subtests.test(path=path, sentence=sentence):
            answer = fhir.post(path, body)
            said = Outcome.model_validate(answer.json())
            assert (status, "application/fhir+json") == (answer.status_code, answer.headers["Content-Type"])
            assert sentence in str(said.issue[0].diagnostics)


def test_a_key_does_in_fhir_what_its_scopes_say_and_no_more(fhir: Fhir) -> None:
    bundle = transaction(PATIENT, CONSENT, APPOINTMENT)
    every = fhir.api.key
    for name, scope, path, body in (
        ("A", Scope.CHANGE, "", bundle),
        ("B", Scope.READ, "", bundle),
        ("C", Scope.READ, "/Procedure", TREATED),
        ("D", Scope.CHANGE, "/Procedure", TREATED),
    ):
        fhir.api.key = fhir.api.new_key(name, scope)
        assert (403, "forbidden") == ((answer := fhir.post(path, body)).status_code, answer.json()["issue"][0]["code"])
    fhir.api.key = every
    assert 200 == fhir.post("", bundle).status_code
    fhir.api.key = fhir.api.new_key("E", Scope.ENROLL)
    assert 403 == fhir.post("/Appointment", changed(APPOINTMENT, status="cancelled")).status_code
    fhir.api.key = "nk_wrong"
    assert (401, "login") == ((answer := fhir.get("/CarePlan/1")).status_code, answer.json()["issue"][0]["code"])


def test_without_the_extra_the_address_says_so(
    sqlite_engine: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir_app, "find_spec", lambda name: None)
    with open_program(sqlite_engine, now) as api:
        api.app.include_router(fhir_app.fhir_router(api.context))
        answer = Fhir(api).get("/metadata")
    assert (501, True) == (answer.status_code, "aftercare-notifier[fhir]" in answer.text)


def test_answers_to_a_protocols_questions_are_extensions(fhir: Fhir) -> None:
    """Sent with the appointment, and put right with the procedure."""
    at = "urn:aftercare-notifier:answer:depth"
    asks = {
        **APPOINTMENT,
        "serviceType": [{"text": "microneedling-24h"}],
        "extension": [{"url": at, "valueCode": "MILD"}],
    }
    assert 200 == fhir.post("", transaction(PATIENT, CONSENT, asks)).status_code
    assert {"depth": "mild"} == fhir.api.all(Enrollment)[0].answers
    fhir.api.clock.pass_(days=4, hours=2)
    done = {**PROCEDURE, "extension": [{"url": at, "valueString": "deep"}]}
    assert 200 == fhir.post("/Procedure", done).status_code
    assert ({"depth": "deep"}, "active") == (fhir.api.all(Enrollment)[0].answers, fhir.api.all(Enrollment)[0].state)
    empty = fhir.post("/Procedure", {**PROCEDURE, "extension": [{"url": at, "valueInteger": 1}]})
    assert (422, True) == (empty.status_code, "says no answer; send a valueCode" in empty.text)


def test_bodies_in_the_shape_of_the_specifications_examples_are_taken_or_refused_in_a_sentence(fhir: Fhir) -> None:
    """Whole resources with narrative, codes and references, as R4's pages print them, about made-up people."""
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Brian MRI</div>'}
    patient = {
        "resourceType": "Patient", "id": "example", "text": narrative, "active": True,
        "identifier": [{"use": "usual", "type": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
            "system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345", "period": {"start": "2001-05-06"}}],
        "name": [{"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
                 {"use": "usual", "given": ["Jim"]}],
        "telecom": [{"use": "home"}, {"system": "phone", "value": "(212) 555-0147", "use": "mobile", "rank": 1}],
        "gender": "male", "birthDate": "1974-12-25", "_birthDate": {"extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
            "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
        "deceasedBoolean": False, "managingOrganization": {"reference": "Organization/1"},
    }  # fmt: skip
    appointment: dict[str, Any] = {
        "resourceType": "Appointment", "id": "example", "text": narrative, "status": "booked",
        "serviceCategory": [{"coding": [{"system": "http://example.org/service-category", "code": "gp"}]}],
        "serviceType": [{"coding": [{"code": "52", "display": "General Discussion"}]}],
        "specialty": [{"coding": [{"system": "http://snomed.info/sct", "code": "394814009"}]}],
        "priority": 5, "description": "Discussion on the results", "start": "2026-12-10T15:00:00Z",
        "end": "2026-12-10T16:00:00Z", "created": "2026-10-10", "comment": "Further expand",
        "participant": [
            {"actor": {"reference": "Patient/example", "display": "Peter James Chalmers"}, "required": "required",
             "status": "accepted"},
            {"actor": {"reference": "Location/1", "display": "South Wing"}, "required": "required",
             "status": "accepted"},
        ],
    }  # fmt: skip
    procedure = {
        "resourceType": "Procedure", "id": "example", "text": narrative, "status": "completed",
        "identifier": [{"value": "procedure-1"}],
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "80146002"}], "text": "Appendectomy"},
        "subject": {"reference": "Patient/example"}, "performedDateTime": "2026-04-05",
        "performer": [{"actor": {"reference": "Practitioner/example", "display": "Dr Cecil Surgeon"}}],
        "note": [{"text": "Routine"}],
    }  # fmt: skip
    consent = {**CONSENT, "patient": {"reference": "Patient/example"}}
    kept = fhir.post("/Patient", patient)
    assert kept.is_success, kept.text
    for body, sentence in (
        (transaction(patient, consent, appointment), "identifier is missing"),
        (transaction(patient, consent, {**appointment, "identifier": [{"value": "a-1"}]}), "protocol"),
        (transaction(patient, consent, procedure), "say when the treatment ENDED"),
    ):
        refused = fhir.post("", body)
        Outcome.model_validate(refused.json())
        assert (422, True) == (refused.status_code, sentence in refused.text), refused.text
    taken = {**appointment, "identifier": [{"value": "a-1"}], "serviceType": [{"text": "microneedling"}]}
    taken["participant"] = appointment["participant"][:1]
    assert 200 == fhir.post("", transaction(patient, consent, taken)).status_code
    assert [("Peter James Chalmers", "+12125550147")] == [(one.name, one.phone) for one in fhir.api.all(Enrollment)]
