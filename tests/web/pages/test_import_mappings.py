"""Mappings on the page: made by pointing at a file's columns, and days that follow each other."""

from __future__ import annotations

import re
from datetime import timedelta

from notifier.db.engine import reading, writing
from notifier.enrollments.importing.mappings.stored import own_mappings, save_mapping
from tests.web.pages.conftest import Pages, words
from tests.web.pages.test_imports import choose, commit, enrolled, settle

_LIST = (
    'title = "The list"\nsource = "made up"\nheader = ["Visit", "Client"]\ncomplete = true\n[columns]\n'
    'name = { columns = ["Client"] }\nphone = "Phone"\nday = { column = "When" }\nend = { minutes = 45 }\n'
    'service = "Service"\nid = { visit = "Visit" }\n'
)


def test_what_is_not_in_the_next_file_is_ended_where_it_is_ticked_and_its_end_is_proposed(pages: Pages) -> None:
    with writing(pages.engine) as session:
        save_mapping(session, "list", _LIST, now=pages.context.clock.now(), by="Dana")
    at = pages.context.clock.now().astimezone(pages.context.zone) - timedelta(hours=2)
    head, rows = "Visit,Client,Phone,When,Service\n", [f"V{n},{name},212555012{n},{at:%Y-%m-%d %H:%M},microneedling\n"
        for n, name in ((1, "Ana Ruiz"), (2, "Eva Cruz"))]  # fmt: skip
    choose(pages, (head + "".join(rows)).encode(), mapping="list", consent="signed form")
    commit(pages)
    ended = at + timedelta(minutes=45)
    assert 2 == pages.get("/").text.count(f'required value="{ended:%Y-%m-%dT%H:%M}"')
    pages.client.post("/import/forget", data={"form": pages.token()})
    choose(pages, (head + rows[0]).encode(), mapping="list", consent="signed form")
    assert "Not in the file any more: end them?" in words(pages.get("/import"))
    pages.post("/import/commit", on="/import", file=pages.token("/import", "file"), end=pages.token("/import", "end"))
    settle(pages)
    assert "1 ended, as they were not in the file" in words(pages.get("/import"))


_UNKNOWN = (
    "Lakeside Skin\nRef;Client;Mobile;Date;Start;Service;Room\n"
    "7;Ana Ruiz;2125550121;{on:%m/%d/%Y};9:00 am;Glow facial;2\n"
    "8;Eva Cruz;2125550122;{on:%m/%d/%Y};1:30 pm;Microneedling;1\n"
)


def test_a_booking_systems_file_that_nobody_named_is_recognized_and_read_so(pages: Pages) -> None:
    on = f"{pages.context.clock.now() + timedelta(days=3):%m/%d/%Y}"
    head = "Schedule at a Glance\n\nDate,Time,Client ID,Client,Cell Phone,Service,Staff,Status,Notes\n"
    choose(pages, f'{head}{on},9:00 AM,1217,"Moore, Erin",2125550121,Microneedling,Dana,Booked,\n'.encode())
    assert "It has the columns of: Mindbody, Schedule at a Glance" in words(pages.get("/import"))
    pages.post("/import/read-as", on="/import", mapping="mindbody", consent="signed form")
    settle(pages)
    assert "1 row to import" in words(pages.get("/import"))


def test_a_file_that_nobody_knows_becomes_a_mapping_by_pointing_at_its_columns(pages: Pages) -> None:
    on = pages.context.clock.now() + timedelta(days=3)
    data = _UNKNOWN.format(on=on.replace(day=5, month=on.month % 12 + 1)).encode()
    assert "/import/columns" == choose(pages, data, mapping="+", consent="signed form").headers["location"]
    shown = pages.get("/import/columns").text
    guessed = dict(re.findall(r'name="(column\d)".*?value="([^"]*)" selected', shown))
    assert ["visit", "name", "phone", "date", "time", "service"] == list(guessed.values())
    said = {**guessed, "line": "2", "line-was": "2", "consent": "signed form", "do": "look"}

    def point(**more: str) -> str:
        return words(pages.post("/import/columns", on="/import/columns", **{**said, **more}))

    assert "Say whether the day or the month comes first" in point()
    said["order"] = "month/day/year"
    page = point()
    assert "Eva Cruz 2125550122 Microneedling" in page
    assert "Nobody has said what the service" in page
    assert "There is a mapping" in point(do="keep", name="mindbody")
    point(do="keep", name="Lakeside Bookings")
    settle(pages)
    pages.post("/import/words", on="/import", word0="none")
    settle(pages)
    assert "1 row to import" in words(pages.get("/import"))
    commit(pages)
    assert 1 == enrolled(pages)
    with reading(pages.engine) as session:
        kept = own_mappings(session)["lakeside-bookings"]
    assert 'day = { column = "Date", order = "month/day/year" }' in kept


_CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a@v\r\nDTSTART:{on:%Y%m%d}T150000Z\r\nDURATION:PT1H\r\n"
    "SUMMARY:Ana Ruiz, Microneedling\r\nDESCRIPTION:Mobile: 212-555-0121\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_a_calendar_of_its_own_words_is_split_seen_and_kept(pages: Pages) -> None:
    data = _CALENDAR.format(on=pages.context.clock.now() + timedelta(days=3)).encode()
    choose(pages, data, mapping="+", consent="signed form")
    shown = pages.get("/import/columns").text
    assert '<option value="Summary" selected>' in shown
    assert '<option value="Mobile" selected>' not in shown
    said = {"line": "1", "line-was": "1", "split": "Summary", "consent": "signed form"}

    def look(pattern: str) -> str:
        return words(pages.post("/import/columns", on="/import/columns", do="look", pattern=pattern, **said))

    turned = look("{Service}, {Client}")
    assert 'Nobody has said what the service "Ana Ruiz" gives' in turned
    bad = look("Service, Client")
    assert "makes no columns: write up to three new columns in braces" in bad
    page = look("{Client}, {Service}")
    assert "Ana Ruiz 212-555-0121 Microneedling" in page
    pages.post(
        "/import/columns", on="/import/columns", do="keep", name="calendar two", pattern="{Client}, {Service}", **said
    )
    settle(pages)
    assert "1 row to import" in words(pages.get("/import"))


def test_a_file_that_lay_there_says_nothing_newer_than_itself(pages: Pages) -> None:
    """As the browser says when it was changed; and where it cannot, a person."""
    before = pages.clock.now() - timedelta(days=2)
    for said in ({"changed": f"{before.timestamp() * 1000:.0f}"}, {"exported": "2026-03-04T14:10"}):
        choose(pages, b"x,y\n1,2\n", **said)
        (held,) = pages.context.uploads._held.values()
        assert before == held.said_at
    choose(pages, b"x,y\n1,2\n", changed=f"{(pages.clock.now() + timedelta(days=1)).timestamp() * 1000:.0f}")
    (held,) = pages.context.uploads._held.values()
    assert held.said_at is None
