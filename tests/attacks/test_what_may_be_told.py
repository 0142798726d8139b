"""The north learns nothing of a patient of the south: not by looking, trying, moving somebody to her number, failing.

Of what belongs there it is told only counts, that the number has opted out or waits, and when its own texts may leave.
The command line is not here: who runs it owns the whole database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from notifier.bootstrap.sending import answer_rules
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.numbers.opt_outs import opt_out
from notifier.subscriptions.collect import collect
from notifier.subscriptions.deliver import take
from notifier.subscriptions.endpoints import add_endpoint
from notifier.subscriptions.happenings import Happening
from tests.attacks.access_table import MAY, PARTS, SCOPES
from tests.attacks.two_offices import NORTH, SENDERS, SOUTH, Clinic
from tests.web.conftest import ACCOUNT_SID, PUBLIC_URL, TOKEN, signed
from tests.web.pages.conftest import words

NAME, PHONE, EXTERNAL_ID = "Xiomara Quillfeather", "+14805550188", "ZX-7781"
PROTOCOL: Final = "microneedling-week"
V1: Final = "/api/v1"
HEADER: Final = "external_id,name,phone,protocol,treated_at,consent"
TYPED: Final = (NAME, "Quillfeather", PHONE, "480) 555-0188")
"""What whoever tries has typed, or sees of the namesake at the north."""


@dataclass(frozen=True)
class Secret:
    """The south's patient, and what the north could give her away by."""

    enrollment: int
    treated_at: datetime
    words: tuple[str, ...]

    def found_in(self, answer: str, *typed: str) -> list[str]:
        """Her words in an answer, but for what was typed to get it."""
        return [one for one in self.words if one in answer and one not in typed]


@pytest.fixture(scope="module")
def hers(clinic: Clinic) -> Secret:
    """She is treated at the south and has written to it; on her number the north has two patients, one of her name."""
    at = clinic.clock.now() - timedelta(hours=4, minutes=33)
    whose = clinic.enroll(
        SOUTH, name=NAME, phone=PHONE, external_id=EXTERNAL_ID, provider="Dr. Vantongeren", protocol=PROTOCOL,
        consent="in the zebra drawer", treated_at=at,
    )  # fmt: skip
    clinic.clock.pass_(minutes=5)
    reply = clinic.wrote(SOUTH, "my elbow wombat itches", PHONE, photos=1)
    clinic.parts["her number"] = {
        "other": clinic.enroll(NORTH, name="Nico Pine", phone=PHONE),
        "same": clinic.enroll(NORTH, name=NAME, phone=PHONE, protocol="microneedling-24h"),
        "reply": clinic.wrote(NORTH, "a question from nico", PHONE),
    }
    clinic.key("Booking north", office=NORTH)
    names = (NAME, "Quillfeather", "480) 555-0188", PHONE, EXTERNAL_ID, "Vantongeren", "zebra", "wombat")
    numbers = (f"nrollment {whose}", f'"enrollment":{whose},', f"/patients/{whose}", f"reply {reply} ")
    voice = ("Harborview", "480 555 0120", "(480) 555-0120", f">{SOUTH}<", f'"{SOUTH}"')
    return Secret(whose, at, (*names, *numbers, *said_as(at), *voice))


def said_as(at: datetime) -> tuple[str, ...]:
    """The moment of her treatment, as doors write it."""
    local = at - timedelta(hours=5)
    return at.isoformat(), *(local.strftime(how) for how in ("Mar 6, %-I:%M %p", "Mar 6 %-I:%M %p", "%Y-%m-%dT%H:%M"))


def test_no_page_list_or_address_shows_a_word_of_her(clinic: Clinic, hers: Secret) -> None:
    """Every address of the table that shows something, asked for what is the north's, by its admin and its key."""
    mine, found = {**PARTS, **clinic.parts[NORTH]}, {}
    admin = clinic.browser("Admin north")
    for route in (*MAY, *SCOPES):
        method, _, path = route.partition(" ")
        if method == "GET":
            address = re.sub(r"{(\w+)(:\w+)?}", lambda part: str(mine[part[1]]), path)
            answer = _api(clinic, "GET", address) if route in SCOPES else admin.get(address).text
            found[route] = hers.found_in(answer, *TYPED)
    for whose in (clinic.parts["her number"]["same"], clinic.parts["her number"]["other"]):
        for path in (f"/patients/{whose}", f"/patients/{whose}/card", f"/patients/{whose}/card.ics"):
            found[path] = hers.found_in(admin.get(path).text, *TYPED)
        answer = _api(clinic, "GET", f"{V1}/enrollments/{whose}")
        found[f"API {whose}"] = hers.found_in(answer, *TYPED)
        for message in re.findall(r'"message":(\d+)', answer):
            found[f"API text {message}"] = hers.found_in(_api(clinic, "GET", f"{V1}/messages/{message}"), *TYPED)
            found[f"text {message}"] = hers.found_in(admin.get(f"/texts/{message}").text, *TYPED)
    assert len(found) > 60
    assert {} == {where: said for where, said in found.items() if said}


