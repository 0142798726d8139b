"""One clinic whose command line, page, API and import stand open at once, to do one command at each of them."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from notifier.access.api_keys import add_key
from notifier.access.manage_accounts import add_staff
from notifier.bootstrap.planning import planning_rules
from notifier.config.settings import load_settings
from notifier.db.engine import open_engine, writing
from notifier.db.tables import Scope
from notifier.web.api.app import api_router
from notifier.web.app import create_app
from notifier.web.context import WebContext
from notifier.web.error_pages import to_staff
from notifier.web.pages.routes import staff_router
from schedules.catalogue import protocols_with
from tests.setups.fakes import FakeClock
from tests.setups.gated import offer_cryo
from tests.setups.keys import KEYS
from tests.web.pages.conftest import PASSWORD

NOW = datetime(2026, 3, 7, 20, 40, tzinfo=UTC)
BOOKED_FOR = "2026-03-07T15:35"


@dataclass(frozen=True)
class Case:
    """One command as each door is asked for it, on enrollment 1."""

    state: str
    """Of the enrollment, afterwards."""
    cli: tuple[str, ...] = ()
    page: dict[str, str] = field(default_factory=dict)
    api: dict[str, Any] = field(default_factory=dict)
    row: dict[str, str] | None = None
    """What an import's row says then; None where an import cannot mean this."""
    before: tuple[tuple[str, ...], ...] = ()
    """What was done to the enrollment at the command line before."""
    booked: bool = False
    protocol: str = "microneedling-kit"


EFFECT = {
    "enrollment", "already", "before", "after", "texts", "others", "others_elsewhere", "others_unplanned",
    "on_their_way", "opted_out", "unanswered", "not_told", "call_patient",
}  # fmt: skip
TEXT = {"message", "step", "what", "was_due_at", "due_at", "text", "why"}
ENROLLED = {
    "enrollment", "already", "protocol", "version", "treated_at", "timezone", "restrictions", "messages", "unanswered",
    "left_out", "warnings", "effect", "first_text",
}  # fmt: skip


CASES = {
    "treated": Case(
        "active",
        cli=("--at", "2026-03-07T15:38"),
        page={"treated_at": "2026-03-07T15:38"},
        api={"at": "2026-03-07T15:38:00-05:00"},
        row={"treated_at": "2026-03-07T15:38", "appointment_at": ""},
        booked=True,
    ),
    "no-show": Case("no_show", row={"status": "no-show"}, booked=True),
    "change": Case(
        "active",
        cli=("--treated-at", "2026-03-07T15:00", "--language", "es"),
        page={"treated_at": "2026-03-07T15:00", "language": "es"},
        api={"treated_at": "2026-03-07T15:00:00-05:00", "language": "es"},
        row={"treated_at": "2026-03-07T15:00", "language": "es"},
    ),
    "cancel": Case("cancelled", row={"status": "cancelled"}),
    "hold": Case("held"),
    "resume": Case("active", before=(("hold", "1"),)),
    "consent-withdrawn": Case("active", row={"consent": "no"}),
    "informed": Case(
        "active",
        cli=("makeup", "--card"),
        page={"topics": "makeup", "informed": "card"},
        api={"topics": ["makeup"], "informed": "card"},
    ),
    "cleared": Case(
        "active",
        cli=("soaking", "--at", "2026-03-07T15:35"),
        page={"topic": "soaking", "cleared_at": "2026-03-07T15:35"},
        api={"topic": "soaking", "at": "2026-03-07T15:35:00-05:00"},
        row={"cleared": "soaking=2026-03-07T15:35"},
        protocol="cryo",
    ),
}


