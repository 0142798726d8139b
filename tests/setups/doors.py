"""The doors of a clinic of two offices: command line, page, API and CSV, each used as its people use it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import Engine

from notifier.cli.boundary import run
from notifier.domain.offices import OfficeProfile
from notifier.enrollments.fields import BY_NAME, Kind
from notifier.enrollments.importing.import_rows import import_rows
from schedules.catalogue import shipped
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.web.api.conftest import Api, open_program
from tests.web.pages.conftest import RULES, Pages, open_pages, words

DOORS = ("command line", "page", "API", "CSV")
OFFICES = {
    name: OfficeProfile(name, Voice(f"Lakeside {name.title()}", "978 555 0110"), "America/New_York", SendWindow())
    for name in ("north", "south")
}
OFFICES_FILE = "".join(
    f'[{name}]\nname = "Lakeside {name}"\nphone = "978 555 0110"\nsender = "+197855501{number}"\n'
    'timezone = "America/New_York"\n'
    for number, name in enumerate(OFFICES, 11)
)


class Door(Protocol):
    """A way in which somebody enrolls and changes."""

    reads: frozenset[str]
    """The fields that it reads back."""

    def enroll(self, said: Mapping[str, Any]) -> int: ...

    def change(self, enrollment: int, said: Mapping[str, Any]) -> None: ...

    def read(self, enrollment: int) -> Any: ...


@dataclass
class CommandLine:
    """`notifier enroll`, `change` and `enrollments --json`."""

    screen: pytest.CaptureFixture[str]
    reads: frozenset[str] = frozenset(BY_NAME)

    def enroll(self, said: Mapping[str, Any]) -> int:
        return int(self._run("enroll", *self._options(said))["enrollment"])

    def change(self, enrollment: int, said: Mapping[str, Any]) -> None:
        self._run("change", str(enrollment), *self._options(said))

    def read(self, enrollment: int) -> Any:
        return next(one for one in self._run("enrollments") if one["enrollment"] == enrollment)

    def treated_by(self, who: str) -> list[int]:
        return [one["enrollment"] for one in self._run("enrollments", "--provider", who)]

    def _run(self, *args: str) -> Any:
        code = run([*args, "--json"])
        shown = self.screen.readouterr()
        assert 0 == code, shown.err
        return json.loads(shown.out)

    @staticmethod
    def _options(said: Mapping[str, Any]) -> Iterator[str]:
        for name, value in said.items():
            option = name.replace("_", "-")
            match value:
                case bool():
                    yield f"--{option}" if value else f"--no-{option}"
                case dict():
                    flag = "--restriction" if name == "restrictions" else "--answer"
                    yield from (part for pair in value.items() for part in (flag, "=".join(pair)))
                case _:
                    yield from (f"--{option}", str(value))


@dataclass
class ApiDoor:
    """`/api/v1`."""

    api: Api
    reads: frozenset[str] = frozenset(BY_NAME)

    def enroll(self, said: Mapping[str, Any]) -> int:
        response = self.api.post("/enrollments", dict(said))
        assert 201 == response.status_code, response.text
        return int(response.json()["enrollment"])

    def change(self, enrollment: int, said: Mapping[str, Any]) -> None:
        response = self.api.post(f"/enrollments/{enrollment}/change", dict(said))
        assert 200 == response.status_code, response.text

    def read(self, enrollment: int) -> Any:
        return self.api.get(f"/enrollments/{enrollment}").json()

    def treated_by(self, who: str) -> list[int]:
        response = self.api.get("/enrollments", params={"provider": who})
        assert 200 == response.status_code, response.text
        return [one["enrollment"] for one in response.json()["items"]]


@dataclass
class PageForms:
    """The staff page: the form to enroll, and "Change what we know" with its question before anything is stored."""

    pages: Pages
    reads: frozenset[str] = frozenset()
    asked: str = ""
    """What the page has read back before it stored the last change."""

    def enroll(self, said: Mapping[str, Any]) -> int:
        form = dict(self._fields(said, f"answer.{said['protocol']}."))
        form |= {"consent": "other", "consent_other": said["consent"], "once": self.pages.token("/enroll", "once")}
        form["when"] = "treated" if "treated_at" in said else "appointment"
        response = self.pages.post("/enroll", **form)
        assert 303 == response.status_code, words(response)
        found = re.match(r"/patients/(\d+)", response.headers["location"])
        assert found is not None
        assert_named(self.pages.get("/enroll").text, form)
        return int(found[1])

    def change(self, enrollment: int, said: Mapping[str, Any]) -> None:
        page = f"/patients/{enrollment}"
        form = {"what": "change", **dict(self._fields(said, "answer."))}
        form |= {f"asks_{name}": "yes" for name in said if BY_NAME[name].kind is Kind.FLAG}
        assert_named(self.pages.get(page).text, form)
        asked = self.pages.post(f"{page}/change", on=page, **form)
        assert 200 == asked.status_code, words(asked)
        self.asked = words(asked)
        sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
        assert sure is not None
        done = self.pages.post(f"{page}/change", on=page, sure=sure[1], **form)
        assert 303 == done.status_code, words(done)

    def read(self, enrollment: int) -> Any:
        return self.pages.read(f"/patients/{enrollment}")

    def treated_by(self, who: str) -> list[int]:
        found = self.pages.get(self.pages.post("/find", who=who).headers["location"])
        return [int(one) for one in re.findall(r'href="/patients/(\d+)"', found.text)]

    @staticmethod
    def _fields(said: Mapping[str, Any], answers: str) -> Iterator[tuple[str, str]]:
        for name, value in said.items():
            match value:
                case bool():
                    yield from [(name, "yes")] * value
                case dict() if name == "restrictions":
                    yield name, "; ".join(map("=".join, value.items()))
                case dict():
                    yield from ((f"{answers}{question}", answer) for question, answer in value.items())
                case _:
                    yield name, value[:16] if BY_NAME[name].kind is Kind.INSTANT else value


@dataclass
class CsvFile:
    """`notifier import` of a file of one row; a change is the same row with another cell."""

    engine: Engine
    now: datetime
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()

    def enroll(self, said: Mapping[str, Any]) -> int:
        number = len(self.rows) + 1
        self.rows[number] = {"external_id": f"first-{number}", **said}
        try:
            self._import(number)
        except AssertionError:
            del self.rows[number]
            raise
        return number

    def change(self, enrollment: int, said: Mapping[str, Any]) -> None:
        self.rows[enrollment] |= said
        if "protocol" in said:
            self.rows[enrollment].pop("answers")
        self._import(enrollment)

    def read(self, enrollment: int) -> Any:
        return None

    def _import(self, number: int) -> None:
        row: dict[str, str] = {}
        for name, value in self.rows[number].items():
            match value:
                case bool():
                    row[name] = "yes" if value else "no"
                case dict() if name == "restrictions":
                    row[name] = "; ".join(map("=".join, value.items()))
                case dict():
                    row |= value
                case _:
                    row[name] = value
        out = io.StringIO()
        csv.writer(out).writerows([row.keys(), row.values()])
        rules = replace(RULES, offices=OFFICES)
        report = import_rows(
            self.engine, out.getvalue().encode(), protocols=shipped(), rules=rules, now=self.now, by="test"
        )
        assert ([], 1) == (report.faults, report.written), [str(one) for one in report.faults]


def assert_named(page: str, form: Mapping[str, str]) -> None:
    """A browser sends only the fields that the page has."""
    missing = [name for name in form if f'name="{name}"' not in page and name != "sure"]
    assert [] == missing


@contextmanager
def open_door(
    which: str,
    engine: Engine,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Door]:
    """A clinic of two offices, on a Friday at 14:10 in New York."""
    rules = replace(RULES, offices=OFFICES)
    match which:
        case "command line":
            (tmp_path / "offices.toml").write_text(OFFICES_FILE)
            (tmp_path / "clock").write_text(now.isoformat())
            settings = {
                "DATABASE_URL": str(engine.url), "CLINIC_NAME": "Lakeside", "CLINIC_PHONE": "978-555-0142",
                "TIMEZONE": "America/New_York", "ENV": "test", "CLOCK_FILE": "clock", "OFFICES_FILE": "offices.toml",
                "FIRST_TEXT": "false",
            }  # fmt: skip
            for name, value in settings.items():
                monkeypatch.setenv(f"NOTIFIER_{name}", value)
            monkeypatch.setenv("TWILIO_API_URL", "http://127.0.0.1:1")
            monkeypatch.chdir(tmp_path)
            yield CommandLine(capsys)
        case "page":
            with open_pages(engine, now) as pages:
                object.__setattr__(pages.context, "rules", rules)
                pages.account()
                assert 303 == pages.sign_in().status_code
                yield PageForms(pages)
        case "API":
            with open_program(engine, now) as api:
                object.__setattr__(api.context, "rules", rules)
                yield ApiDoor(api)
        case _:
            yield CsvFile(engine, now)
