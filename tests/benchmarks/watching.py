"""What open pages cost: twenty of them, of five people, wait until something has come, and draw Today anew when it has.
Measured at the server's process alone."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from uuid import uuid4

import httpx2
import structlog
import uvicorn

from notifier.access.manage_accounts import add_staff
from notifier.clock import Clock
from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import open_engine, writing
from notifier.web.app import create_app
from notifier.web.context import WebContext
from notifier.web.pages.routes import staff_router
from schedules.catalogue import shipped
from tests.benchmarks.clinic import RULES
from tests.benchmarks.databases import Databases
from tests.benchmarks.history import fill_history
from tests.benchmarks.table import Line, at_most, show
from tests.benchmarks.work import fill_work
from tests.setups.keys import KEYS

_PEOPLE, _PAGES, _SECONDS = 5, 20, 30.0
_MOST = 1.0
"""Percent of a core."""
_PASSWORD = "four words of mine"  # of an account that lives for this measurement
_FRESH = {"X-Fragment": "1", "X-Refresh": "1"}


def measure(databases: Databases) -> None:
    """At a small clinic, and at one with a hundred thousand patients and forty thousand pieces of work."""
    for kind in databases.kinds:
        lines = []
        for name, patients in (("a small clinic", 0), ("100,000 patients, 40,000 pieces of work", 100_000)):
            url = databases.fresh(kind)
            if patients:
                fill_history(url, patients)
                fill_work(url)
            with_pages = _measure(url)
            lines += [_line(f"{name}: {what}", share) for what, share in with_pages.items()]
            databases.drop(url)
        show(f"{_PAGES} open pages on {kind}", lines, "Processor time of the web server's process.")


def _line(name: str, share: float) -> Line:
    return Line(name, f"{share:.2f} % of a core", "", *at_most(_MOST, share, written="{:.0f} %"))


def _measure(url: str) -> dict[str, float]:
    engine = open_engine(url)
    with writing(engine) as session:
        for name in range(_PEOPLE):
            add_staff(session, f"Person {name}", _PASSWORD, admin=False, now=Clock().now(), by="bench")
    engine.dispose()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(url, port), daemon=True)
    server.start()
    try:
        return asyncio.run(_watch(url, f"http://127.0.0.1:{port}", server.pid or 0))
    finally:
        server.terminate()
        server.join()


def _serve(url: str, port: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    engine, clock = open_engine(url), Clock()
    app = create_app(engine, clock, routers=[staff_router(WebContext(engine, clock, RULES, shipped(), KEYS))])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, ws="none")


async def _watch(url: str, home: str, server: int) -> dict[str, float]:
    async with AsyncExitStack() as open_browsers:
        browsers = [
            await open_browsers.enter_async_context(httpx2.AsyncClient(base_url=home, timeout=90))
            for _ in range(_PAGES)
        ]
        while not await _is_there(browsers[0]):  # noqa: ASYNC110  # another process has no event to wait for
            await asyncio.sleep(0.2)
        await asyncio.to_thread(_write, url)  # a process that has shown a message before: statements are made once
        for number, browser in enumerate(browsers):
            await browser.post("/sign-in", data={"name": f"Person {number % _PEOPLE}", "password": _PASSWORD})
            await browser.get("/")
        return {
            "nothing comes": await _share(browsers, server),
            "a text in half a minute": await _share(browsers, server, url),
        }


async def _is_there(browser: httpx2.AsyncClient) -> bool:
    try:
        return (await browser.get("/sign-in")).is_success
    except httpx2.TransportError:
        return False


async def _share(browsers: list[httpx2.AsyncClient], server: int, url: str | None = None) -> float:
    """Percent of a core; with `url` one patient writes meanwhile, and every page draws Today anew."""
    pages = [asyncio.create_task(_page(browser)) for browser in browsers]
    await asyncio.sleep(3)  # until each has asked for the first time
    busy, since = _busy(server), monotonic()
    await asyncio.sleep(_SECONDS / 3)
    if url is not None:
        await asyncio.to_thread(_write, url)
    await asyncio.sleep(_SECONDS * 2 / 3)
    spent = 100 * (_busy(server) - busy)
    share = spent / (monotonic() - since)
    for page in pages:
        page.cancel()
    drawn = await asyncio.gather(*pages, return_exceptions=True)
    assert not [one for one in drawn if not isinstance(one, asyncio.CancelledError)]
    return share


async def _page(browser: httpx2.AsyncClient) -> None:
    known = (await browser.get("/desk-state", headers=_FRESH)).json()["token"]
    while True:
        token = (await browser.get("/desk-state", headers={**_FRESH, "X-Known": known})).json()["token"]
        if known != token:
            await browser.get("/", headers=_FRESH)
        known = token


def _write(url: str) -> None:
    engine, now = open_engine(url), Clock().now()
    with writing(engine) as session:
        receive(session, InboundText(f"SM{uuid4().hex}"[:34], "+12125550123", "when can I stop icing?", now), now)
    engine.dispose()


def _busy(process: int) -> float:
    """Seconds of a core that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
