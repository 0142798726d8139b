"""Photos come from Twilio and nowhere else, within bounds, and the login goes to the API's own address alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpcore2
import pytest
import respx

from notifier.sms.account import TWILIO_API
from notifier.sms.media import LARGEST, MediaSource, MediaUnavailable

SID, ME = "MM" + "0" * 32, "ME" + "1" * 32
BASE = f"{TWILIO_API}/2010-04-01/Accounts/AC1/Messages/{SID}/Media"
CDN = "https://mms.twiliocdn.com/AC1/x?Signature=abc"
SOURCE = MediaSource(TWILIO_API, "AC1", ("SK1", "secret"))
Router = respx.MockRouter


@pytest.fixture
def twilio() -> Iterator[Router]:
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        listed = {"media_list": [{"sid": ME}]}
        router.get(f"{BASE}.json").respond(200, json=listed)
        yield router


def moves(route: respx.Route, to: str) -> None:
    route.respond(307, headers={"Location": to})


def test_a_photo_is_fetched_over_twilios_redirect_and_the_login_stays_behind(twilio: Router) -> None:
    asked = twilio.get(f"{BASE}/{ME}").respond(307, headers={"Location": CDN})
    given = twilio.get(CDN).respond(200, content=b"photo", headers={"Content-Type": "image/jpeg"})
    found = SOURCE.fetch(SID, 1)
    assert ("image/jpeg", b"photo") == (found.content_type, found.content)
    assert "authorization" in asked.calls[0].request.headers
    assert "authorization" not in given.calls[0].request.headers
    assert "secret" not in repr(SOURCE)


def test_no_other_address_is_ever_called(twilio: Router, subtests: pytest.Subtests) -> None:
    for stranger in (
        "https://evil.example/x",
        "http://mms.twiliocdn.com/x",
        "https://mms.twiliocdn.com:8443/x",
        "https://mms.twiliocdn.com.evil.example/x",
        "https://eviltwiliocdn.com/x",
        "https://user:pass@mms.twiliocdn.com/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8080/metrics",
        "file:///etc/passwd",
        "//evil.example/x",
        "http://api.twilio.com/x",
    ):
        with subtests.test(stranger=stranger):
            moves(twilio.get(f"{BASE}/{ME}"), stranger)
            called = twilio.get(url__regex=r"evil|169|127|8443").respond(200, content=b"secret")
            with pytest.raises(MediaUnavailable, match="not Twilio's, which is never called"):
                SOURCE.fetch(SID, 1)
            assert not called.called


def test_an_api_that_is_not_twilios_gives_no_leave_to_call_its_content_network(twilio: Router) -> None:
    own = MediaSource("http://127.0.0.1:9", "AC1", ("AC1", "token"))
    here = f"http://127.0.0.1:9/2010-04-01/Accounts/AC1/Messages/{SID}/Media"
    twilio.get(f"{here}.json").respond(200, json={"media_list": [{"sid": ME}]})
    moves(twilio.get(f"{here}/{ME}"), CDN)
    with pytest.raises(MediaUnavailable, match="not Twilio's"):
        own.fetch(SID, 1)


def test_what_has_no_end_or_is_too_large_or_odd_is_a_sentence(twilio: Router, subtests: pytest.Subtests) -> None:
    def file(status: int, content: bytes = b"", **headers: str) -> Callable[[], object]:
        return lambda: twilio.get(f"{BASE}/{ME}").respond(status, content=content, headers=headers)

    def listing(content: bytes) -> Callable[[], object]:
        return lambda: twilio.get(f"{BASE}.json").respond(200, content=content)

    def broken() -> None:
        twilio.get(f"{BASE}/{ME}").mock(side_effect=httpcore2.ConnectError)

    good = json.dumps({"media_list": [{"sid": ME}]}).encode()
    cases: list[tuple[str, Callable[[], object], str]] = [
        ("in a circle", file(307, Location=f"{BASE}/{ME}"), "from address to address"),
        ("50 MB", file(200, b"0" * 50_000_000), f"larger than {LARGEST:,} bytes"),
        ("deleted", file(404), "does not have the photo any more"),
        ("refused", file(401), "HTTP 401"),
        ("broken", broken, "could not be reached"),
        ("no list", listing(b"<html>"), "any more"),
        ("empty", listing(b'{"media_list": []}'), "any more"),
        ("a list of millions", listing(good + b" " * 300_000), "larger than"),
        ("another path", listing(b'{"media_list": [{"sid": "../../Accounts"}]}'), "a form that is not its own"),
    ]
    for name, given, why in cases:
        with subtests.test(name=name):
            twilio.get(f"{BASE}.json").respond(200, content=good)
            given()
            with pytest.raises(MediaUnavailable, match=why):
                SOURCE.fetch(SID, 1)
