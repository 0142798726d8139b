"""Two hundred sign-ins at once: what the process takes, and how long page, webhook and worker keep others waiting."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO, cast

import httpx2

from notifier.access.api_keys import add_key
from notifier.access.manage_accounts import add_staff
from notifier.db.engine import open_engine, writing
from notifier.db.tables import Scope
from notifier.sandbox.running import RunningSandbox, running_sandbox
from notifier.sandbox.server import ACCOUNT_SID, AUTH_TOKEN
from tests.benchmarks.table import Line, at_most, percentile, show
from tests.web.conftest import INBOUND, inbound_form, signed
from tests.web.test_process import started

AT_ONCE, _NAMES = 200, 5
_QUIET = 8.0
"""Seconds of the same questions before, to compare with."""
_PASSWORD = "four words of mine"
_AFTERNOON = "2026-03-06T19:10:00Z"
_PUBLIC = "https://texts.example.org"
Waits = dict[str, list[float]]


def measure() -> None:
    """`notifier run` on SQLite, real Argon2id; a desk, a webhook and an enrollment ask all the time."""
    with TemporaryDirectory(prefix="bench-") as folder:
        place = Path(folder)
        (place / "clock").write_text(_AFTERNOON, encoding="ascii")
        clock = {"NOTIFIER_CLOCK_FILE": str(place / "clock"), "NOTIFIER_MESSAGES_PER_SECOND": "0"}
        with (
            running_sandbox(now=lambda: datetime.now(UTC)) as twilio,  # arrivals are measured on the real clock
            started("run", place, TWILIO_API_URL=twilio.url, **clock) as (process, address),
        ):
            threading.Thread(target=_read_away, args=(cast(TextIO, process.stderr),), daemon=True).start()
            key = _people(place)
            memory = _peak(process.pid)
            quiet, _, _ = asyncio.run(_measured(address, key, twilio, flood=False))
            busy, answers, seconds = asyncio.run(_measured(address, key, twilio, flood=True))
            grown = (_peak(process.pid) - memory) / 1024
    lines = [
        Line("answers to the sign-ins", ", ".join(f"{many} × {status}" for status, many in sorted(answers.items()))),
        Line("until the last of them", f"{seconds:.1f} s"),
        Line("memory that they took at most", f"{grown:.0f} MiB", "", *at_most(160, grown, written="{:.0f} MiB")),
    ]
    for what in quiet:
        before, during = (percentile(waits[what], 0.5) for waits in (quiet, busy))
        worst = max(busy[what])
        figure = f"{before * 1000:.0f} → {during * 1000:.0f} ms, worst {worst * 1000:.0f}"
        lines.append(Line(f"{what}: half within, before → during", figure, f"{during / before:.1f} ×"))
    show(f"{AT_ONCE} sign-ins at the same moment", lines, "The texts are first texts: from enrolling to Twilio.")


def _read_away(log: TextIO) -> None:
    """Or the process waits until somebody reads what it logs."""
    with suppress(ValueError):  # closed at the end
        for _ in log:
            pass


def _people(place: Path) -> str:
    engine = open_engine(f"sqlite:///{place / 'n.db'}")
    now = datetime(2026, 3, 6, 19, 10, tzinfo=UTC)
    with writing(engine) as session:
        add_staff(session, "Desk", _PASSWORD, now=now, by="bench")
        for number in range(_NAMES):
            add_staff(session, f"Person {number}", _PASSWORD, now=now, by="bench")
        key = add_key(session, "bench", [Scope.ENROLL], now=now, by="bench")
    engine.dispose()
    return key


async def _measured(
    address: str, key: str, twilio: RunningSandbox, *, flood: bool
) -> tuple[Waits, Counter[int], float]:
    waits: Waits = {"a page": [], "a webhook": [], "a text by the worker": []}
    async with httpx2.AsyncClient(base_url=address, timeout=60, trust_env=False) as desk:
        assert 303 == (await _sign_in(desk, "Desk")).status_code
        asking = [
            asyncio.create_task(_again(waits["a page"], lambda: _page(desk))),
            asyncio.create_task(_again(waits["a webhook"], lambda: _webhook(desk))),
            asyncio.create_task(_again(waits["a text by the worker"], lambda: _text(desk, key, twilio))),
        ]
        began = time.monotonic()
        answers = await _flood(address) if flood else Counter[int]()
        seconds = time.monotonic() - began
        await asyncio.sleep(max(0.0, _QUIET - seconds))
        for one in asking:
            one.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*asking)
    return waits, answers, seconds


async def _again(waits: list[float], ask: Callable[[], Awaitable[None]]) -> None:
    while True:
        began = time.monotonic()
        await ask()
        waits.append(time.monotonic() - began)
        await asyncio.sleep(0.05)


async def _flood(address: str) -> Counter[int]:
    """Of strangers: five names that exist, each with the right password forty times, so that each is hashed."""
    limits = httpx2.Limits(max_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=address, timeout=120, trust_env=False, limits=limits) as strangers:
        asked = (_sign_in(strangers, f"Person {number % _NAMES}") for number in range(AT_ONCE))
        return Counter(answer.status_code for answer in await asyncio.gather(*asked))


async def _sign_in(browser: httpx2.AsyncClient, name: str) -> httpx2.Response:
    return await browser.post("/sign-in", data={"name": name, "password": _PASSWORD})


async def _page(desk: httpx2.AsyncClient) -> None:
    assert 200 == (await desk.get("/enroll")).status_code


async def _webhook(desk: httpx2.AsyncClient) -> None:
    form = [("AccountSid", ACCOUNT_SID), *inbound_form("thank you", f"SM{time.monotonic_ns()}")[1:]]
    headers = {"X-Twilio-Signature": signed(f"{_PUBLIC}{INBOUND}", form, AUTH_TOKEN)}
    answer = await desk.post(INBOUND, data=dict(form), headers=headers)
    assert answer.status_code in {200, 503}, answer.text  # 503: Twilio asks again, and polling finds it anyway


async def _text(desk: httpx2.AsyncClient, key: str, twilio: RunningSandbox) -> None:
    """From the moment at which somebody is enrolled until the first text is with Twilio."""
    before = len(twilio.ledger)
    body = {
        "external_id": f"v-{time.monotonic_ns()}", "name": "Ana Ruiz", "phone": f"+1212555{before % 10000:04d}",
        "protocol": "microneedling", "treated_at": "2026-03-06T13:30:00-05:00", "consent": "signed form",
    }  # fmt: skip
    answer = await desk.post("/api/v1/enrollments", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code in {200, 201}, answer.text
    while len(twilio.ledger) == before:  # noqa: ASYNC110  # the sandbox has no event of that
        await asyncio.sleep(0.01)


def _peak(process: int) -> int:
    """The most memory that a process has had, in KiB."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