@dataclass
class Clinic:
    """All doors of one clinic, in one directory: a command line, a page on which Dana has signed in, a program."""

    run: Callable[..., Any]
    directory: Path
    engine: Engine
    client: TestClient
    key: str
    row: dict[str, str] = field(default_factory=dict)

    def enroll(self, case: Case) -> None:
        """Ana, treated ten minutes ago, or booked for five minutes ago; and what was done to her enrollment since."""
        self.row = {
            "external_id": "A-1", "name": "Ana Lopez", "phone": "+14155550123", "protocol": case.protocol,
            "treated_at": "" if case.booked else "2026-03-07T15:30",
            "appointment_at": BOOKED_FOR if case.booked else "",
            "timezone": "America/New_York", "language": "en", "consent": "signed form", "status": "",
            "cleared": "",
        }  # fmt: skip
        (self.directory / "clock").write_text("2026-03-07T20:32:00Z")
        assert 1 == self.imports()["counts"]["new"]
        (self.directory / "clock").write_text(NOW.isoformat())
        for command in case.before:
            assert 0 == self.run(*command).code

    def imports(self, *options: str, **more: str) -> Any:
        """Import the row of the enrollment, with what is different in it."""
        row = self.row | more
        (self.directory / "rows.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
        return self.run("import", "rows.csv", "--json", *options).answer

    def cli(self, word: str, case: Case, *more: str) -> Any:
        return self.run(word, "1", *case.cli, *more)

    def api(self, word: str, case: Case, **more: Any) -> Any:
        return self._post(f"/enrollments/1/{word}", case.api | more)

    def enroll_by_api(self, said: dict[str, Any]) -> Any:
        return self._post("/enrollments", said)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers).json()

    def page(self, word: str, case: Case, sure: str | None = None) -> str:
        form = re.search(r'name="form" value="([^"]+)"', self.client.get("/enroll").text)
        assert form is not None
        sent = {"form": form[1], "what": word, **case.page, **({"sure": sure} if sure else {})}
        return self.client.post("/patients/1/change", data=sent).text

    def press(self, word: str, case: Case) -> None:
        """Look at the page's difference, and press its button."""
        sure = re.search(r'name="sure" value="([^"]+)"', self.page(word, case))
        assert sure is not None
        self.page(word, case, sure[1])

    def stored(self) -> Any:
        """Everything that a command could write."""
        return self.run("show", "1", "--json").answer, self.run("enrollments", "--json").answer

    def sent(self, *steps: str) -> None:
        """These texts have arrived."""
        arrived = "UPDATE messages SET state = 'delivered', left_at = due_at, sent_text = text, attempts = 1"
        with writing(self.engine) as session:
            for step in steps:
                session.execute(text(f"{arrived} WHERE step = :step"), {"step": step})


COMMAND_DOORS: dict[str, Callable[[Clinic, str, Case], object]] = {
    "command line": lambda clinic, word, case: clinic.cli(word, case),
    "page": lambda clinic, word, case: clinic.press(word, case),
    "API": lambda clinic, word, case: clinic.api(word, case),
    "import": lambda clinic, _word, case: clinic.imports(**(case.row or {})),
}


@pytest.fixture
def open_clinic(
    clinic: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AbstractContextManager[Clinic]]:
    """A clinic where nobody is enrolled yet, as often as it is asked for."""
    empty = tmp_path / "empty.db"
    with closing(sqlite3.connect(tmp_path / "notifier.db")) as new, closing(sqlite3.connect(empty)) as kept:
        new.backup(kept)

    @contextmanager
    def opened() -> Iterator[Clinic]:
        for left in tmp_path.glob("notifier.db*"):
            left.unlink()
        shutil.copy(empty, tmp_path / "notifier.db")
        engine = open_engine(f"sqlite:///{tmp_path / 'notifier.db'}")
        own = offer_cryo(tmp_path / "protocols")
        monkeypatch.setenv("NOTIFIER_PROTOCOLS_DIR", str(own))
        context = WebContext(engine, FakeClock(NOW), planning_rules(load_settings()), protocols_with(own), KEYS)
        with writing(engine) as session:
            add_staff(session, "Dana", PASSWORD, admin=False, now=NOW, by="test")
            key = add_key(session, "EHR", tuple(Scope), now=NOW, by="test")
        routers = [staff_router(context), api_router(context)]
        app = create_app(engine, context.clock, routers=routers, error_page=to_staff(context))
        with TestClient(app, client=("127.0.0.1", 9), base_url="http://127.0.0.1", follow_redirects=False) as client:
            client.post("/sign-in", data={"name": "Dana", "password": PASSWORD})
            yield Clinic(clinic, tmp_path, engine, client, key)
        engine.dispose()

    return opened
