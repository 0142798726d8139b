"""Calendars that are polled: by their tag, bounded, and not where only this network reaches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from notifier.db.engine import reading
from notifier.domain.refused import Refused
from notifier.enrollments.importing.calendar_feeds import fetch as fetching
from notifier.enrollments.importing.calendar_feeds.feeds import add_feed, failed_feeds
from notifier.enrollments.importing.calendar_feeds.fetch import fetch, is_public
from notifier.enrollments.importing.calendar_feeds.poll_feeds import EVERY, due_feeds, poll_feed
from notifier.oversight.forecast import enrollments
from tests.setups.clinic import ClinicSetup

EVENT = """BEGIN:VEVENT\r
UID:{uid}\r
DTSTART:{day}T150000Z\r
DTEND:{day}T160000Z\r
SUMMARY:{service} - Ana Ruiz\r
DESCRIPTION:Phone: (212) 555-0123\r
STATUS:CONFIRMED\r
END:VEVENT\r
"""


def calendar(service: str = "Plain") -> bytes:
    visits = (("long-over", "20250310"), ("next", "20260324"))
    events = "".join(EVENT.format(uid=uid, day=day, service=service) for uid, day in visits)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n".encode()


@dataclass
class Server:
    """A calendar on the loopback."""

    url: str = ""
    body: bytes = b""
    head: str = '200 OK\r\nETag: "one"'
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        self.asked.append(asked)
        is_known = 'if-none-match: "one"' in asked
        head, body = ("304 Not Modified", b"") if is_known else (self.head, self.body)
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    async with await asyncio.start_server(found.serve, "127.0.0.1", 0) as listening:
        found.url = f"http://localhost:{listening.sockets[0].getsockname()[1]}/visits.ics"
        yield found


async def look(clinic: ClinicSetup, after: timedelta = timedelta()) -> list[str | None]:
    now = clinic.now + after
    return [
        await poll_feed(clinic.engine, feed, protocols=clinic.protocols, rules=clinic.rules, now=now)
        for feed in clinic.act(due_feeds, now)
    ]


async def test_a_calendar_is_read_each_quarter_hour_by_its_tag_and_what_fails_is_told_until_it_is_mended(
    clinic: ClinicSetup, server: Server
) -> None:
    server.body = calendar("Lip filler")
    clinic.act(
        add_feed, "visits", server.url, mapping="calendar", own_mappings={}, consent="asked", allow_private=True,
        now=clinic.now, by="desk",
    )  # fmt: skip
    (why,) = await look(clinic)
    assert (why or "").startswith("2 of its 2 events could not be taken, such as row 2: nobody has said what")
    with reading(clinic.engine) as session:
        assert [(1, "visits")] == list(failed_feeds(session))
    assert [] == await look(clinic, EVERY / 2)
    server.body = calendar()
    assert [None] == await look(clinic, EVERY)
    assert [None] == await look(clinic, EVERY * 2)
    assert [False, False, True] == ['if-none-match: "one"' in one for one in server.asked]
    with reading(clinic.engine) as session:
        assert [] == list(failed_feeds(session))
        assert ["next"] == [one.external_id for one in enrollments(session)]  # what is long over is no news


async def test_what_is_not_a_bounded_public_calendar_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*, allow_private: bool = True) -> str:
        with pytest.raises(Refused) as why:
            await fetch(server.url, etag=None, last_modified=None, allow_private=allow_private)
        return str(why.value)

    server.body = b"x" * 2000
    assert "it stands on a private network" in await refused(allow_private=False)
    assert [] == server.asked
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    assert "it has over 1,000 bytes" in await refused()
    for head, sentence in (
        ("302 Found\r\nLocation: http://169.254.169.254/", "it leads to another address"),
        ("200 OK\r\nContent-Encoding: gzip", "something packed"),
        ("500 x", "it answered 500"),
        ("nonsense", "it could not be reached"),
    ):
        server.head = head
        assert sentence in await refused(), head
    private = (
        "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 ::1 :: fe80::1%eth0"
    )
    wrapped = "fd00::1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 2002:7f00:1::"
    assert [] == [one for one in f"{private} {wrapped}".split() if is_public(one)]
    assert is_public("8.8.8.8")
    assert is_public("2001:4860:4860::8888")


def test_an_address_without_https_or_with_a_password_is_refused(clinic: ClinicSetup) -> None:
    for url in ("http://example.org/a.ics", "file:///etc/passwd", "https://a:b@example.org/a", "https://", "x"):
        with pytest.raises(Refused):
            clinic.act(add_feed, "a", url, mapping="calendar", own_mappings={}, now=clinic.now, by="desk")
