"""What is public is public by name: any other name, and any spelling of ours, reaches nothing."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from notifier.web.app import create_app
from notifier.web.hosts import THIS_MACHINE, HostRules
from notifier.web.pages.routes import staff_router
from tests.faults.process import until
from tests.setups.fakes import FakeClock
from tests.setups.keys import KEYS
from tests.web.pages.conftest import RULES
from tests.web.test_process import started

DEPLOY = Path(__file__).parents[2] / "notifier" / "deploy"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
CADDY = shutil.which("caddy")
PAGE, PUBLIC = "front-desk.clinic.lan", "texts.example.org"
PATHS = ("/", "/sign-in", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/static/desk.css", "/nowhere")


def test_the_public_name_serves_webhooks_alone_and_no_other_name_serves_anything(
    sqlite_engine: Engine, now: datetime
) -> None:
    from notifier.web.context import WebContext  # noqa: PLC0415  # only this test builds one by hand
    from schedules.catalogue import shipped  # noqa: PLC0415  # the same

    clock = FakeClock(now)
    context = WebContext(sqlite_engine, clock, RULES, shipped(), KEYS, public_host=PUBLIC)
    rules = HostRules(PUBLIC, THIS_MACHINE | {PAGE})
    app = create_app(sqlite_engine, clock, routers=[staff_router(context)], hosts=rules)
    with TestClient(app, client=("127.0.0.1", 50000), base_url="http://127.0.0.1", follow_redirects=False) as client:

        def status(host: str | list[tuple[str, str]], path: str = "/sign-in") -> int:
            return client.get(path, headers={"Host": host} if isinstance(host, str) else host).status_code

        assert dict.fromkeys(PATHS, 404) == {path: status(PUBLIC, path) for path in PATHS}
        for stranger in ("evil.example", "texts.example.org.evil.example", f"x.{PAGE}", "10.0.0.9", "[::2]"):
            assert (stranger, 404) == (stranger, status(stranger))
        for malformed in ("", " ", f"{PUBLIC}.", f"{PAGE}.", f"user@{PAGE}", f"{PAGE}/x", f"{PAGE}:x", "a b", "::1"):
            assert (malformed, 400) == (malformed, status(malformed))
        assert 400 == status([("Host", PAGE), ("Host", PUBLIC)])
        assert [200, 200, 200] == [status(one, "/healthz") for one in ("127.0.0.1", "localhost:8080", PAGE)]
        assert 403 == status(PAGE)  # http, and not this machine's own name
    with TestClient(app, client=("203.0.113.9", 50000), base_url="http://127.0.0.1", follow_redirects=False) as remote:
        assert 403 == remote.get("/sign-in").status_code


@pytest.mark.skipif(NGINX is None or shutil.which("openssl") is None, reason="there is no nginx here")
def test_the_shipped_nginx_file_gives_each_name_what_is_its_own(tmp_path: Path) -> None:
    settings = {"NOTIFIER_PAGE_HOSTS": PAGE, "NOTIFIER_PUBLIC_URL": f"https://{PUBLIC}"}
    with started("web", tmp_path, **settings) as (_, address), nginx(tmp_path, address.rpartition(":")[2]) as port:
        assert {"/sign-in": 200, "/healthz": 200} == {path: said(port, PAGE, path) for path in ("/sign-in", "/healthz")}
        assert dict.fromkeys(PATHS, 404) == {path: said(port, PUBLIC, path) for path in PATHS}
        assert 405 == said(port, PUBLIC, "/twilio/inbound")  # a webhook is there, and is no page
        for stranger in ("evil.example", "127.0.0.1", f"{PAGE}.evil.example"):
            assert (stranger, 0) == (stranger, said(port, stranger, "/sign-in"))
        assert 400 <= said(port, PUBLIC, "/sign-in", host="evil.example") <= 499


@pytest.mark.skipif(CADDY is None or shutil.which("openssl") is None, reason="there is no caddy here")
def test_the_shipped_caddyfile_gives_each_name_what_is_its_own(tmp_path: Path) -> None:
    settings = {"NOTIFIER_PAGE_HOSTS": PAGE, "NOTIFIER_PUBLIC_URL": f"https://{PUBLIC}"}
    with started("web", tmp_path, **settings) as (_, address), caddy(tmp_path, address.rpartition(":")[2]) as port:
        assert {"/sign-in": 200, "/healthz": 200} == {path: said(port, PAGE, path) for path in ("/sign-in", "/healthz")}
        assert dict.fromkeys(PATHS, 404) == {path: said(port, PUBLIC, path) for path in PATHS}
        assert 405 == said(port, PUBLIC, "/twilio/inbound")  # a webhook is there, and is no page
        for stranger in ("evil.example", "127.0.0.1", f"{PAGE}.evil.example"):
            assert (stranger, 0) == (stranger, said(port, stranger, "/sign-in"))
        assert 0 == said(port, PUBLIC, "/sign-in", host="evil.example")


@contextmanager
def caddy(place: Path, upstream: str) -> Iterator[int]:
    """The shipped file, word for word but for the port, the certificates and this machine as the clinic's network."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key, certificate = make_certificate(place)
    servers = (DEPLOY / "Caddyfile").read_text("utf-8")
    for was, now in (
        ("\tauto_https disable_redirects", f"\tauto_https off\n\tadmin off\n\thttps_port {port}"),
        ("8080", upstream), (":443 {", f":{port} {{"),
        ("tls /etc/ssl/clinic.pem /etc/ssl/clinic.key", f"tls {certificate} {key}"), ("10.0.0.0/8", "127.0.0.0/8"),
        (f"{PUBLIC} {{", f"{PUBLIC} {{\n\ttls {certificate} {key}"),  # it would ask for one of its own
    ):  # fmt: skip
        assert was in servers
        servers = servers.replace(was, now)
    (place / "Caddyfile").write_text(servers, encoding="utf-8")
    command = [str(CADDY), "run", "--config", str(place / "Caddyfile"), "--adapter", "caddyfile"]
    environment = {"HOME": str(place), "XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as server:
        try:
            until(lambda: _listens(port), "caddy does not listen")
            yield port
        finally:
            server.terminate()


def make_certificate(place: Path) -> tuple[Path, Path]:
    """A key and a certificate for both names."""
    key, certificate = place / "clinic.key", place / "clinic.pem"
    making = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={PAGE}")
    names = ("-addext", f"subjectAltName=DNS:{PAGE},DNS:{PUBLIC}")
    subprocess.run([*making, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


@contextmanager
def nginx(place: Path, upstream: str) -> Iterator[int]:
    """The shipped files, word for word but for ports, the certificate and this machine as the clinic's network."""
    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, clear = free.getsockname()[1], other.getsockname()[1]
    key, certificate = make_certificate(place)
    shutil.copy(DEPLOY / "notifier_proxy.conf", place / "notifier_proxy.conf")
    servers = (DEPLOY / "nginx.conf").read_text("utf-8")
    for was, now in (
        ("443 ssl", f"127.0.0.1:{port} ssl"), ("listen 80", f"listen 127.0.0.1:{clear}"), ("8080", upstream),
        ("/etc/ssl/clinic.pem", str(certificate)), ("/etc/ssl/clinic.key", str(key)), ("allow 10.", "allow 127."),
    ):  # fmt: skip
        assert was in servers
        servers = servers.replace(was, now)
    body = "".join(f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = f"daemon off; pid {place}/pid; error_log {place}/error.log; events {{}}"
    (place / "main.conf").write_text(f"{main} http {{ access_log off; {body} {servers} }}", encoding="utf-8")
    command = [str(NGINX), "-p", str(place), "-c", str(place / "main.conf")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        try:
            until(lambda: _listens(port), "nginx does not listen")
            yield port
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def said(port: int, name: str, path: str, *, host: str | None = None) -> int:
    """The status under a name (for TLS, and as the Host unless said); 0 where the connection is closed."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 30) as plain,
            trusting.wrap_socket(plain, server_hostname=name) as line,
        ):
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host or name}\r\nConnection: close\r\n\r\n".encode())
            head = line.recv(4096).decode("latin-1")
    except (ssl.SSLError, ConnectionError):
        return 0
    return int(head.split()[1]) if head else 0
