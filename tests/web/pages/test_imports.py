"""A file is checked, looked at and only then written; what is bad comes back as a file to mend."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Enrollment
from notifier.enrollments.importing.import_rows import import_rows
from notifier.web.pages import imports
from notifier.web.uploads import LARGEST, Uploads
from tests.web.pages.conftest import Desk, words

HEADER = "external_id,name,phone,protocol,treated_at,consent"
GOOD = "A-1,Ana Ruiz,+12125550123,microneedling,2026-03-06T13:00,signed form"
OTHER = "A-2,Eva Cruz,+12125550124,microneedling,2026-03-06T13:30,signed form"
BAD = "=A-3,Jo Sun,12,microneedling,2026-03-06T13:30,signed form"


def lines(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows, "")).encode()


def choose(desk: Desk, data: bytes, **fields: str) -> httpx2.Response:
    sent = {"form": desk.token(), **fields}
    answer = desk.client.post("/import", data=sent, files={"file": ("patients.csv", data, "text/csv")})
    settle(desk)
    return answer


def commit(desk: Desk) -> httpx2.Response:
    answer = desk.post("/import/commit", on="/import", file=desk.token("/import", "file"))
    settle(desk)
    return answer


def settle(desk: Desk) -> None:
    """Wait for the thread that works on the file: on a busy machine it may need longer than an answer waits."""
    for held in desk.context.uploads._held.values():
        if held.thread is not None:
            held.thread.join()


def enrolled(desk: Desk) -> int:
    with reading(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(Enrollment)) or 0


def downloaded(desk: Desk) -> list[list[str]]:
    response = desk.get("/import/failed-rows.csv")
    assert 'attachment; filename="failed-rows.csv"' == response.headers["content-disposition"]
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_nothing_is_written_before_somebody_has_looked(desk: Desk) -> None:
    assert "/import" == choose(desk, lines(GOOD, OTHER)).headers["location"]
    page = desk.read("/import")
    assert "2 rows to import Checked, and nothing is written yet." in page
    assert 0 == enrolled(desk)
    commit(desk)
    assert 2 == enrolled(desk)
    assert "2 rows imported" in desk.read("/import")


def test_each_fault_stands_beside_its_row_and_the_good_ones_go_in(desk: Desk) -> None:
    choose(desk, lines(GOOD, BAD))
    page = desk.read("/import")
    assert "3 Jo Sun =A-3 12 phone" in page
    assert "Import the 1 good row" in page
    commit(desk)
    assert 1 == enrolled(desk)
    assert "1 row imported" in desk.read("/import")


def test_what_stands_in_every_bad_cell_of_a_row_is_shown(desk: Desk) -> None:
    choose(desk, lines("A-3,Jo Sun,12,microneedlin,2026-03-06T13:30,", BAD))
    found = re.findall("<tr>(.*?)</tr>", desk.get("/import").text, re.DOTALL)[1:]
    shown = [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in found]
    cells = ("12 phone", "microneedlin protocol", "empty consent")
    starts = [*(f"2 Jo Sun A-3 {cell}" for cell in cells), "3 Jo Sun =A-3 12 phone"]
    assert starts == [row[: len(start)] for row, start in zip(shown, starts, strict=True)]
    assert 2 == len(downloaded(desk)) - 1


def test_the_failed_rows_come_back_harmless_and_import_once_they_are_mended(desk: Desk) -> None:
    choose(desk, lines(GOOD, BAD))
    header, row = downloaded(desk)
    assert [*HEADER.split(","), "what is wrong"] == header
    assert ["'=A-3", "Jo Sun", "'12"] == row[:3]
    assert "12" in row[-1]
    row[2] = "'+12125550125"
    out = io.StringIO()
    csv.writer(out).writerows([header, row])
    choose(desk, out.getvalue().encode())
    commit(desk)
    with reading(desk.engine) as session:
        assert [("=A-3", "+12125550125")] == session.execute(
            select(col(Enrollment.external_id), col(Enrollment.phone))
        ).all()


def test_the_same_file_twice_enrolls_once(desk: Desk) -> None:
    for _ in range(2):
        choose(desk, lines(GOOD))
        page = desk.get("/import").text
        if "/import/commit" in page:
            commit(desk)
    assert 1 == enrolled(desk)
    assert "Nothing to import" in desk.read("/import")


def test_a_second_click_imports_nothing_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(desk, lines(GOOD))
    file, form = desk.token("/import", "file"), desk.token("/import")
    runs: list[bool] = []

    def counting(*given: Any, **named: Any) -> Any:
        runs.append(True)
        return import_rows(*given, **named)

    monkeypatch.setattr(imports, "import_rows", counting)
    for _ in range(2):
        desk.client.post("/import/commit", data={"form": form, "file": file})
        settle(desk)
    assert [True] == runs


def test_what_was_looked_at_is_what_is_imported(desk: Desk) -> None:
    choose(desk, lines(GOOD))
    seen = desk.token("/import", "file")
    choose(desk, lines(OTHER))
    response = desk.post("/import/commit", on="/import", file=seen)
    assert (422, 0) == (response.status_code, enrolled(desk))
    assert "Another file was chosen meanwhile" in words(response)


def test_a_file_that_is_none_gets_one_sentence(subtests: pytest.Subtests, desk: Desk) -> None:
    cases: list[tuple[bytes, str]] = [
        (b"", "No file was chosen"),
        (b"PK\x03\x04 and more", "not a CSV but an Excel workbook"),
        (b"name,phone\nAna,1\n", "names no column external_id"),
        (HEADER.encode() + b"\n", "a header and no rows"),
    ]
    for data, sentence in cases:
        with subtests.test(data=data, sentence=sentence):
            response = choose(desk, data)
            assert sentence in (words(response) if response.status_code != 303 else desk.read("/import"))


def test_a_file_over_ten_mebibytes_is_refused_and_not_kept(desk: Desk) -> None:
    response = choose(desk, b"x" * (LARGEST + 200_000))
    assert 413 == response.status_code
    assert "more than 10 MiB" in words(response)
    assert "CSV file" in desk.read("/import")


def test_the_file_never_touches_the_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rolled: list[bool] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda self: rolled.append(True))
    choose(desk, lines(GOOD, *(f"X-{number},{'x' * 900},1,y,z,w" for number in range(4000))))
    assert "4,000 cannot be imported" in desk.read("/import")
    assert [] == rolled


def test_the_file_is_forgotten_after_half_an_hour_and_seen_by_nobody_else(desk: Desk) -> None:
    choose(desk, lines(GOOD, BAD))
    uploads, form, now = desk.context.uploads, desk.token("/enroll"), desk.clock.now()
    assert uploads.get(form, now) is not None
    assert uploads.get("another session", now) is None
    assert uploads.get(form, now + timedelta(minutes=31)) is None
    assert 422 == desk.get("/import/failed-rows.csv").status_code


def test_a_fifth_file_takes_the_place_of_the_oldest(desk: Desk) -> None:
    uploads, now = Uploads(), desk.clock.now()
    for number in range(5):
        uploads.put(f"session {number}", b"x", now + timedelta(seconds=number))
    held = [number for number in range(5) if uploads.get(f"session {number}", now)]
    assert [1, 2, 3, 4] == held


def test_without_a_session_nothing_is_read_and_without_the_forms_token_nothing_is_held(desk: Desk) -> None:
    response = desk.client.post("/import", data={"form": "x"}, files={"file": ("a.csv", lines(GOOD), "text/csv")})
    assert 403 == response.status_code
    desk.client.cookies.clear()
    response = desk.client.post("/import", data={"form": "x"}, files={"file": ("a.csv", lines(GOOD), "text/csv")})
    assert (303, "/sign-in") == (response.status_code, response.headers["location"])
    assert {} == desk.context.uploads._held


def test_a_crash_is_a_sentence_and_the_same_file_can_be_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(desk, lines(GOOD))
    form, file = desk.token("/import"), desk.token("/import", "file")
    with monkeypatch.context() as broken:
        broken.setattr("notifier.enrollments.importing.import_rows.write_meanings", lambda *_a, **_k: 1 / 0)
        desk.client.post("/import/commit", data={"form": form, "file": file})
        settle(desk)
    assert "Something went wrong here, and it has been written down" in desk.read("/import")
    commit(desk)
    assert 1 == enrolled(desk)


def test_the_sample_imports_as_it_is(desk: Desk) -> None:
    sample = desk.get("/import/template.csv").content
    choose(desk, sample)
    assert "2 rows to import" in desk.read("/import")


def test_the_page_names_no_patient_in_an_address(desk: Desk) -> None:
    choose(desk, lines(GOOD, BAD))
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', desk.get("/import").text)
    assert not [one for one in addresses if re.search(r"Ana|Jo|A-|\+1|212", one)]
