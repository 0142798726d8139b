"""Forty sign-ins at once cost neither the memory of the worker's process nor anybody's way in."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from starlette.responses import Response

from notifier.access.manage_accounts import add_staff
from notifier.db.engine import open_engine, writing
from notifier.web.hashing_room import HashingRoom
from tests.web.test_process import started

PASSWORD = "four words of mine"
NOW = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
AT_ONCE = 40
A_HASH = 64 << 10
"""Memory of one Argon2id hash, in KiB."""


def test_of_forty_tries_at_once_ten_are_judged_two_at_most_at_a_time_and_who_was_here_before_gets_in(
    tmp_path: Path,
) -> None:
    with started("web", tmp_path) as (process, address):
        engine = open_engine(f"sqlite:///{tmp_path / 'n.db'}")
        with writing(engine) as session:
            add_staff(session, "Dana", PASSWORD, now=NOW, by="test")
        engine.dispose()
        with _browser(address) as desk, _browser(address) as strangers:
            assert 303 == _sign_in(desk).status_code
            before = _peak(process.pid)
            answers = asyncio.run(_flood(address))
            assert 10 >= answers[401] > 0
            assert AT_ONCE == answers[401] + answers[429] + answers[503]
            assert _peak(process.pid) - before < 2 * A_HASH
            assert 429 == [_sign_in(strangers, "not it at all").status_code for _ in range(11)][-1]
            assert 429 == _sign_in(strangers).status_code
            assert 303 == _sign_in(desk).status_code


def _browser(address: str) -> httpx2.Client:
    return httpx2.Client(base_url=address, timeout=60)


def _sign_in(browser: httpx2.Client, password: str = PASSWORD) -> httpx2.Response:
    return browser.post("/sign-in", data={"name": "Dana", "password": password})


async def _flood(address: str) -> Counter[int]:
    async with httpx2.AsyncClient(base_url=address, timeout=60) as stranger:
        tries = (stranger.post("/sign-in", data={"name": "Dana", "password": f"guess {n}"}) for n in range(AT_ONCE))
        return Counter(answer.status_code for answer in await asyncio.gather(*tries))


def _peak(process: int) -> int:
    """The most memory that a process has had, in KiB."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
async def test_a_hash_gives_way_to_pages_webhooks_and_the_worker() -> None:
    def priority() -> Response:
        return Response(str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))

    here = int(bytes(priority().body))
    for known in (False, True):
        assert min(here + 10, 19) == int(bytes((await HashingRoom().run(priority, known=known)).body))
    assert here == int(bytes(priority().body))
