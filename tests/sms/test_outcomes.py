"""Whatever the wire says becomes Accepted, NotCreated or Unknown; mocked at the wire itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import httpcore2
import httpx
import pytest
import respx

from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import Accepted, NotCreated, OutgoingText, Unknown
from notifier.sms.twilio_gateway import TwilioGateway

API = "https://api.twilio.com"
SID = "SM" + "0123456789abcdef" * 2
Build = Callable[..., TwilioGateway]


def error(status: int, code: int) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "To +12125550123 is bad", "status": status})


@pytest.mark.parametrize("sid", [SID, SID.replace("SM", "MM")])
@pytest.mark.parametrize("status", [200, 201])
async def test_a_2xx_with_a_valid_sid_is_accepted(
    httpx2_mock: respx.Router, gateway_to: Build, text: OutgoingText, sid: str, status: int
) -> None:
    httpx2_mock.post(url__startswith=API).mock(httpx.Response(status, json={"sid": sid, "status": "queued"}))
    assert await gateway_to(API).send(text) == Accepted(sid, "queued")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"17",
        b"<html>It works</html>",
        b'{"sid": "SM0123',
        b'{"sid": null, "status": "queued"}',
        b'{"sid": 17}',
        b'{"sid": "SM0123456789ABCDEF0123456789ABCDEF"}',
        b'{"sid": "XX0123456789abcdef0123456789abcdef"}',
        b'{"sid": "SM0123456789abcdef0123456789abcdef\\n"}',
        b"\xff\xfe",
    ],
)
async def test_a_2xx_without_a_valid_sid_is_unknown(
    httpx2_mock: respx.Router, gateway_to: Build, text: OutgoingText, body: bytes
) -> None:
    httpx2_mock.post(url__startswith=API).mock(httpx.Response(201, content=body))
    assert isinstance(await gateway_to(API).send(text), Unknown)


@pytest.mark.parametrize("status", [301, 302, 304, 307, 408, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"<h1>Bad gateway</h1>", b'{"code": 21211, "message": "x", "status": 400}', b"[]"])
async def test_a_3xx_a_5xx_and_a_408_are_unknown_whatever_their_body_says(
    httpx2_mock: respx.Router, gateway_to: Build, text: OutgoingText, status: int, body: bytes
) -> None:
    httpx2_mock.post(url__startswith=API).mock(httpx.Response(status, content=body))
    assert await gateway_to(API).send(text) == Unknown(f"The provider answered with HTTP {status}.")


@pytest.mark.parametrize(
    ("response", "why", "code"),
    [
        (error(400, 21211), NotCreatedClass.BAD_NUMBER, 21211),
        (error(400, 21610), NotCreatedClass.OPTED_OUT, 21610),
        (error(401, 20003), NotCreatedClass.ACCOUNT, 20003),
        (error(400, 99999), NotCreatedClass.UNRECOGNIZED, 99999),
        (error(429, 20429), NotCreatedClass.SLOW_DOWN, 20429),
        (httpx.Response(403, content=b"<h1>Forbidden</h1>"), NotCreatedClass.ACCOUNT, None),
        (httpx.Response(400, json={"code": "odd", "status": 400}), NotCreatedClass.UNRECOGNIZED, None),
        (
            httpx.Response(429, json={"type": "t", "title": "Slow", "status": "odd", "code": 20429}),
            NotCreatedClass.SLOW_DOWN,
            20429,
        ),
    ],
)
async def test_a_4xx_was_certainly_not_created_and_its_code_says_why(
    httpx2_mock: respx.Router,
    gateway_to: Build,
    text: OutgoingText,
    response: httpx.Response,
    why: NotCreatedClass,
    code: int | None,
) -> None:
    httpx2_mock.post(url__startswith=API).mock(response)
    outcome = await gateway_to(API).send(text)
    assert isinstance(outcome, NotCreated)
    assert (outcome.why, outcome.code) == (why, code)
    assert text.to not in outcome.detail


@pytest.mark.parametrize("refusal", [httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout])
async def test_a_request_that_never_left_is_not_created(
    httpx2_mock: respx.Router, gateway_to: Build, text: OutgoingText, refusal: type[Exception]
) -> None:
    httpx2_mock.post(url__startswith=API).mock(side_effect=refusal(f"to {text.to}"))
    outcome = await gateway_to(API).send(text)
    assert isinstance(outcome, NotCreated)
    assert (outcome.why, outcome.code) == (NotCreatedClass.NETWORK, None)
    assert text.to not in outcome.detail


@pytest.mark.parametrize(
    "failure",
    [
        httpcore2.ReadTimeout,
        httpcore2.ReadError,
        httpcore2.WriteError,
        httpcore2.WriteTimeout,
        httpcore2.RemoteProtocolError,
    ],
)
async def test_a_request_that_may_have_been_read_is_unknown(
    httpx2_mock: respx.Router, gateway_to: Build, text: OutgoingText, failure: type[Exception]
) -> None:
    httpx2_mock.post(url__startswith=API).mock(side_effect=failure(f"to {text.to}"))
    outcome = await gateway_to(API).send(text)
    assert isinstance(outcome, Unknown)
    assert text.to not in outcome.detail


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "999999999"}, 300.0),
        ({"Retry-After": "Sat, 07 Mar 2026 15:31:00 GMT", "Date": "Sat, 07 Mar 2026 15:30:30 GMT"}, 30.0),
        ({"Retry-After": "Sat, 07 Mar 2026 15:31:00 GMT"}, None),
    ],
)
async def test_retry_after_is_kept_in_seconds(
    httpx2_mock: respx.Router, gateway_to: Build, text: OutgoingText, headers: dict[str, str], expected: float | None
) -> None:
    httpx2_mock.post(url__startswith=API).mock(httpx.Response(429, json={"code": 20429}, headers=headers))
    outcome = await gateway_to(API).send(text)
    assert isinstance(outcome, NotCreated)
    assert outcome.retry_after == expected


@pytest.mark.parametrize(("asked", "sent"), [(900, "900"), (0, "1"), (-3, "1"), (36_001, "36000")])
async def test_the_text_leaves_with_its_token_its_validity_and_our_credentials(
    httpx2_mock: respx.Router, gateway_to: Build, monkeypatch: pytest.MonkeyPatch, asked: int, sent: str
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    route = httpx2_mock.post(url__startswith=API).mock(httpx.Response(201, json={"sid": SID, "status": "queued"}))
    gateway = gateway_to(API, status_callback_base="https://clinic.example/", messaging_service_sid="MGx")
    await gateway.send(OutgoingText("+12125550123", "Grüße 🙂", "t/1", asked))
    request = route.calls.last.request
    assert request.url.path.endswith("/Messages.json")
    assert request.headers["Authorization"].startswith("Basic ")
    assert parse_qs(request.content.decode()) == {
        "To": ["+12125550123"],
        "From": ["+15005550006"],
        "MessagingServiceSid": ["MGx"],
        "Body": ["Grüße 🙂"],
        "ValidityPeriod": [sent],
        "StatusCallback": ["https://clinic.example/twilio/status?a=t%2F1#rc=5&rp=all"],
    }


async def test_a_text_that_cannot_be_encoded_is_refused_before_it_leaves(gateway_to: Build) -> None:
    outcome = await gateway_to("http://127.0.0.1:9").send(OutgoingText("+12125550123", "\ud83d", "t", 60))
    assert isinstance(outcome, NotCreated)
    assert outcome.why == NotCreatedClass.BAD_CONTENT
