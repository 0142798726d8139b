"""What open pages cost, and when they are told: the server holds their question, and draws them anew once."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.access.sessions import revoke_all, token_hash
from notifier.db.change_mark import ChangeMark
from notifier.db.engine import reading, writing
from notifier.db.tables import StaffAudit
from notifier.oversight.desk_state import DeskState, desk_state
from notifier.web import desk_watch
from notifier.web.desk_watch import DeskWatch, Held
from notifier.web.drawn_pages import DrawnPage, MadeOnce
from tests.web.pages.conftest import Pages

REFRESH = {"X-Fragment": "1", "X-Refresh": "1"}


def test_an_open_page_is_told_once_something_was_written_and_asks_the_tables_nothing_until_then(pages: Pages) -> None:
    question = _question(pages)

    async def watched(news: Callable[[], object]) -> list[str]:
        watch, seen = DeskWatch(every=0.01), list[str]()
        waiting = asyncio.create_task(watch.hold(question, _never, pages.engine, pages.clock))
        while not watch._sessions:  # noqa: ASYNC110  # a thread of its own looks, and tells nobody
            await asyncio.sleep(0.01)
        with _statements(pages.engine, seen):
            await asyncio.sleep(0.1)
        assert not waiting.done()
        await asyncio.to_thread(news)
        await asyncio.wait_for(waiting, 20)
        return [one for one in seen if "FROM" in one]

    assert [] == asyncio.run(watched(lambda: pages.says("it is bleeding a lot")))
    question = _question(pages)
    assert [] == asyncio.run(watched(lambda: pages.clock.pass_(minutes=20)))  # the session is locked


def test_what_is_held_tells_nothing_to_a_session_that_has_ended_and_is_let_go_with_its_page(pages: Pages) -> None:
    question = _question(pages)

    async def hold(watch: DeskWatch, left: Any = None, of: Held = question) -> None:
        await asyncio.wait_for(watch.hold(of, left or _never, pages.engine, pages.clock), 20)

    async def all_of_it() -> None:
        watch = DeskWatch(every=0.01)
        await hold(watch, left=partial(asyncio.sleep, 0))
        await hold(watch, of=Held("of nobody", question.known))
        await hold(DeskWatch(every=0.01, held_for=0.02))
        waiting = asyncio.create_task(hold(watch))
        while not watch._held:  # noqa: ASYNC110  # there is nothing else to wait for
            await asyncio.sleep(0)
        watch.let_go()
        await waiting
        assert {} == watch._held

    asyncio.run(all_of_it())
    with writing(pages.engine) as session:
        revoke_all(session, 1, now=pages.clock.now())
    told = pages.client.get("/desk-state", headers={**REFRESH, "X-Known": question.known})
    assert (401, "locked\n") == (told.status_code, told.text)


def test_a_window_that_asks_while_its_session_is_looked_up_for_another_waits_as_well(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, looking, go_on = _question(pages), threading.Event(), threading.Event()

    def slow(session: Session, now: datetime) -> DeskState:
        looking.set()
        assert go_on.wait(20)
        return desk_state(session, now)

    async def two_windows() -> list[None]:
        watch = DeskWatch(every=0.01)
        monkeypatch.setattr(desk_watch, "desk_state", slow)
        windows = [asyncio.create_task(watch.hold(question, _never, pages.engine, pages.clock))]
        assert await asyncio.to_thread(looking.wait, 20)
        windows.append(asyncio.create_task(watch.hold(question, _never, pages.engine, pages.clock)))
        await asyncio.sleep(0)
        go_on.set()
        assert 2 == len(watch._held)
        watch.let_go()
        return await asyncio.gather(*windows)

    assert [None, None] == asyncio.run(two_windows())


def test_nobody_waits_on_for_a_watch_that_has_ended(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_mark: ChangeMark) -> object:
        raise sqlite3.OperationalError

    monkeypatch.setattr(ChangeMark, "read", away)
    watch, question = DeskWatch(every=0.01), _question(pages)
    asyncio.run(asyncio.wait_for(watch.hold(question, _never, pages.engine, pages.clock), 20))
    assert {} == watch._held


def test_windows_of_one_person_are_drawn_once_and_nobody_elses_with_them(pages: Pages) -> None:
    pages.enroll()
    pages.says("when can I stop icing?")
    pages.post("/replies/1/claim")
    mine, seen = pages.client.get("/", headers=REFRESH).text, list[str]()
    with _statements(pages.engine, seen):
        again = pages.client.get("/", headers=REFRESH).text
    assert [] == [one for one in seen if "FROM messages" in one]
    form, other = pages.token("/"), pages.token("/")
    assert form != other
    assert _plain(mine) == _plain(again)
    assert mine != again  # each window has tokens of its own
    pages.account("Eve")
    pages.sign_in("Eve")
    read = len(seen)
    with _statements(pages.engine, seen):
        hers = pages.client.get("/", headers=REFRESH).text
    assert [] == [one for one in seen[read:] if "FROM messages" in one], "read again for somebody who may see the same"
    assert ("Give back" in mine, "Give back" in hers, "Take over" in hers) == (True, False, True)
    assert ([True], [False]) == ([f"<option>{one}</option>" in hers for one in ("Dana",)], ["<option>Eve" in hers])
    with reading(pages.engine) as session:
        looks = select(func.count()).where(StaffAudit.by == "staff:Eve", StaffAudit.about == "Today")  # type: ignore[arg-type]  # SQLModel says `bool`
        assert 1 == session.scalar(looks)


def test_windows_that_ask_at_the_same_moment_wait_for_the_one_that_draws(pages: Pages) -> None:
    pages.enroll()
    pages.says("when can I stop icing?")
    pages.client.get("/desk-state")
    with ThreadPoolExecutor(4) as windows:
        drawn = list(windows.map(lambda _: pages.client.get("/", headers=REFRESH), range(4)))
    assert [200] * 4 == [one.status_code for one in drawn]
    assert 1 == len({_plain(one.text) for one in drawn})


def test_a_page_that_is_drawn_for_news_shows_it_however_short_ago_it_was_drawn(pages: Pages) -> None:
    pages.enroll()
    before = pages.client.get("/replies", headers=REFRESH).text
    pages.says("when can I stop icing?")
    pages.clock.pass_(seconds=1)
    told = pages.client.get("/replies", headers=REFRESH).text
    assert (False, True) == ("stop icing" in before, "stop icing" in told)


def test_whom_a_page_shows_that_was_drawn_for_another_window_is_written_down_for_this_one_too(pages: Pages) -> None:
    pages.enroll()
    seen, windows = list[str](), ("Firefox/140", "(iPad) Safari/605")
    assert 200 == pages.client.get("/", headers={**REFRESH, "User-Agent": windows[0]}).status_code
    with _statements(pages.engine, seen):
        assert 200 == pages.client.get("/", headers={**REFRESH, "User-Agent": windows[1]}).status_code
    assert [] == [one for one in seen if "FROM messages" in one], "drawn again"
    with reading(pages.engine) as session:
        looks = select(col(StaffAudit.device), col(StaffAudit.enrollment_id)).where(col(StaffAudit.about) == "Today")
        assert [("Firefox", 1), ("Safari on iPad", 1)] == [tuple(one) for one in session.execute(looks).all()]


def test_what_was_drawn_is_handed_out_for_five_seconds() -> None:
    kept, drawn_at = MadeOnce[DrawnPage](), list[float]()

    def draw(at: float) -> DrawnPage:
        drawn_at.append(at)
        return DrawnPage(b"", 200, "", ())

    for at in (100.0, 104.9, 105.0, 109.9, 110.0):
        kept.get("one page", partial(draw, at), at)
    assert [100.0, 105.0, 110.0] == drawn_at


def test_two_hundred_questions_wait_and_any_more_are_answered_at_once(pages: Pages) -> None:
    question = _question(pages)

    async def ask() -> list[bool]:
        watch = DeskWatch(every=0.01)
        asked = [asyncio.create_task(watch.hold(question, _never, pages.engine, pages.clock)) for _ in range(201)]
        await asyncio.sleep(0)  # each comes to where it waits
        answered = [one.done() for one in asked]
        watch.let_go()
        await asyncio.gather(*asked)
        assert watch._looking is not None
        await watch._looking
        return answered

    assert [False] * 200 + [True] == asyncio.run(asyncio.wait_for(ask(), 20))


def test_the_event_loop_never_waits_for_a_connection_while_questions_are_held(pages: Pages) -> None:
    question, taken_in = _question(pages), list[int]()

    def hear(*_: Any) -> None:
        taken_in.append(threading.get_ident())

    async def hold() -> None:
        watch = DeskWatch(every=0.01)
        await watch.hold(Held("of nobody", question.known), _never, pages.engine, pages.clock)
        assert watch._looking is not None
        await watch._looking

    event.listen(pages.engine.pool, "checkout", hear)
    asyncio.run(asyncio.wait_for(hold(), 20))
    assert (True, False) == (bool(taken_in), threading.get_ident() in taken_in)


def _question(pages: Pages) -> Held:
    pages.sign_in()
    pages.clock.pass_(seconds=1)
    known = pages.client.get("/desk-state", headers=REFRESH).json()["token"]
    return Held(token_hash(pages.client.cookies["notifier"]), known)


async def _never() -> None:
    await asyncio.Event().wait()


def _plain(page: str) -> str:
    """Without the tokens."""
    form = page.partition(' name="form" value="')[2].partition('"')[0]
    assert form
    return page.replace(form, "")


@contextmanager
def _statements(engine: Engine, seen: list[str]) -> Iterator[None]:
    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", hear)