def test_trying_her_name_number_or_id_tells_nothing(clinic: Clinic, hers: Secret) -> None:
    """By enrolling her again, as a booking, a second treatment or under her id; by moving somebody to her number; by
    ending, holding, releasing and searching there. Asked about first, and done."""
    told, statuses = {}, set()
    with clinic.kept() as put_back:
        for what, path, body in _tries(clinic, hers):
            typed = tuple(str(one) for one in body.values())
            for dry_run in (True, False):
                said = {**body, "dry_run": True} if dry_run and path != f"{V1}/enrollments/search" else body
                answer = _api(clinic, "POST", path, said)
                echoed = said_as(hers.treated_at) if "treated_at" in body else ()
                told[f"{what}, {dry_run=}"] = hers.found_in(answer, *typed, *TYPED, *echoed)
                statuses.add((what, dry_run, answer[:3]))
                put_back()
    assert {} == {what: said for what, said in told.items() if said}
    refused = {what for what, dry_run, status in statuses if status == "409" and not dry_run}
    assert {"again", "again under her id", "her id", "booked", "into her", "to her id", "her number away"} == refused
    assert set() == {what for what, dry_run, status in statuses if dry_run and status != "200"}


def _tries(clinic: Clinic, hers: Secret) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    at, mine, there = hers.treated_at, clinic.parts[NORTH]["enrollment"], clinic.parts["her number"]
    new = {"name": NAME, "phone": PHONE, "protocol": PROTOCOL, "treated_at": at.isoformat(), "consent": "x"}
    somebody = {**new, "name": "Some Body", "phone": "+12125550199"}
    visit = (clinic.clock.now() + timedelta(hours=1)).isoformat()
    enroll, change = f"{V1}/enrollments", f"{V1}/enrollments/{mine}/change"
    yield "again", enroll, new
    yield "again under her id", enroll, {**new, "external_id": EXTERNAL_ID}
    yield "her id", enroll, {**somebody, "external_id": EXTERNAL_ID}
    yield "booked", enroll, {**{k: v for k, v in new.items() if k != "treated_at"}, "appointment_at": visit}
    yield "second", enroll, {**new, "protocol": "microneedling"}
    yield "somebody on her number", enroll, {**new, "name": "Some Body"}
    yield "to her number", change, {"phone": PHONE}
    yield "to her name and number", change, {"phone": PHONE, "name": NAME}
    into = {"phone": PHONE, "name": NAME, "protocol": PROTOCOL, "treated_at": at.isoformat()}
    yield "into her", change, into
    yield "to her id", change, {"external_id": EXTERNAL_ID}
    yield "search", f"{V1}/enrollments/search", {"phone": PHONE}
    yield "search by id", f"{V1}/enrollments/search", {"external_id": EXTERNAL_ID}
    yield "opt-out", f"{V1}/opt-outs", {"phone": PHONE}
    for whose in (there["same"], there["other"]):
        for word in ("cancel", "hold", "never-text"):
            yield f"{word} {whose}", f"{V1}/enrollments/{whose}/{word}", {}
    yield "her number away", f"{V1}/enrollments/{there['same']}/change", {"phone": "+12125550198"}


