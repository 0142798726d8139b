"""The doctor asks the public address as a stranger would, and says what the internet is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from notifier.cli.ops.doctor_public import check_public_address, check_way_to_database
from notifier.cli.ops.doctor_signature import check_signatures
from notifier.config.settings import Settings
from notifier.oversight.doctor.diagnosis import Level
from notifier.sms.signature import SignatureCheck

ACCOUNT, TOKEN = "AC" + "0" * 32, "a token that nobody may see"


class Silent(BaseHTTPRequestHandler):
    """It writes no line for each request."""

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def served_by(handler: type[Silent]) -> Iterator[str]:
    """The address on loopback where it answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def answering(statuses: dict[str, int], otherwise: int = 404) -> Iterator[str]:
    """A loopback server; its address."""

    class Handler(Silent):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(statuses.get(self.path, otherwise))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815  # the base class's names

    with served_by(Handler) as url:
        yield url


def said(statuses: dict[str, int]) -> list[tuple[str, Level]]:
    with answering(statuses) as address:
        return [(one.what, one.level) for one in check_public_address(Settings(public_url=address))]


def test_what_strangers_are_answered_is_a_failure_and_a_webhook_must_refuse_them() -> None:
    webhook = "/twilio/inbound"
    assert [("public address", Level.OK)] == said({webhook: 403})
    for path, status in (
        ("/sign-in", 200),
        ("/", 303),
        ("/metrics", 200),
        ("/readyz", 200),
        ("/api/v1/openapi.json", 200),
    ):
        assert [("public address", Level.FAIL)] == said({webhook: 403, path: status})
    assert [("webhooks", Level.FAIL)] == said({webhook: 200})
    assert [("webhooks", Level.WARN)] == said({})
    with answering({}) as address:
        pass
    assert [Level.WARN] == [one.level for one in check_public_address(Settings(public_url=address))]
    assert [] == list(check_public_address(Settings()))


def test_the_way_to_another_machines_database_is_proven_by_its_certificate() -> None:
    def level(url: str) -> list[Level]:
        return [one.level for one in check_way_to_database(Settings(database_url=SecretStr(url)))]

    host = "postgresql+psycopg://notifier@db.clinic.lan/notifier"
    assert [Level.WARN] == level(host) == level(f"{host}?sslmode=require")
    local = "postgresql://notifier@127.0.0.1/notifier"
    assert [Level.OK] == level(f"{host}?sslmode=verify-full") == level(local) == level("postgresql:///n?host=/run/pg")
    assert [] == level("sqlite:///notifier.db")


@contextmanager
def checking(account: str, signed_for: str | None, refusal: int = 403, reason: str = "signature") -> Iterator[str]:
    """A loopback server that takes what is signed with TOKEN for `signed_for`, or for its own address; its address."""

    class Handler(Silent):
        def answer(self) -> None:
            form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
            path, _, query = self.path.partition("?")
            check = SignatureCheck([TOKEN], signed_for or f"http://{self.headers['Host']}")
            taken = check.accepts(path, query, form, self.headers["X-Twilio-Signature"])
            said = "" if taken and dict(form)["AccountSid"] == account else "account" if taken else reason
            self.send_response(refusal if said else 200)
            self.end_headers()
            self.wfile.write(f"{said}\n".encode())

        do_POST = answer  # noqa: N815  # the base class's name

    with served_by(Handler) as url:
        yield url


def test_what_is_signed_as_twilio_does_it_is_taken_or_the_doctor_says_why_not(subtests: pytest.Subtests) -> None:
    elsewhere = "https://clinic.example"
    for what, server, level, words in (
        ("well", checking(ACCOUNT, None), Level.OK, "a wrong signature is refused"),
        ("another address", checking(ACCOUNT, elsewhere), Level.FAIL, "its signature does not fit"),
        ("another account", checking("AC" + "1" * 32, None), Level.FAIL, "another TWILIO_ACCOUNT_SID"),
        ("redirect", checking(ACCOUNT, elsewhere, 308), Level.FAIL, "sends webhooks elsewhere (308)"),
        ("proxy", checking(ACCOUNT, elsewhere, 403, "<html>"), Level.FAIL, "gets 403, and not from this program"),
        ("busy", checking(ACCOUNT, elsewhere, 503), Level.WARN, "put off (503)"),
        ("takes anything", answering({}, 200), Level.FAIL, "a wrong signature is taken"),
        ("no webhooks", answering({}), Level.FAIL, "gets 404, and not from this program"),
    ):
        with subtests.test(what=what), server as address:
            settings = Settings(public_url=address, twilio_account_sid=ACCOUNT, twilio_auth_token=SecretStr(TOKEN))
            (found,) = check_signatures(settings)
            assert (level, True) == (found.level, words in found.found), found.found
            assert TOKEN not in found.found + found.advice
    with answering({}) as gone:
        pass
    unanswered = Settings(public_url=gone, twilio_account_sid=ACCOUNT, twilio_auth_token=SecretStr(TOKEN))
    assert [] == list(check_signatures(unanswered)) == list(check_signatures(Settings(public_url=gone)))
