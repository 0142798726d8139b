"""Opting a number out, pausing a protocol and answering a patient, by programs: as at the other doors, and recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.db.tables import Message, OptOut, Pause, Reply, StaffAudit
from notifier.domain.states import MessageState
from notifier.publishing.saved_answers import write_saved_answer
from tests.web.api.conftest import Api, add_reader
from tests.web.api.test_offices import OFFICES, bound_to

PHONE = "+12125550123"
PAUSE = "/protocols/microneedling/pause"


@pytest.fixture
def wrote(api: Api) -> Api:
    """Ana is enrolled, and has written."""
    api.enroll()
    write(api)
    return api


def write(api: Api) -> None:
    at = api.clock.now()
    with writing(api.engine) as session:
        receive(session, InboundText("SM1", PHONE, "is this normal?", at, 0), at)


def last_record(api: Api) -> tuple[str, str, int | None]:
    line = max(api.all(StaffAudit), key=lambda one: one.id)
    return line.what, line.about, line.enrollment_id


def test_a_number_is_opted_out_once_and_its_texts_are_told(api: Api) -> None:
    number = api.enroll()
    planned = {one.id for one in api.all(Message) if one.state is MessageState.PLANNED}
    foreseen = api.post("/opt-outs", {"phone": "(212) 555-0123", "dry_run": True}).json()
    assert ([], "saw") == (api.all(OptOut), last_record(api)[0])
    done = api.post("/opt-outs", {"phone": PHONE}).json()
    assert {**foreseen, "dry_run": False} == done
    assert (PHONE, False, planned) == (done["phone"], done["already"], {one["message"] for one in done["texts"]})
    assert {MessageState.SUPPRESSED} == {one.state for one in api.all(Message)}
    assert ("did", "POST /api/v1/opt-outs", number) == last_record(api)
    again = api.post("/opt-outs", {"phone": PHONE}).json()
    assert (True, [], 1) == (again["already"], again["texts"], len(api.all(OptOut)))


def test_of_another_office_s_patients_an_opt_out_tells_only_how_many_texts(api: Api) -> None:
    object.__setattr__(api.context, "rules", replace(api.context.rules, offices=OFFICES))
    api.enroll(office="north")
    theirs = api.enroll(office="desert", name="Eve Sand")
    planned = [one.enrollment_id for one in api.all(Message) if one.state is MessageState.PLANNED]
    expected = planned.count(theirs)
    bound_to(api, "north")
    told = [api.post("/opt-outs", {"phone": PHONE, "dry_run": dry_run}).json() for dry_run in (True, False)]
    assert [{1}] * 2 == [{one["enrollment"] for one in one_told["texts"]} for one_told in told]
    assert [expected] * 2 == [one_told["others"] for one_told in told]


def test_a_protocol_is_paused_once(api: Api) -> None:
    reason = {"reason": "a typo", "step": "makeup-again"}
    assert {"protocol": "microneedling", "step": "makeup-again", "dry_run": True, "already": False} == (
        api.post(PAUSE, {**reason, "dry_run": True}).json()
    )
    assert [] == api.all(Pause)
    assert [False, True] == [api.post(PAUSE, reason).json()["already"] for _ in range(2)]
    assert [("makeup-again", "a typo")] == [(one.step, one.reason) for one in api.all(Pause)]
    assert ("did", "POST /api/v1/protocols/{protocol}/pause", None) == last_record(api)
    unknown = api.post("/protocols/no-such/pause", reason), api.post(PAUSE, {**reason, "step": "no-such"})
    assert [404, 422] == [response.status_code for response in unknown]


def test_a_patient_is_answered_once_for_each_key(wrote: Api) -> None:
    words = {"text": "Please call us."}
    foreseen = wrote.post("/replies/1/reply", {**words, "dry_run": True}).json()
    assert (None, True) == (foreseen["message"], foreseen["dry_run"])
    texts = len(wrote.all(Message))
    done = wrote.post("/replies/1/reply", words, **{"Idempotency-Key": "a-1"})
    assert {**foreseen, "dry_run": False, "message": done.json()["message"]} == done.json()
    assert ("did", "POST /api/v1/replies/{reply}/reply", 1) == last_record(wrote)
    assert done.json() == wrote.post("/replies/1/reply", words, **{"Idempotency-Key": "a-1"}).json()
    assert texts + 1 == len(wrote.all(Message))
    assert [True] == [one.closed_at is None for one in wrote.all(Reply)]
    other = wrote.post("/replies/1/reply", {"text": "Call."}, **{"Idempotency-Key": "a-1"})
    assert [409, 409, 404] == [
        other.status_code,
        wrote.post("/replies/1/reply", words).status_code,
        wrote.post("/replies/9/reply", words).status_code,
    ]


def test_another_office_s_patient_is_not_answered(api: Api) -> None:
    object.__setattr__(api.context, "rules", replace(api.context.rules, offices=OFFICES))
    api.enroll(office="desert")
    write(api)
    with writing(api.engine) as session:
        session.execute(update(Reply).values(office="desert"))
    bound_to(api, "north")
    assert 404 == api.post("/replies/1/reply", {"text": "Please call us."}).status_code


def test_saved_answers_are_told_with_a_patients_own_dates_and_a_message_is_passed_on(wrote: Api) -> None:
    """Its words are then sent as a reply; who cannot read it leaves it open for who can."""
    now, words = wrote.clock.now(), "No makeup until {makeup.until}. {phone}"
    with writing(wrote.engine) as session:
        write_saved_answer(session, "Makeup", "en", words, protocols=wrote.context.protocols, now=now, by="Dana")
    (saved,) = wrote.get("/saved-answers").json()["answers"]
    assert ("Makeup", [("en", words, True)]) == (
        saved["title"], [(one["language"], one["words"], one["waits"]) for one in saved["wordings"]],
    )  # fmt: skip
    (offered,) = wrote.get("/enrollments/1/saved-answers").json()["answers"]
    assert (saved["answer"], None) == (offered["answer"], offered["why_not"])
    assert offered["words"].startswith("No makeup until ")
    assert "{" not in offered["words"]
    refused = wrote.post("/replies/1/pass-on", {"language": "es"})
    assert (409, True) == (refused.status_code, "says that they read Spanish" in refused.text)
    add_reader(wrote.engine, now)
    assert {"reply": 1, "readers": ["Luz"]} == wrote.post("/replies/1/pass-on", {"language": "es"}).json()
    assert ("did", "POST /api/v1/replies/{reply}/pass-on") == last_record(wrote)[:2]
    assert [None] == [one.closed_at for one in wrote.all(Reply)]
