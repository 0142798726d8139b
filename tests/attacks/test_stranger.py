"""The doctor asks the public address as a stranger would, and says what the internet is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from notifier.cli.ops.doctor_public import check_public_address, check_way_to_database
from notifier.config.settings import Settings
from notifier.oversight.doctor.diagnosis import Level


@contextmanager
def answering(statuses: dict[str, int], otherwise: int = 404) -> Iterator[str]:
    """A loopback server; its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(statuses.get(self.path, otherwise))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815  # the base class's names

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
