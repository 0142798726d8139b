"""How long the server takes for a page of the staff's, after two years and a hundred thousand patients."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from time import perf_counter

import httpx2
import structlog
from fastapi.testclient import TestClient

from notifier.access.manage_accounts import add_staff
from notifier.access.second_factor import SecondFactorRule
from notifier.db.engine import open_engine, writing
from notifier.web.app import create_app
from notifier.web.context import WebContext
from notifier.web.pages.routes import staff_router
from schedules.catalogue import shipped
from tests.benchmarks.clinic import NOW, RULES
from tests.benchmarks.databases import Databases
from tests.benchmarks.history import fill_history
from tests.benchmarks.table import Line, at_most, percentile, show
from tests.setups.fakes import FakeClock

_PATIENTS = 100_000
_VISITS = 30
_PASSWORD = "four words of mine"  # of an account that lives for this measurement


def measure(databases: Databases) -> None:
    """Each page again and again, as a signed-in person gets it: queries, template and everything around it."""
    for kind in databases.kinds:
        url = databases.fresh(kind)
        fill_history(url, _PATIENTS)
        _measure(kind, url)
        databases.drop(url)


def _measure(kind: str, url: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    engine = open_engine(url)
    clock = FakeClock(NOW)
    with writing(engine) as session:
        add_staff(session, "Dana", _PASSWORD, admin=False, now=NOW, by="bench")
    context = WebContext(engine, clock, RULES, shipped(), second_factor=SecondFactorRule.OFF)
    app = create_app(engine, clock, routers=[staff_router(context)])
    with TestClient(app, client=("127.0.0.1", 50000), base_url="http://127.0.0.1", follow_redirects=False) as browser:
        browser.post("/sign-in", data={"name": "Dana", "password": _PASSWORD})
        found = re.search(r'name="form" value="([^"]+)"', browser.get("/enroll").text)
        assert found
        form = {**_FORM, "form": found[1]}
        looked: dict[str, tuple[float | None, Callable[[], httpx2.Response]]] = {
            "Today": (100, lambda: browser.get("/")),
            "Patient": (100, lambda: browser.get(f"/patients/{_PATIENTS - 10}")),
            "preview while enrolling": (50, lambda: browser.post("/preview", data=form)),
            "find by name": (None, lambda: browser.post("/find", data={"form": found[1], "who": "Patient 77"})),
            "Delivery, 30 days": (None, lambda: browser.get("/delivery?days=30")),
        }
        lines = [_line(name, *page) for name, page in looked.items()]
    engine.dispose()
    show(f"Pages at the server on {kind}, {_PATIENTS:,} patients", lines, "Times include the test's own HTTP client.")


def _line(name: str, most: float | None, visit: Callable[[], httpx2.Response]) -> Line:
    took = []
    for _ in range(_VISITS):
        begun = perf_counter()
        answer = visit()
        took.append(1e3 * (perf_counter() - begun))
        assert answer.status_code == 200, (name, answer.status_code)
    half, most_of = percentile(took, 0.5), percentile(took, 0.95)
    target = at_most(most, most_of, written="{:.0f} ms") if most else ()
    return Line(f"{name}: half / 95 % within", f"{half:.0f} / {most_of:.0f} ms", "", *target)


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
