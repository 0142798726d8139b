"""Pictures of every page on a busy day, to be looked at: `python -m tests.web.pages.screenshots DIRECTORY`.

1280, 1024 and 360 pixels, light and dark; beside them what was too wide, what the browser complained about, and how
long the server took. No test, and no part of `make test`.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import sync_playwright

from notifier.conversations.auto_reply import AnswerRules
from notifier.db.engine import open_engine
from notifier.db.schema import prepare
from notifier.web.app import create_app
from notifier.web.error_pages import to_staff
from notifier.web.pages.routes import PAGES, staff_router
from schedules.catalogue import shipped
from tests.setups.desk_week import ASKS, DEAD, LATE, MISSED, OPENS, SPANISH, URGENT, ZONE, DeskWeek, february
from tests.web.pages.browsing import CHROMIUM, Visitor, served
from tests.web.pages.conftest import PASSWORD, RULES, Pages, open_pages

WIDTHS: Final = {1280: 900, 1024: 768, 360: 740}
SCHEMES: Final[tuple[Literal["light"], Literal["dark"]]] = ("light", "dark")


def busy_day(pages: Pages) -> DeskWeek:
    """The Tuesday after the holiday, before anybody has done anything."""
    week = DeskWeek(pages)
    week.begin()
    week.pass_until(february(13, 11), dead=DEAD)
    week.writes(ASKS, "can I wear makeup today?")
    week.pass_until(february(16, 11), dead=DEAD, late=LATE)
    week.writes(SPANISH, "¿ya puedo usar maquillaje?")
    week.pass_until(february(17, 9), dead=DEAD, late=LATE)
    week.writes(URGENT, "my face is swelling and I have trouble breathing")
    pages.account("Dr. Sol", admin=True)
    return week


def addresses(week: DeskWeek) -> Iterator[str]:
    """Every page that can be asked for, and one of each kind."""
    shown = [one.path for one in PAGES if one.method == "GET"]
    yield from (path for path in shown if not re.search(r"[{]|[.]csv|/desk-state|/compare$", path))
    yield "/protocols/compare?a=microneedling&b=microneedling-week"
    for number in (DEAD, ASKS, URGENT, SPANISH, MISSED, 30):
        yield f"/patients/{week.enrollment(number)}"
    yield f"/patients/{week.enrollment(ASKS)}/card"
    yield from (f"/protocols/{one}" for one in shipped())
    yield from (f"/protocols/microneedling-week/{one}" for one in ("words", "effect", "check"))
    yield from ("/texts/1", "/texts/not-arrived", "/texts/next-24-hours", "/tasks?older=1")


def take(visitor: Visitor, folder: Path, width: int) -> Iterator[str]:
    """Write the pictures of one look; what was wrong, in sentences."""
    folder.mkdir(parents=True, exist_ok=True)
    signed_in = visitor.page.context.request.post(
        f"{visitor.home}/sign-in", form={"name": "Dr. Sol", "password": PASSWORD}, max_redirects=0
    )
    assert signed_in.status == 303
    for path in addresses(DeskWeek(visitor.pages)):
        began = time.perf_counter()
        visitor.go(path)
        took = time.perf_counter() - began
        name = re.sub(r"\W+", "-", path).strip("-") or "today"
        visitor.page.screenshot(path=folder / f"{name}.png", full_page=True)
        if visitor.width > width:
            yield f"{folder.name}: {path} is {visitor.width} px wide"
        yield from (f"{folder.name}: {path}: {said}" for said in visitor.complaints)
        visitor.complaints.clear()
        print(f"{folder.name:11} {took * 1000:6.0f} ms  {path}")  # noqa: T201  # a report to read


def main(directory: Path) -> None:
    """One database, one moment, six looks."""
    said: list[str] = []
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        engine = open_engine(f"sqlite:///{place}/notifier.db")
        prepare(engine, OPENS)
        with open_pages(engine, OPENS, answers=AnswerRules(RULES.voice, ZONE)) as pages:
            busy_day(pages)
            routers, error_page = [staff_router(pages.context)], to_staff(pages.context)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            with served(create_app(engine, pages.clock, routers=routers, error_page=error_page)) as home:
                for (width, height), scheme in product(WIDTHS.items(), SCHEMES):
                    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]  # two literals
                    visitor = Visitor(context.new_page(), pages, home)
                    said += take(visitor, directory / f"{width}-{scheme}", width)
                    context.close()
            browser.close()
    print(*said, sep="\n")  # noqa: T201  # a report to read


if __name__ == "__main__":
    main(Path(sys.argv[1]))