def test_nor_do_the_forms_and_files_of_the_page(clinic: Clinic, hers: Secret) -> None:
    there = clinic.parts["her number"]
    local = (hers.treated_at - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    form = {
        "name": NAME, "phone": PHONE, "protocol": PROTOCOL, "when": "treated", "treated_at": local, "language": "en",
        "timezone": "America/New_York", "consent": "x", "once": "11111111-1111-4111-8111-111111111111",
    }  # fmt: skip
    typed = (*TYPED, EXTERNAL_ID, *said_as(hers.treated_at))
    forms = [
        *((path, {**form, **more}) for path in ("/preview", "/enroll", "/enroll/card")
          for more in ({}, {"external_id": EXTERNAL_ID}, {"protocol": "microneedling"}, {"name": "Some Body"})),
        *(("/find", {"who": who}) for who in (NAME, PHONE, EXTERNAL_ID, "Vantongeren", "0188", str(hers.enrollment))),
        *((f"/replies/{there['reply']}/{what}", {"texts": "end"}) for what in ("close", "release")),
        *((f"/patients/{there['same']}/change", {"what": what}) for what in ("cancel", "never-text", "release")),
        (f"/patients/{clinic.parts[NORTH]['enrollment']}/change", {"what": "change", "phone": PHONE, "name": NAME}),
    ]  # fmt: skip
    told = {}
    with clinic.kept() as put_back:
        for number, (path, fields) in enumerate(forms):
            answer = clinic.browser("Staff north").post(path, **fields)
            assert (path, False) == (path, answer.status_code == 500)
            told[f"{number} {path}"] = hers.found_in(answer.text, *typed, *fields.values())
            put_back()
        for number, row in enumerate((
            f"{EXTERNAL_ID},{NAME},{PHONE},{PROTOCOL},{local},x",
            f"{EXTERNAL_ID},Some Body,+12125550199,{PROTOCOL},{local},x",
            f"N-1,{NAME},{PHONE},{PROTOCOL},{local},x", f"N-2,{NAME},{PHONE},microneedling,{local},x",
        )):  # fmt: skip
            for page in clinic.browser("Staff north").imports(f"{HEADER}\n{row}\n"):
                told[f"import {number} {len(told)}"] = hers.found_in(page, *typed)
            put_back()
    assert {} == {what: said for what, said in told.items() if said}


def test_a_webhook_answers_nobody_with_a_word(clinic: Clinic, hers: Secret) -> None:
    form = {
        "AccountSid": ACCOUNT_SID,
        "MessageSid": "SM" + "7" * 32,
        "From": PHONE,
        "To": SENDERS[NORTH],
        "Body": "hi?",
        "NumMedia": "0",
    }
    signature = signed(f"{PUBLIC_URL}/twilio/inbound", list(form.items()), TOKEN)
    with clinic.kept() as put_back:
        answer = clinic.client.post("/twilio/inbound", data=form, headers={"X-Twilio-Signature": signature})
        put_back()
    assert (200, []) == (answer.status_code, hers.found_in(answer.text))


def test_a_program_of_the_north_hears_nothing_of_what_she_wrote(clinic: Clinic, hers: Secret) -> None:
    """The newest patient on the number is the north's; the urgent words went to the south."""
    with clinic.kept() as put_back, writing(clinic.engine) as session:
        now = clinic.clock.now()
        for office in (NORTH, SOUTH):
            url, urgent = f"http://127.0.0.1:9/{office}", [Happening.URGENT]
            add_endpoint(session, url, urgent, office=office, with_details=True, now=now, by="test")
        written_to = (SENDERS[SOUTH],)
        receive(session, InboundText("SM8", PHONE, "I can't breathe", now, written_to=written_to), now,
                answers=answer_rules(clinic.settings))  # fmt: skip
        collect(session, now + timedelta(hours=1))
        posts = take(session, now + timedelta(hours=1))
        session.rollback()
        put_back()
    told = {
        one.url[-5:]: f'"enrollment": {hers.enrollment}' in one.body for one in posts if one.url[-5:] in (NORTH, SOUTH)
    }
    assert {SOUTH: True} == told


@pytest.mark.usefixtures("hers")
def test_what_happens_to_a_number_of_the_south_alone_is_not_counted_in_the_north(clinic: Clinic) -> None:
    admin = clinic.browser("Admin north")

    def told() -> tuple[str, str]:
        return _api(clinic, "GET", f"{V1}/delivery"), words(admin.get("/delivery"))

    with clinic.kept() as put_back:
        before = told()
        with writing(clinic.engine) as session:
            opt_out(session, "+14805550123", source="keyword", at=clinic.clock.now(), by="patient")
        clinic.clock.pass_(seconds=30)
        assert before == told()
        put_back()


def test_the_first_text_tells_nothing_of_a_course_at_another_office(clinic: Clinic) -> None:
    """It says who writes from the north: null would say that somebody else does already."""
    with clinic.kept() as put_back:
        clinic.enroll(SOUTH, name="Una Vale", phone="+14805550190")
        at = clinic.clock.now().isoformat()
        new = {
            "name": "Ida Roe",
            "phone": "+14805550190",
            "protocol": "microneedling",
            "treated_at": at,
            "consent": "x",
        }
        told = [_api(clinic, "POST", f"{V1}/enrollments", {**new, "dry_run": dry_run}) for dry_run in (True, False)]
        put_back()
    assert [False, False] == ['"first_text":null' in one for one in told]


def test_a_release_by_the_north_leaves_what_it_has_not_read(clinic: Clinic, hers: Secret) -> None:
    there = clinic.parts["her number"]
    with clinic.kept() as put_back:
        clinic.browser("Staff north").post(f"/replies/{there['reply']}/release", sure="yes", seen=str(there["reply"]))
        page = clinic.browser("Staff").get("/replies").text.partition("Closed")[0]
        put_back()
    assert ("wombat" in page, "a question from nico" in page) == (True, False)


@pytest.mark.usefixtures("hers")
def test_what_holds_the_number_is_told_by_whose_it_is(clinic: Clinic) -> None:
    """Of a hold of the north's own since when, of a message to the south only that it is open."""
    there, north = clinic.parts["her number"], clinic.browser("Staff north")
    with clinic.kept() as put_back:
        north.post(f"/replies/{there['reply']}/close", texts="stay-held")
        page = words(north.get(f"/patients/{there['other']}"))
        put_back()
    assert "What came from it to another office is open." in page
    assert "Decided when what the patient wrote was closed." in page


def _api(clinic: Clinic, method: str, path: str, body: Mapping[str, Any] | None = None) -> str:
    """The status and the body, as a key of the north is answered."""
    headers = {"Authorization": f"Bearer {clinic.keys['Booking north']}"}
    answer = clinic.client.request(method, path, json=body, headers=headers)
    return f"{answer.status_code} {answer.text}"
