"""No page speaks in field names, stamps or keys: staff read words, days and hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.states import MessageState
from notifier.web.pages.routes import PAGES
from notifier.web.widgets.formats import plain
from schedules.catalogue import shipped
from schedules.saying import say_moment
from tests.web.pages.conftest import Pages, words
from tests.web.pages.test_today import move

WORDS = {"check-in"}
"""Keys that are words."""
HOURS = ((0, 0), (1, 0), (12, 0), (13, 30))
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2})?|\d{2}:\d{2}:\d{2}")
_NOUGHT = re.compile(r"\b0 of 0\b|\bof 0\b|\b1 (?:texts|patients|replies|visits)\b")
_FIELD = re.compile(r"\b[a-z]+_[a-z_]+\b")
_KEYS = re.compile(
    r"(?<![\w/])(?:"
    + "|".join({step.key for one in shipped().values() for step in one.steps if "-" in step.key} - WORDS)
    + "|"
    + "|".join(sorted((one for one in shipped() if "-" in one), key=len, reverse=True))
    + r")(?!\w)"
)
_NOT_READ = re.compile(
    r"<(script|style|code|pre|textarea)\b.*?</\1>|<details class=\"written\">.*?</details>", re.DOTALL
)
"""Code is shown as code: the columns of a file, and a text as its protocol has it."""


def odd_words(page: str) -> Iterator[str]:
    """What no sentence for staff may have in it, with some words around."""
    shown = _NOT_READ.sub(" ", page)
    said = [*re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', shown), re.sub(r"<[^>]*>", " ", shown)]
    for text in (" ".join(unescape(one).split()) for one in said):
        for pattern in (_STAMP, _FIELD, _KEYS, _NOUGHT):
            for found in pattern.finditer(text):
                yield text[max(0, found.start() - 50) : found.end() + 30]


@pytest.fixture
def lived_in(admin: Pages) -> Pages:
    """A desk where most things have happened once."""
    admin.enroll(provider="Dr. Kim")
    booked = admin.clock.now() + timedelta(days=3)
    admin.enroll(name="Bo Diaz", phone="+12125550199", appointment_at=booked, protocol="microneedling-regimen")
    admin.enroll(name="Cleo Marsh", phone="+12125550188", protocol="microneedling-week", answers={})
    for what in ("hold", "resume"):
        for sure in ({}, {"sure": token(admin, "/patients/1/change", what=what)}):
            admin.post("/patients/1/change", on="/patients/1", what=what, **sure)
    admin.post("/patients/1/change", on="/patients/1", what="change", language="es",
               sure=token(admin, "/patients/1/change", what="change", language="es"))  # fmt: skip
    first, second, *_ = admin.texts(1)
    move(admin, first, MessageState.ATTEMPTING, MessageState.ACCEPTED, MessageState.UNDELIVERED)
    move(admin, second, MessageState.EXPIRED)
    admin.post("/tasks", on="/", do="told", task=f"text-{second.id}")
    admin.says("when can I stop icing?")
    admin.says("it is bleeding a lot", "+12125550188")
    admin.says("stop?", "+12125550199")
    admin.says("who is this", "+12125550155")
    return admin


def token(pages: Pages, path: str, **fields: str) -> str:
    shown = pages.post(path, on="/patients/1", **fields).text
    found = re.search(r'name="sure" value="([^"]+)"', shown)
    assert found is not None, shown
    return found[1]


def test_a_change_of_language_shows_the_texts_that_leave_then(pages: Pages) -> None:
    pages.enroll()
    shown = words(pages.post("/patients/1/change", on="/patients/1", what="change", language="es"))
    assert "makeup again Lakeside Skin: ya puede usar maquillaje." in shown


def test_noon_and_midnight_are_said_as_such() -> None:
    zone = ZoneInfo("America/New_York")
    said = {hour: say_moment(datetime(2026, 3, 7, hour, minute, tzinfo=zone), zone) for hour, minute in HOURS}
    assert {0: "Sat Mar 7, midnight", 1: "Sat Mar 7, 1:00 AM", 12: "Sat Mar 7, noon", 13: "Sat Mar 7, 1:30 PM"} == said


def test_texts_beside_the_plan_have_names(subtests: pytest.Subtests) -> None:
    names = {
        "check-in.again": "check in, asked again", "answer-8": "fixed answer", "answer-8-urgent": "fixed answer",
        "reply-4": "reply", "after-answer-7": "after the answer", "after-fine-7": "after the answer",
        "first-text": "first text", "day-1-makeup": "day 1 makeup",
    }  # fmt: skip
    for step, name in names.items():
        with subtests.test(step=step):
            assert name == plain(step)


def test_that_a_number_waits_is_said_once_and_without_a_reply_s_number(pages: Pages) -> None:
    pages.enroll()
    for said in ("when can I stop icing?", "is this normal?"):
        pages.says(said)
    shown = words(pages.get("/patients/1"))
    sentence = "Texts to this number wait for a person since Fri Mar 6, 2:10 PM. What the patient wrote is open. "
    assert (1, 1) == (shown.count("wait for a person"), shown.count(sentence))


def test_a_refusal_says_an_hour_that_there_is_not_in_words(pages: Pages) -> None:
    pages.enroll()
    sent = pages.post("/patients/1/change", on="/patients/1", what="treated", treated_at="2026-03-08T02:30")
    assert "Sun Mar 8 2026, 2:30 AM does not exist in America/New_York" in words(sent)
    assert [] == list(odd_words(sent.text))


def test_no_page_speaks_in_field_names_stamps_or_keys(lived_in: Pages) -> None:
    texts = [f"/texts/{one.id}" for whose in (1, 2, 3) for one in lived_in.texts(whose)]
    paths = [one.path for one in PAGES if one.method == "GET" and "{" not in one.path and ".csv" not in one.path]
    paths += [f"/patients/{whose}" for whose in (1, 2, 3)]
    paths += [f"/protocols/{one}" for one in shipped()]
    paths += ["/texts/bounced", "/texts/expired", "/texts/day-0", "/texts/next-24-hours", "/texts/waiting"]
    found = {path: sorted(set(odd_words(lived_in.get(path).text))) for path in [*paths, *texts]}
    changes = {
        "treated": {"treated_at": "2026-03-06T12:00"},
        "change": {"phone": "(212) 555-0124", "timezone": "America/Denver", "treated_at": "2026-03-06T00:00"},
        "informed": {}, "cancel": {}, "hold": {}, "opt-out": {}, "never-text": {},
    }  # fmt: skip
    for what, fields in changes.items():
        shown = lived_in.post("/patients/1/change", on="/patients/1", what=what, **fields)
        found[what] = sorted(set(odd_words(shown.text)))
    odd = [f"{path}: {said}" for path, all_odd in found.items() for said in all_odd]
    assert not odd, "\n".join(odd)
