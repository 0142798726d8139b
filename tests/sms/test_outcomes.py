"""Whatever the wire says of a create becomes Accepted, NotCreated or Unknown; mocked at the wire itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import httpcore2
import httpx
import pytest
import respx

from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.codes import _CODES, in_words
from notifier.sms.gateway import Accepted, NotCreated, Outcome, OutgoingText, Unknown
from notifier.sms.twilio_gateway import TwilioGateway
from tests.sms.conftest import API

SID = "SM" + "0123456789abcdef" * 2
Build = Callable[..., TwilioGateway]
Why = NotCreatedClass


@pytest.fixture
def creates(httpx2_mock: respx.Router) -> respx.Route:
    """Twilio's address for creates: a test says what it answers."""
    return httpx2_mock.post(url__startswith=API)


def refusal(status: int, code: object) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "To +12125550123 is bad", "status": status})


async def test_a_2xx_with_a_valid_sid_is_accepted(creates: respx.Route, gateway_to: Build, text: OutgoingText) -> None:
    gateway = gateway_to(API)
    for status in (200, 201):
        for sid in (SID, SID.replace("SM", "MM")):
            creates.mock(httpx.Response(status, json={"sid": sid, "status": "queued"}))
            assert Accepted(sid, "queued") == await gateway.send(text)


async def test_a_2xx_without_a_valid_sid_is_unknown(
    subtests: pytest.Subtests, creates: respx.Route, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(API)
    for body in (
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
        b"x" * 100_000,
    ):
        for status in (200, 201):
            creates.mock(httpx.Response(status, content=body))
            with subtests.test(status=status, body=body[:50]):
                assert isinstance(await gateway.send(text), Unknown)


async def test_a_3xx_a_5xx_and_a_408_are_unknown_whatever_their_body_says(
    subtests: pytest.Subtests, creates: respx.Route, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(API)
    for body in (b"<h1>Bad gateway</h1>", b'{"code": 21211, "message": "x", "status": 400}', b"[]", b""):
        for status in (301, 302, 304, 307, 408, 500, 502, 503, 504, 599):
            elsewhere = {"Location": "https://elsewhere.example/"}
            creates.mock(httpx.Response(status, content=body, headers=elsewhere))
            with subtests.test(status=status, body=body):
                assert Unknown(f"The provider answered with HTTP {status}.") == await gateway.send(text)


async def test_a_4xx_was_certainly_not_created_and_its_code_says_why(
    subtests: pytest.Subtests, creates: respx.Route, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(API)
    html = b"<h1>Forbidden</h1>"
    new_form = {"type": "t", "title": "Slow", "status": "odd", "code": 20429}
    cases: list[tuple[httpx.Response, NotCreatedClass, int | None]] = [
        (refusal(401, 20003), Why.ACCOUNT, 20003),
        (refusal(429, 20429), Why.SLOW_DOWN, 20429),
        (refusal(400, 99999), Why.UNRECOGNIZED, 99999),
        (refusal(400, "odd"), Why.UNRECOGNIZED, None),
        (refusal(400, None), Why.UNRECOGNIZED, None),
        (httpx.Response(400, content=html), Why.UNRECOGNIZED, None),
        (httpx.Response(401, content=b""), Why.ACCOUNT, None),
        (httpx.Response(403, content=html), Why.ACCOUNT, None),
        (httpx.Response(404, content=html), Why.ACCOUNT, None),
        (httpx.Response(429, content=b""), Why.SLOW_DOWN, None),
        (httpx.Response(429, json=new_form), Why.SLOW_DOWN, 20429),
    ]
    for response, why, code in cases:
        creates.mock(response)
        with subtests.test(status=response.status_code, body=response.content):
            outcome = await gateway.send(text)
            assert (why, code) == said(outcome)
            assert text.to not in str(outcome)


async def test_every_code_that_we_know_is_read_and_put_in_our_own_words(
    subtests: pytest.Subtests, creates: respx.Route, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(API)
    for code, known in _CODES.items():
        creates.mock(refusal(400, code))
        with subtests.test(code=code):
            expected = NotCreated(known.refusal or Why.UNRECOGNIZED, code, in_words(code))
            assert expected == await gateway.send(text)


def said(outcome: Outcome) -> tuple[NotCreatedClass, int | None]:
    assert isinstance(outcome, NotCreated), outcome
    return outcome.why, outcome.code


async def test_a_request_that_never_left_is_not_created(
    creates: respx.Route, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(API)
    for refused in (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout):
        creates.mock(side_effect=refused(f"to {text.to}"))
        outcome = await gateway.send(text)
        assert (refused, (Why.NETWORK, None)) == (refused, said(outcome))
        assert text.to not in str(outcome)


async def test_a_request_that_may_have_been_read_is_unknown(
    creates: respx.Route, gateway_to: Build, text: OutgoingText
) -> None:
    gateway = gateway_to(API)
    for failure in (
        httpcore2.ReadTimeout,
        httpcore2.ReadError,
        httpcore2.WriteError,
        httpcore2.WriteTimeout,
        httpcore2.RemoteProtocolError,
        httpcore2.LocalProtocolError,
        OSError,
    ):
        creates.mock(side_effect=failure(f"to {text.to}"))
        outcome = await gateway.send(text)
        assert (failure, Unknown) == (failure, type(outcome))
        assert text.to not in str(outcome)


async def test_retry_after_is_kept_in_seconds(creates: respx.Route, gateway_to: Build, text: OutgoingText) -> None:
    gateway = gateway_to(API)
    cases: list[tuple[dict[str, str], float | None]] = [
        ({"Retry-After": "7"}, 7.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "999999999"}, 300.0),
        ({"Retry-After": "Sat, 07 Mar 2026 15:31:00 GMT", "Date": "Sat, 07 Mar 2026 15:30:30 GMT"}, 30.0),
        ({"Retry-After": "Sat, 07 Mar 2026 15:31:00 GMT"}, None),
    ]
    for headers, expected in cases:
        creates.mock(httpx.Response(429, json={"code": 20429}, headers=headers))
        outcome = await gateway.send(text)
        assert (headers, expected) == (headers, outcome.retry_after if isinstance(outcome, NotCreated) else outcome)


async def test_the_text_leaves_with_its_token_its_validity_and_our_credentials(
    creates: respx.Route, gateway_to: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TWILIO_EDGE", "sydney"), ("TWILIO_REGION", "au1"), ("HTTPS_PROXY", "http://127.0.0.1:9")):
        monkeypatch.setenv(name, value)
    creates.mock(httpx.Response(201, json={"sid": SID, "status": "queued"}))
    gateway = gateway_to(API, status_callback_base="https://clinic.example/", messaging_service_sid="MGx")
    for asked, sent in ((900, "900"), (0, "1"), (-3, "1"), (36_001, "36000")):
        await gateway.send(OutgoingText("+12125550123", "Grüße 🙂", "t/1", asked))
        request = creates.calls.last.request
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
    assert (Why.BAD_CONTENT, None) == said(outcome)
