"""What is not Twilio's changes nothing, and is counted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine

from notifier.cli.ops.doctor_signature import PROBE_PATH, probe_form
from notifier.db.tables import Event, Receipt, Reply
from notifier.sms.signature import SignatureCheck
from tests.web.conftest import ACCOUNT_SID, INBOUND, PUBLIC_URL, SID, STATUS, TOKEN, Web, inbound_form, open_web, signed

FORM = [*inbound_form("STOP", SID), ("Blank", "")]
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


def nothing_happened(web: Web) -> bool:
    return web.count(Reply) == web.count(Receipt) == web.count(Event) == 0


@pytest.mark.parametrize("path", [STATUS, INBOUND])
@pytest.mark.parametrize(
    "signature", [None, "", "=", "no signature", "é" * 28, "A" * 10_000, "A" * 27 + "=", "\0" + "A" * 27]
)
def test_a_forged_signature_is_refused_and_counted(sqlite_web: Web, path: str, signature: str | None) -> None:
    headers: dict[str, Any] = dict(FORM_TYPE)
    if signature is not None:
        headers["X-Twilio-Signature"] = signature.encode("latin-1")
    response = sqlite_web.client.post(path, content="AccountSid=x&Body=STOP", headers=headers)
    assert 403 == response.status_code
    assert nothing_happened(sqlite_web)
    assert 1 == sqlite_web.metric('notifier_webhooks_refused_total{reason="signature"}')


def test_a_signature_covers_every_parameter(subtests: pytest.Subtests, sqlite_web: Web) -> None:
    for sent in (
        [*inbound_form("STOPP", SID), FORM[-1]],
        [*FORM, ("OptOutType", "START")],
        FORM[:-1],
        [*inbound_form(" STOP", SID), FORM[-1]],
        [*FORM, ("Body", "START")],
    ):
        with subtests.test(sent=sent):
            headers = {"X-Twilio-Signature": signed(PUBLIC_URL + INBOUND, FORM), **FORM_TYPE}
            response = sqlite_web.client.post(INBOUND, content=urlencode(sent), headers=headers)
            assert 403 == response.status_code
            assert nothing_happened(sqlite_web)


def test_a_signature_of_one_query_or_path_is_none_of_another(sqlite_web: Web) -> None:
    signature = signed(f"{PUBLIC_URL}{STATUS}?a=one", FORM)
    for address in (f"{STATUS}?a=two", STATUS, f"{INBOUND}?a=one", f"{STATUS}?a=one&bodySHA256=00"):
        headers = {"X-Twilio-Signature": signature, **FORM_TYPE}
        assert 403 == sqlite_web.client.post(address, data=dict(FORM), headers=headers).status_code
    assert nothing_happened(sqlite_web)


def test_what_the_doctor_signs_is_taken_and_changes_nothing(sqlite_web: Web) -> None:
    form = probe_form(ACCOUNT_SID)
    for token, status in ((TOKEN, 200), ("another", 403)):
        signature = signed(PUBLIC_URL + PROBE_PATH, list(form.items()), token)
        headers = {"X-Twilio-Signature": signature, **FORM_TYPE}
        assert status == sqlite_web.client.post(PROBE_PATH, content=urlencode(form), headers=headers).status_code
    assert nothing_happened(sqlite_web)


def test_two_signatures_are_none(sqlite_web: Web) -> None:
    good = signed(PUBLIC_URL + INBOUND, FORM)
    headers = [("X-Twilio-Signature", good), ("X-Twilio-Signature", good), *FORM_TYPE.items()]
    assert 403 == sqlite_web.client.post(INBOUND, data=dict(FORM), headers=headers).status_code


@pytest.mark.parametrize("evil", ["http://evil.example", "http://127.0.0.1", "https://evil.example"])
def test_only_the_configured_address_counts_whatever_the_request_says_of_itself(sqlite_web: Web, evil: str) -> None:
    host = evil.partition("//")[2]
    lies = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "https", "X-Original-URL": evil}
    assert 403 == sqlite_web.post(INBOUND, FORM, signed_for=evil, **lies).status_code
    assert nothing_happened(sqlite_web)
    assert 200 == sqlite_web.post(INBOUND, FORM, **lies).status_code


@pytest.mark.parametrize(("token", "status"), [("the-other-token", 200), ("the one before both", 403), ("", 403)])
def test_both_tokens_of_a_rotation_sign_and_no_other(sqlite_web: Web, token: str, status: int) -> None:
    assert status == sqlite_web.post(INBOUND, FORM, token=token).status_code


@pytest.mark.parametrize("tokens", [[], [""], ["good", " "]])
def test_no_check_is_made_of_an_empty_token(tokens: list[str]) -> None:
    with pytest.raises(ValueError, match="set TWILIO_AUTH_TOKEN"):
        SignatureCheck(tokens, PUBLIC_URL)


@pytest.mark.parametrize("account", ["AC" + "0" * 32, "", ACCOUNT_SID.lower()])
def test_another_account_is_refused_even_where_its_signature_is_right(sqlite_web: Web, account: str) -> None:
    assert 403 == sqlite_web.post(INBOUND, [("AccountSid", account), *FORM[1:]]).status_code
    assert nothing_happened(sqlite_web)
    assert 1 == sqlite_web.metric('notifier_webhooks_refused_total{reason="account"}')


@pytest.mark.parametrize("agent", ["", "curl/8", "TwilioProxy/1.1"])
def test_the_user_agent_never_decides(sqlite_web: Web, agent: str) -> None:
    assert 200 == sqlite_web.post(INBOUND, FORM, **{"User-Agent": agent}).status_code
    headers = {"X-Twilio-Signature": "A" * 27 + "=", "User-Agent": agent, **FORM_TYPE}
    assert 403 == sqlite_web.client.post(INBOUND, data=dict(FORM), headers=headers).status_code


def test_only_post_is_taken(subtests: pytest.Subtests, sqlite_web: Web) -> None:
    for path in (STATUS, INBOUND):
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
            with subtests.test(path=path, method=method):
                assert 405 == sqlite_web.client.request(method, path).status_code


def test_only_a_form_is_taken(subtests: pytest.Subtests, sqlite_web: Web) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        with subtests.test(kind=kind):
            assert 415 == sqlite_web.post(INBOUND, FORM, **{"Content-Type": kind}).status_code
            assert nothing_happened(sqlite_web)


def test_a_form_may_name_its_charset(sqlite_web: Web) -> None:
    kind = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    assert 200 == sqlite_web.post(INBOUND, FORM, **{"Content-Type": kind}).status_code


def test_more_than_64_kib_is_not_read(sqlite_web: Web) -> None:
    assert 413 == sqlite_web.post(INBOUND, [*FORM, ("More", "x" * 65_536)]).status_code
    assert (
        413
        == sqlite_web.client.post(
            INBOUND, content=b"x", headers={"Content-Length": "9" * 5000, **FORM_TYPE}
        ).status_code
    )
    assert 200 == sqlite_web.post(INBOUND, [*FORM, ("More", "x" * 65_000)]).status_code


def test_a_body_that_is_no_form_is_refused_without_a_crash(subtests: pytest.Subtests, sqlite_web: Web) -> None:
    for body in (b"Body=%ff%fe", b"\xff\xfe", b"&".join(b"a=%d" % n for n in range(2000)), b"", b"%00"):
        with subtests.test(body=body):
            headers = {"X-Twilio-Signature": "A" * 27 + "=", **FORM_TYPE}
            assert 403 == sqlite_web.client.post(INBOUND, content=body, headers=headers).status_code


def test_no_other_spelling_of_an_address_is_redirected(subtests: pytest.Subtests, sqlite_web: Web) -> None:
    for path in (f"{STATUS}/", "/Twilio/status", "/twilio", "/twilio/"):
        with subtests.test(path=path):
            assert 404 == sqlite_web.client.post(path, follow_redirects=False).status_code


def test_without_a_public_address_there_are_no_webhooks(sqlite_engine: Engine, now: Any) -> None:
    with open_web(sqlite_engine, now, webhooks=None) as web:
        assert [404, 404] == [web.post(path, FORM).status_code for path in (STATUS, INBOUND)]
        assert nothing_happened(web)


def test_a_refused_body_stands_in_no_log(sqlite_web: Web, capsys: Any, caplog: Any) -> None:
    sqlite_web.client.post(
        f"{INBOUND}?a=secret-token", content="Body=I+am+bleeding&From=%2B12125550101", headers=FORM_TYPE
    )
    said = "".join(capsys.readouterr()) + caplog.text
    assert "signature" in said
    assert [] == [word for word in ("bleeding", "2125550101", "secret-token") if word in said]
