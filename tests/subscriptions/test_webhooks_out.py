"""Outgoing webhooks: signed, in order for a patient, at least once, again for three days, without names or words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlmodel import col
from standardwebhooks import Webhook

from notifier.conversations.receive import InboundText, receive
from notifier.db.tables import Event, WebhookDelivery
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.subscriptions.collect import collect, forget_old, is_anything_new
from notifier.subscriptions.deliver import WAITS, client, save, send, take
from notifier.subscriptions.endpoints import add_endpoint, endpoints, rotate_endpoint_secret
from notifier.subscriptions.happenings import Happening, of_event
from tests.setups.clinic import ANA, BOB, ClinicSetup

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Program:
    """Another program on the loopback: what it was posted, and what it answers."""

    url: str = ""
    status: int = 204
    posts: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.partition(": ") for line in head.splitlines()[1:])
        headers = {name.lower(): value for name, _, value in pairs}
        self.posts.append((headers, (await reader.readexactly(int(headers["content-length"]))).decode()))
        writer.write(f"HTTP/1.1 {self.status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    heard = Program()
    async with await asyncio.start_server(heard.serve, "127.0.0.1", 0) as listening:
        heard.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook"
        yield heard


async def turn(clinic: ClinicSetup, after: timedelta = timedelta()) -> int:
    """One round, so long after the enrollment; how many posts were tried."""
    now = clinic.now + after
    while clinic.act(collect, now):
        pass
    posts = clinic.act(take, now)
    async with client() as http:
        outcomes = await send(posts, client=http)
    clinic.act(save, posts, outcomes, now)
    return len(outcomes)


def subscribe(clinic: ClinicSetup, program: Program, *happenings: Happening, **values: Any) -> str:
    endpoint = clinic.act(add_endpoint, program.url, happenings or Happening, now=clinic.now, by="desk", **values)
    return str(endpoint.secret)


async def test_what_happens_is_posted_signed_and_without_a_name_a_number_or_words(
    clinic: ClinicSetup, program: Program
) -> None:
    clinic.enroll(phone=BOB)  # before the endpoint was there: not its business
    secret = subscribe(clinic, program)
    texts = clinic.texts(clinic.enroll(external_id="A-1").enrollment)
    clinic.send(texts["today"], clinic.now + HOUR)
    clinic.act(receive, InboundText("SM1", ANA, "I can't breathe", clinic.now + HOUR, 0), clinic.now + HOUR)
    while await turn(clinic, HOUR):
        pass
    assert ["enrollment.created", "message.sent", "message.delivered", "reply.urgent"] == [
        one["type"] for one in program.documents
    ]
    assert {"enrollment": 2, "message": texts["today"].id, "external_id": "A-1", "step": "today"}.items() <= (
        program.documents[1]["data"].items()
    )
    for headers, body in program.posts:
        for word in ("Ana", ANA[-7:], "breathe", str(texts["today"].text)[:12]):
            assert word not in body
        signed = Webhook(secret).sign(headers["webhook-id"], clinic.now + HOUR, body)
        assert (signed, str(int((clinic.now + HOUR).timestamp()))) == (
            headers["webhook-signature"],
            headers["webhook-timestamp"],
        )
    assert (0, False) == (await turn(clinic, DAY), clinic.act(is_anything_new))
    clinic.act(forget_old, clinic.now + 31 * DAY)
    assert 0 == clinic.act(lambda session: session.scalar(select(func.count()).select_from(WebhookDelivery)))


async def test_a_new_secret_signs_beside_the_former_one_for_a_day_unless_somebody_else_has_that(
    clinic: ClinicSetup, program: Program
) -> None:
    first = subscribe(clinic, program, Happening.ENROLLED)
    second = clinic.act(rotate_endpoint_secret, 1, now=clinic.now, by="desk")
    third_phone = "+12125550177"

    async def signed(phone: str, after: timedelta, *secrets: str) -> bool:
        clinic.enroll(phone=phone)
        await turn(clinic, after)
        headers, body = program.posts[-1]
        expected = [Webhook(one).sign(headers["webhook-id"], clinic.now + after, body) for one in secrets]
        return expected == headers["webhook-signature"].split(" ")

    assert await signed(ANA, DAY - HOUR, second, first)
    assert await signed(BOB, DAY, second)
    third = clinic.act(rotate_endpoint_secret, 1, at_once=True, now=clinic.now + DAY, by="desk")
    assert await signed(third_phone, DAY, third)


async def test_with_details_the_name_the_number_and_the_words_are_in_it(clinic: ClinicSetup, program: Program) -> None:
    subscribe(clinic, program, Happening.URGENT, with_details=True)
    clinic.enroll()
    clinic.act(receive, InboundText("SM1", ANA, "I can't breathe", clinic.now, 0), clinic.now)
    await turn(clinic)
    (document,) = program.documents
    assert {"name": "Ana Ruiz", "phone": ANA, "text": "I can't breathe"}.items() <= document["data"].items()


async def test_it_is_tried_for_three_days_and_one_patient_waits_for_nobody_else(
    clinic: ClinicSetup, program: Program
) -> None:
    subscribe(clinic, program, Happening.ENROLLED, Happening.OPTED_OUT)
    ana = clinic.enroll().enrollment
    program.status = 500
    await turn(clinic)
    clinic.enroll(phone=BOB)
    clinic.act(receive, InboundText("SM1", ANA, "STOP", clinic.now, 0), clinic.now)
    program.status = 204
    while await turn(clinic, WAITS[0] - timedelta(seconds=1)):
        pass
    assert [ana, ana + 1] == [one["data"]["enrollment"] for one in program.documents], "Bob does not wait for Ana"
    program.status, passed = 500, timedelta()
    for wait in WAITS:
        passed += wait
        await turn(clinic, passed)
    assert timedelta(hours=72) <= passed + timedelta(minutes=25) <= timedelta(hours=73)
    ids = [headers["webhook-id"] for headers, _ in program.posts]
    assert (2, 1 + len(WAITS)) == (len(set(ids)), ids.count(ids[0]))
    program.status = 204
    await turn(clinic, passed + HOUR)
    assert "patient.opted_out" == program.documents[-1]["type"], "given up, it holds up nothing any more"


async def test_a_program_that_says_gone_hears_no_more(clinic: ClinicSetup, program: Program) -> None:
    subscribe(clinic, program)
    program.status = 410
    clinic.enroll()
    await turn(clinic)
    clinic.enroll(phone=BOB)
    assert (0, []) == (await turn(clinic, DAY), clinic.act(endpoints))


async def test_a_process_that_dies_after_the_post_posts_again_with_the_same_id(
    clinic: ClinicSetup, program: Program
) -> None:
    subscribe(clinic, program, Happening.ENROLLED)
    clinic.enroll()
    clinic.act(collect, clinic.now)
    async with client() as http:
        await send(clinic.act(take, clinic.now), client=http)  # and it dies
    assert 0 == await turn(clinic, timedelta(seconds=90))
    assert 1 == await turn(clinic, timedelta(seconds=130))
    assert 1 == len({headers["webhook-id"] for headers, _ in program.posts})


async def test_a_number_that_may_still_be_committed_is_waited_for_a_minute(
    clinic: ClinicSetup, program: Program
) -> None:
    subscribe(clinic, program, Happening.ENROLLED)
    clinic.enroll()
    clinic.enroll(phone=BOB)
    first = clinic.act(lambda session: session.scalar(select(func.min(col(Event.id)))))
    clinic.act(lambda session: session.execute(delete(Event).where(col(Event.id) == first)))
    assert 0 == await turn(clinic, timedelta(seconds=59))
    assert 1 == await turn(clinic, timedelta(seconds=61))


async def test_an_office_hears_of_its_own_patients_alone(clinic: ClinicSetup, program: Program) -> None:
    subscribe(clinic, program, Happening.ENROLLED, office="desert")
    clinic.enroll()
    assert 0 == await turn(clinic)


def test_an_address_is_https_or_on_this_machine_and_holds_no_password(clinic: ClinicSetup) -> None:
    for url in ("ftp://x.org", "http://example.org", "https://", "https://a:b@x.org", "https://x.org/a b", "x", ""):
        with pytest.raises(Refused):
            clinic.act(add_endpoint, url, Happening, now=clinic.now, by="desk")
    for url in ("https://example.org/hook?id=1", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x"):
        clinic.act(add_endpoint, url, Happening, now=clinic.now, by="desk")


def test_states_that_others_hear_of_are_what_their_names_say() -> None:
    assert {
        MessageState.ACCEPTED: "message.sent",
        MessageState.DELIVERED: "message.delivered",
        MessageState.FAILED: "message.failed",
        MessageState.UNDELIVERED: "message.failed",
        MessageState.EXPIRED: "message.withheld",
        MessageState.SUPPRESSED: "message.withheld",
    } == {state: said.value for state in MessageState if (said := of_event("state", state)) is not None}
