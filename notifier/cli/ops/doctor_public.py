"""What the doctor finds where strangers come from: the public address, asked as one of them would; and the way to the
database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Final

import httpx2
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from notifier.config.settings import Settings
from notifier.oversight.doctor.diagnosis import Diagnosis, Level

_CLOSED: Final = ("/", "/sign-in", "/api/v1/openapi.json", "/fhir/R4/metadata", "/metrics", "/readyz", "/healthz")
"""What nobody outside may be answered."""
_SIGNED: Final = "/twilio/inbound"
_EACH: Final = 3.0
_WITHIN: Final = 6.0
"""Seconds: a doctor that hangs tells nothing."""
_LOOPBACK: Final = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")


def check_public_address(settings: Settings) -> Iterator[Diagnosis]:
    """Ask NOTIFIER_PUBLIC_URL, unsigned and signed in to nothing."""
    if settings.public_url is None:
        return
    found = asyncio.run(_ask(settings.public_url))
    if not any(found.values()):
        advice = "Twilio reaches it from the internet; ask it from there: curl -i URL/sign-in must say 404"
        yield Diagnosis("public address", Level.WARN, f"{settings.public_url} does not answer from here", advice)
        return
    open_ = [path for path in _CLOSED if 200 <= found[path] < 400]
    if open_:
        advice = "put the page, metrics and API behind a name of their own: see notifier/deploy/nginx.conf"
        yield Diagnosis("public address", Level.FAIL, f"strangers are answered at {', '.join(open_)}", advice)
    match found[_SIGNED]:
        case 403:
            if not open_:
                found_well = f"{settings.public_url}: no page, no metrics, no API; unsigned webhooks are refused"
                yield Diagnosis("public address", Level.OK, found_well)
        case status if 200 <= status < 300:
            advice = "what answers there is not this program, or lets everybody in: stop it"
            yield Diagnosis("webhooks", Level.FAIL, f"{_SIGNED} takes what nobody has signed", advice)
        case status:
            said = f"says {status}" if status else "does not answer"
            advice = "let the proxy pass /twilio/ on, with the Host it was asked by; until then replies are polled"
            yield Diagnosis("webhooks", Level.WARN, f"{_SIGNED} {said}, where an unsigned request gets 403", advice)


def check_way_to_database(settings: Settings) -> Iterator[Diagnosis]:
    """Whether somebody between here and PostgreSQL could read along, or be taken for it."""
    try:
        address = make_url(settings.database_url.get_secret_value())
    except ArgumentError:
        return  # where it is opened, its own sentence says so
    if not address.get_backend_name().startswith("postgres"):
        return
    host, mode = str(address.query.get("host") or address.host or ""), address.query.get("sslmode", "prefer")
    if not host or host.startswith("/") or _LOOPBACK.fullmatch(host) or mode == "verify-full":
        yield Diagnosis("way to the database", Level.OK, "on this machine" if mode != "verify-full" else "verify-full")
        return
    found = f"sslmode is {mode}: whoever stands between could read along, or be taken for the database"
    advice = "add ?sslmode=verify-full&sslrootcert=system (or the server's own certificate) to NOTIFIER_DATABASE_URL"
    yield Diagnosis("way to the database", Level.WARN, found, advice)


def check_records(settings: Settings) -> Iterator[Diagnosis]:
    """Whether patients are forgotten, and the audit log is kept elsewhere too."""
    if settings.retention_days is None:
        advice = "set NOTIFIER_RETENTION_DAYS: lawsuits run four years, charts longer"
        yield Diagnosis("retention", Level.WARN, "nobody has said how long patients are kept: for ever", advice)
    if settings.audit_copy is None:
        advice = "set NOTIFIER_AUDIT_COPY: log, or a file that another machine keeps"
        yield Diagnosis("audit log", Level.WARN, "no copy elsewhere would show that its end was cut off", advice)


async def _ask(address: str) -> dict[str, int]:
    """The status at each path; 0 where nothing comes."""
    found = dict.fromkeys((*_CLOSED, _SIGNED), 0)

    async def one(client: httpx2.AsyncClient, method: str, path: str) -> None:
        try:
            response = await client.request(
                method, f"{address}{path}", data={"From": "+1"} if method == "POST" else None
            )
            found[path] = response.status_code
        except (httpx2.HTTPError, OSError):
            return

    async with httpx2.AsyncClient(timeout=_EACH, follow_redirects=False, trust_env=False) as client:
        asking = [one(client, "GET", path) for path in _CLOSED]
        asking.append(one(client, "POST", _SIGNED))
        try:
            async with asyncio.timeout(_WITHIN):
                await asyncio.gather(*asking)
        except TimeoutError:
            return found
    return found
