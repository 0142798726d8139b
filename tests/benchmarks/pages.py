"""How long the server takes for every page of the staff's, after two years, a hundred thousand patients and forty
thousand pieces of work that nobody has closed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, process_time, sleep
from zoneinfo import ZoneInfo

import httpx2
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import col

from notifier.access.manage_accounts import add_staff
from notifier.access.second_factor import SecondFactorRule
from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import open_engine, writing
from notifier.db.protocols import store_version
from notifier.db.tables import Enrollment
from notifier.web.app import create_app
from notifier.web.context import WebContext
from notifier.web.pages.routes import PAGES, staff_router
from schedules.catalogue import shipped
from schedules.protocol import CareProtocol
from tests.benchmarks.clinic import NOW, RULES, VOICE, ZONE
from tests.benchmarks.databases import Databases
from tests.benchmarks.history import fill_history
from tests.benchmarks.table import Line, at_most, percentile, show
from tests.benchmarks.work import PIECES, fill_work
from tests.setups.fakes import FakeClock
from tests.setups.keys import KEYS

_PATIENTS = 100_000
_VISITS = 20
_CHANGED = 1_100
"""Patients of the last eight days, for whom a change of the protocol changes something."""
MOST = 100
"""Milliseconds within which every page should be there."""
_PASSWORD = "four words of mine"  # of an account that lives for this measurement
_FILLED = {
    "{enrollment:int}": str(_PATIENTS - 10),
    "{message:int}": "600",
    "{date}": f"{NOW:%Y-%m-%d}",
    "{month}": f"{NOW:%Y-%m}",
    "{protocol}": "microneedling",
    "{language}": "en",
}
_LISTS = (
    "waiting", "next-24-hours", "day-0", "day-6", "delivered", "not-arrived?days=30",
)  # fmt: skip
_EACH = {"/texts/{which}": [f"/texts/{which}" for which in _LISTS], "/delivery": ["/delivery", "/delivery?days=30"]}
_EACH["/tasks"] = ["/tasks", "/tasks?older=1", "/tasks?put-off=1"]
_NOT_MEASURED = re.compile(r"/photos/|/found/|\.csv$|\.ics$|/import/progress|/check$|/compare$|/correction$")
"""What is a file, has nothing to show here, or is measured by its own name below."""

_NOTHING_TO_SHOW = 422
"""What a step between two forms answers without the first one's fields, or a page of what nobody has done here."""


def measure(databases: Databases) -> None:
    """Each page again and again, as a signed-in person gets it: queries, template and everything around it."""
    for kind in databases.kinds:
        url = databases.fresh(kind)
        fill_history(url, _PATIENTS)
        fill_work(url)
        _measure(kind, url)
        databases.drop(url)


def _measure(kind: str, url: str) -> None:
    engine = open_engine(url)
    with desk(engine) as (browser, form):
        search = browser.post("/find", data={"form": form, "who": "Patient 77"}).headers["location"]
        looked: dict[str, tuple[float, Callable[[], httpx2.Response]]] = {
            path: (MOST, lambda path=path: browser.get(path))  # type: ignore[misc]  # a default that binds
            for path in [*_addresses(), search]
            if browser.get(path).status_code != _NOTHING_TO_SHOW
        }
        looked["preview while enrolling"] = 50, lambda: browser.post("/preview", data={**_FORM, "form": form})
        looked["find by name"] = MOST, lambda: browser.post("/find", data={"form": form, "who": "Patient 77"})
        lines = [visited(name.replace(search, "what was found"), *page) for name, page in looked.items()]
        lines += _of_a_change(engine, browser)
    engine.dispose()
    title = f"Every page at the server on {kind}, {_PATIENTS:,} patients, {PIECES:,} pieces of open work"
    show(title, lines, "Times include the test's own HTTP client; processor time is of this process alone.")


def _of_a_change(engine: Engine, browser: TestClient) -> list[Line]:
    """What a changed protocol does to the latest patients: the page while that is counted, and once it is whole."""
    present, path = shipped()["microneedling"], "/protocols/microneedling/effect"
    older = CareProtocol.from_content(present.content.replace('"days":7', '"days":6'))
    lately = col(Enrollment.id) > _PATIENTS - _CHANGED
    with writing(engine) as session:
        store_version(session, older, NOW)
        session.execute(update(Enrollment).where(lately).values(version=older.version))
    what = f"a change for {_CHANGED:,} patients"
    line = visited(f"{what}, while it is counted", MOST, lambda: browser.get(path))
    begun = at = perf_counter()
    while "refresh" in browser.get(path).headers:
        sleep(0.5)
        at = perf_counter()
    took, since = 1e3 * (perf_counter() - at), at - begun
    target = at_most(MOST, took, written="{:.0f} ms")
    return [line, Line(f"{what}, once it is counted", f"{took:.0f} ms", f"counted within {since:.1f} s", *target)]


@contextmanager
def desk(engine: Engine) -> Iterator[tuple[TestClient, str]]:
    """The page over this database, as somebody sees it who has signed in; and the form of that session."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    clock = FakeClock(NOW)
    with writing(engine) as session:
        add_staff(session, "Dana", _PASSWORD, admin=True, now=NOW, by="bench")
    answers = AnswerRules(VOICE, ZoneInfo(ZONE))
    context = WebContext(engine, clock, RULES, shipped(), KEYS, second_factor=SecondFactorRule.OFF, answers=answers)
    app = create_app(engine, clock, routers=[staff_router(context)])
    with TestClient(app, client=("127.0.0.1", 50000), base_url="http://127.0.0.1", follow_redirects=False) as browser:
        browser.post("/sign-in", data={"name": "Dana", "password": _PASSWORD})
        found = re.search(r'name="form" value="([^"]+)"', browser.get("/enroll").text)
        assert found
        yield browser, found[1]


def _addresses() -> list[str]:
    """Every page that can be looked at."""
    found = []
    for page in PAGES:
        if page.method == "GET" and not _NOT_MEASURED.search(page.path):
            path = page.path
            for name, value in _FILLED.items():
                path = path.replace(name, value)
            found += _EACH.get(page.path, [path])
    return found


def visited(name: str, most: float, visit: Callable[[], httpx2.Response]) -> Line:
    """A page again and again, as a line of a table."""
    took, worked = [], []
    visit()  # a look is written down once, templates are compiled once
    for _ in range(_VISITS):
        begun, busy = perf_counter(), process_time()
        answer = visit()
        took.append(1e3 * (perf_counter() - begun))
        worked.append(1e3 * (process_time() - busy))
        assert answer.status_code in (200, 303), (name, answer.status_code)
    half, most_of = percentile(took, 0.5), percentile(took, 0.95)
    said = f"{half:.0f} / {most_of:.0f} ms"
    target = at_most(most, most_of, written="{:.0f} ms")
    return Line(f"{name}: half / 95 % within", said, f"{percentile(worked, 0.5):.0f} ms of a core", *target)


_FORM = {
    "name": "Ana Ruiz",
    "phone": "(212) 555-0123",
    "protocol": "microneedling-regimen",
    "when": "treated",
    "treated_at": "2026-03-11T13:30",
    "timezone": "America/New_York",
    "language": "en",
    "consent": "Signed form",
}
