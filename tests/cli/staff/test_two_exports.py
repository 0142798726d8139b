"""A morning's export of eight systems by command line and page: the same list; then the evening's second export."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.db.engine import open_engine
from tests.cli.conftest import Ran
from tests.enrollments.importing.shapes import SHAPES, Booked
from tests.web.pages.conftest import Pages, open_pages, quicken_passwords, words
from tests.web.pages.test_imports import choose, settle

ZONE = ZoneInfo("America/New_York")
DAY, NEXT_DAY = "2026-03-09", "2026-03-10"
Line = tuple[str, str, str]
"""The hour, who, and what became of it."""


def at(hour: str, day: str = DAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZONE)


MORNING = [
    Booked(f"v{number}", f"10{number}", first, last, f"212555012{number}", at(hour))
    for number, (first, last, hour) in enumerate((
        ("Ana", "Diaz", "09:00"), ("Eva", "Cruz", "10:00"), ("Kim", "O'Neil", "11:00"), ("José", "Peña", "13:30"),
        ("Mia", "Sun", "14:00"), ("Leo", "Park", "16:00"),
    ))
]  # fmt: skip
ANA, EVA, KIM, JOSE, MIA, LEO = MORNING
EVENING = [
    replace(ANA, state="treated"),
    replace(EVA, state="cancelled"),
    replace(KIM, state="no-show"),
    replace(JOSE, at=at("15:00")),
    replace(MIA, id="v9", at=at("10:15", NEXT_DAY)),
]
"""Leo is not in it any more, and Mia is under another id."""


_ROW = re.compile(
    r'<li id="visit-.*?datetime="(.*?)".*?<strong><a [^>]*>(.*?)</a>.*?<span class="badge[^>]*>(.*?)<', re.DOTALL
)
_STATES = {"treated?": "unmarked"}


class CommandLine:
    """`notifier import` and `notifier day`."""

    def __init__(self, ran: Callable[..., Ran], folder: Path) -> None:
        self.ran, self.folder = ran, folder
        self._at(at("08:00"))

    def take(self, shape: str, data: bytes) -> list[str]:
        """Import the file as one that names every visit of its days; whose visits are asked about."""
        (self.folder / "export").write_bytes(data)
        said = ("--service", "visit=microneedling") if shape == "day-list" else ()
        ran = self.ran("import", "export", "--as", shape, "--consent", "signed form", "--complete", "--json", *said)
        assert (0, 0) == (ran.code, ran.answer["bad_rows"]), ran
        return [one["name"] for one in ran.answer["absent"]]

    def day(self, on: str) -> list[Line]:
        """The list of a day."""
        return [
            (f"{datetime.fromisoformat(one['at']).astimezone(ZONE):%H:%M}", one["name"], one["visit"])
            for one in self.ran("day", on, "--json").answer
        ]

    def closes(self) -> None:
        """It is evening."""
        self._at(at("18:00"))

    def _at(self, moment: datetime) -> None:
        (self.folder / "clock").write_text(moment.isoformat())


class StaffPage:
    """The import page and the page of a day."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def take(self, shape: str, data: bytes) -> list[str]:
        """The same, by its forms."""
        pages = self.pages
        choose(pages, data, mapping=shape, consent="signed form", complete="yes")
        if shape == "day-list" and 'name="word0"' in pages.get("/import").text:
            pages.post("/import/words", on="/import", word0="microneedling")
            settle(pages)
        shown = pages.get("/import").text
        assert "cannot be imported" not in shown, words(pages.get("/import"))
        asked = re.findall(r"<span>End (.*?), \w\w\w ", unescape(shown))
        if "/import/commit" in shown:
            pages.post("/import/commit", on="/import", file=pages.token("/import", "file"))
            settle(pages)
        pages.post("/import/forget", on="/import")
        return asked

    def day(self, on: str) -> list[Line]:
        """As it is shown."""
        rows = _ROW.findall(self.pages.get(f"/day/{on}").text)
        return [
            (f"{datetime.fromisoformat(when).astimezone(ZONE):%H:%M}", unescape(who), _STATES.get(state, state))
            for when, who, state in rows
        ]

    def closes(self) -> None:
        """It is evening."""
        self.pages.clock.pass_(hours=10)
        self.pages.sign_in()


def lines(shape: str, visits: Sequence[tuple[Booked, str]]) -> list[Line]:
    """What a day's list should say; the day list of one system has no hours."""
    found = [
        ("12:00" if shape == "day-list" else f"{one.at:%H:%M}", f"{one.first} {one.last}", state)
        for one, state in visits
    ]
    return sorted(found) if shape != "day-list" else found


def test_a_morning_of_eight_files_is_one_list_and_the_evenings_second_export_moves_it_on(
    new_clinic: Callable[..., Ran],
    tmp_path: Path,
    sqlite_template: Path,
    subtests: pytest.Subtests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each through the command line and through the page. What was done stays for staff to confirm."""
    quicken_passwords(monkeypatch)
    for shape in SHAPES:
        shutil.copy(sqlite_template, tmp_path / "notifier.db")
        with subtests.test(shape=shape, door="command line"):
            follow(CommandLine(new_clinic, tmp_path), shape)
        page = tmp_path / f"{shape}.db"
        shutil.copy(sqlite_template, page)
        engine = open_engine(f"sqlite:///{page}")
        with subtests.test(shape=shape, door="page"), open_pages(engine, at("08:00")) as pages:
            pages.account()
            pages.sign_in()
            follow(StaffPage(pages), shape)
        engine.dispose()


def follow(door: CommandLine | StaffPage, shape: str) -> None:
    """The morning's file, the same again, and the evening's."""
    file, has = SHAPES[shape], SHAPES[shape].states
    assert [] == door.take(shape, file.write(MORNING))
    assert lines(shape, [(one, "booked") for one in MORNING]) == door.day(DAY)
    door.closes()
    asked = door.take(shape, file.write(EVENING))
    gone = [one for one in (EVA, KIM, MIA, LEO) if one in (MIA, LEO) or EVENING[MORNING.index(one)].state not in has]
    assert [f"{one.first} {one.last}" for one in gone] == asked
    states = {EVA.id: "cancelled", KIM.id: "no-show"}
    ended = {one.id: "unmarked" if one in gone else states.get(one.id, "unmarked") for one in MORNING}
    now = {one.id: one for one in EVENING}
    evening = [(now[one.id] if one is JOSE else one, ended[one.id]) for one in MORNING]
    assert lines(shape, evening) == door.day(DAY)
    assert lines(shape, [(EVENING[-1], "booked")]) == door.day(NEXT_DAY)
