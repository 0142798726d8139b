"""Whatever the wire says to a question, trouble is never taken for absence; mocked at the wire itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpcore2
import httpx
import pytest
import respx

from notifier.sms.gateway import GatewayRefused, GatewayUnavailable, ProviderMessage
from notifier.sms.twilio_gateway import TwilioGateway
from tests.sms.conftest import API

Build = Callable[..., TwilioGateway]
Question = Callable[[TwilioGateway], Awaitable[object]]
PATIENT = "+12125550123"
NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)
SID = "SM" + "0123456789abcdef" * 2
MESSAGE = {
    "sid": SID,
    "direction": "outbound-api",
    "from": "+15005550006",
    "to": PATIENT,
    "body": "No makeup until Sunday.",
    "status": "undelivered",
    "error_code": 30003,
    "num_media": "1",
    "date_created": "Sat, 07 Mar 2026 12:00:00 +0000",
}
RECORD = ProviderMessage(
    SID, "outbound-api", "+15005550006", PATIENT, "No makeup until Sunday.", "undelivered", 30003, NOON, 1
)


@pytest.fixture
def questions(httpx2_mock: respx.Router) -> respx.Route:
    """Every question that Twilio can be asked: a test says what it answers."""
    return httpx2_mock.get(url__startswith=API)


async def sent(gateway: TwilioGateway) -> object:
    return [record async for record in gateway.list_sent(PATIENT, NOON)]


async def inbound(gateway: TwilioGateway) -> object:
    return [record async for record in gateway.list_inbound(NOON)]


async def one(gateway: TwilioGateway) -> object:
    return await gateway.fetch(SID)


async def time(gateway: TwilioGateway) -> object:
    return await gateway.time()


ALL: tuple[Question, ...] = (sent, inbound, one, time)


def refusal(status: int, code: int | None) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": f"To {PATIENT} is bad", "status": status})


def page(*messages: object) -> httpx.Response:
    return httpx.Response(200, json={"messages": messages, "next_page_uri": None, "page_size": 200})


async def test_what_twilio_has_is_found_with_all_that_is_known_of_it(questions: respx.Route, gateway_to: Build) -> None:
    gateway = gateway_to(API)
    questions.mock(page(MESSAGE))
    assert [RECORD] == await sent(gateway)
    questions.mock(httpx.Response(200, json=MESSAGE))
    assert RECORD == await one(gateway)
    questions.mock(page())
    assert [] == await sent(gateway)


async def test_what_is_no_answer_is_trouble_to_every_question_and_names_no_number(
    subtests: pytest.Subtests, questions: respx.Route, gateway_to: Build
) -> None:
    gateway = gateway_to(API)
    elsewhere = {"Location": "https://elsewhere.example/"}
    troubles: list[httpx.Response | Exception] = [
        *(httpx.Response(status, content=b"<h1>No</h1>", headers=elsewhere) for status in (301, 307, 403, 404, 408)),
        *(httpx.Response(status, content=b"") for status in (429, 500, 502, 503, 504)),
        refusal(401, 20003),
        refusal(429, 20429),
        refusal(500, 20500),
        *(
            error(f"to {PATIENT}")
            for error in (
                *(httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout, httpcore2.ReadTimeout),
                *(httpcore2.ReadError, httpcore2.WriteError, httpcore2.RemoteProtocolError, OSError),
            )
        ),
    ]
    for asked in ALL:
        for trouble in troubles:
            if isinstance(trouble, Exception):
                questions.mock(side_effect=trouble)
            else:
                questions.mock(trouble)
            with subtests.test(asked=asked.__name__, trouble=repr(trouble)):
                with pytest.raises(GatewayUnavailable) as caught:
                    await asked(gateway)
                assert PATIENT not in str(caught.value)
                assert caught.value.__cause__ is None


async def test_a_list_that_is_not_in_twilios_form_is_trouble(
    subtests: pytest.Subtests, questions: respx.Route, gateway_to: Build
) -> None:
    gateway = gateway_to(API)
    for body in (
        *(b"", b"{}", b"[]", b"null", b"<html>It works</html>", b'{"messages": null}', b'{"messages": [', b"\xff"),
        b'{"messages": [{"sid": null, "direction": "outbound-api"}]}',
        b'{"messages": [{"sid": "SM1", "direction": "outbound-api", "date_created": "Sat, 7 Mar 2026 12:00:00 GMT"}]}',
        b'{"messages": [{"sid": "%s", "direction": "outbound-api"}]}' % SID.encode(),
    ):
        questions.mock(httpx.Response(200, content=body))
        with subtests.test(body=body), pytest.raises(GatewayUnavailable):
            await sent(gateway)


async def test_a_refused_question_is_told_from_one_that_may_pass_by_itself(
    subtests: pytest.Subtests, questions: respx.Route, gateway_to: Build
) -> None:
    """In the words of a refused send."""
    gateway = gateway_to(API)
    cases: list[tuple[httpx.Response, str | None]] = [
        (refusal(401, 20003), "Twilio refused our credentials."),
        (refusal(404, 20404), "Twilio does not know this account or address."),
        (httpx.Response(403, content=b"<h1>No</h1>"), "The provider refused with HTTP 403."),
        (httpx.Response(408, content=b""), None),
        (refusal(429, 20429), None),
        (httpx.Response(503, content=b"<h1>No</h1>"), None),
    ]
    for response, expected in cases:
        questions.mock(response)
        for asked in (sent, inbound, time):
            with subtests.test(status=response.status_code, asked=asked.__name__):
                with pytest.raises(GatewayUnavailable) as trouble:
                    await asked(gateway)
                assert expected == (str(trouble.value) if isinstance(trouble.value, GatewayRefused) else None)


async def test_only_twilios_own_404_says_that_there_is_no_such_message(
    questions: respx.Route, gateway_to: Build
) -> None:
    gateway = gateway_to(API)
    questions.mock(refusal(404, 20404))
    assert await one(gateway) is None
    for other in (httpx.Response(404, content=b"<h1>Lost</h1>"), httpx.Response(200, content=b"<h1>Hello</h1>")):
        questions.mock(other)
        with pytest.raises(GatewayUnavailable):
            await one(gateway)


async def test_the_time_is_that_of_the_answers_head(questions: respx.Route, gateway_to: Build) -> None:
    gateway = gateway_to(API)
    cases: list[tuple[dict[str, str], datetime | None]] = [
        ({"Date": "Sat, 07 Mar 2026 15:30:01 GMT"}, datetime(2026, 3, 7, 15, 30, 1, tzinfo=UTC)),
        ({"Date": "Sat, 07 Mar 2026 10:30:01 -0500"}, datetime(2026, 3, 7, 15, 30, 1, tzinfo=UTC)),
        ({"Date": "Sat, 07 Mar 2026 15:30:01"}, None),
        ({"Date": "half past three"}, None),
        ({}, None),
    ]
    for headers, expected in cases:
        questions.mock(httpx.Response(200, json={"messages": []}, headers=headers))
        assert (headers, expected) == (headers, await time(gateway))
