"""A file is checked, looked at and only then written; what is bad comes back as a file to mend."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Enrollment
from notifier.enrollments.importing.import_rows import import_rows
from notifier.tasks.imports import work_of_import
from notifier.web.cookies import session_key
from notifier.web.pages.patients import imports
from notifier.web.uploads import LARGEST, Uploads
from tests.web.pages.conftest import Pages, words

HEADER = "external_id,name,phone,protocol,treated_at,consent"
GOOD = "A-1,Ana Ruiz,+12125550123,microneedling,2026-03-06T13:00,signed form"
OTHER = "A-2,Eva Cruz,+12125550124,microneedling,2026-03-06T13:30,signed form"
BAD = "=A-3,Jo Sun,12,microneedling,2026-03-06T13:30,signed form"


def lines(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows, "")).encode()


def choose(pages: Pages, data: bytes, **fields: str) -> httpx2.Response:
    sent = {"form": pages.token(), **fields}
    answer = pages.client.post("/import", data=sent, files={"file": ("patients.csv", data, "text/csv")})
    settle(pages)
    return answer


def commit(pages: Pages, **fields: str) -> httpx2.Response:
    answer = pages.post("/import/commit", on="/import", file=pages.token("/import", "file"), **fields)
    settle(pages)
    return answer


def settle(pages: Pages) -> None:
    """Wait for the thread that works on the file: on a busy machine it may need longer than an answer waits."""
    for held in pages.context.uploads._held.values():
        if held.thread is not None:
            held.thread.join()


def enrolled(pages: Pages) -> int:
    with reading(pages.engine) as session:
        return session.scalar(select(func.count()).select_from(Enrollment)) or 0


def downloaded(pages: Pages) -> list[list[str]]:
    response = pages.get("/import/failed-rows.csv")
    assert 'attachment; filename="failed-rows.csv"' == response.headers["content-disposition"]
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_nothing_is_written_before_somebody_has_looked(pages: Pages) -> None:
    assert "/import" == choose(pages, lines(GOOD, OTHER)).headers["location"]
    page = pages.read("/import")
    assert "2 rows to import Checked, and nothing is written yet." in page
    assert 0 == enrolled(pages)
    commit(pages)
    assert 2 == enrolled(pages)
    assert "2 rows imported" in pages.read("/import")


def test_what_no_text_will_say_to_an_import_is_told_in_person_from_its_result(pages: Pages) -> None:
    """Also where the import was written minutes after it was checked."""
    choose(pages, lines(GOOD.replace("2026-03-06T13:00", "2026-03-03T13:00"), OTHER.replace("03-06T13", "03-03T13")))
    assert "told in person" not in pages.read("/import").replace("Told in person, where", "")
    pages.clock.pass_(minutes=3)
    commit(pages)
    with reading(pages.engine) as session:
        refs = work_of_import(session, pages.clock.now(), pages.clock.now())
    assert f"Tell in person {len(refs)} things that no text will say" in pages.read("/import")
    sent = pages.post("/tasks", on="/import", do="told", back="/import", **{"import": pages.token("/import", "import")})
    assert (303, "/import") == (sent.status_code, sent.headers["location"])
    assert ("Tell in person" in pages.read("/import"), "2 rows imported" in pages.read("/import")) == (False, True)


def test_each_fault_stands_beside_its_row_and_the_good_ones_go_in(pages: Pages) -> None:
    choose(pages, lines(GOOD, BAD))
    page = pages.read("/import")
    assert "3 Jo Sun =A-3 12 phone" in page
    assert "Import the 1 good row" in page
    commit(pages)
    assert 1 == enrolled(pages)
    assert "1 row imported" in pages.read("/import")


def test_what_stands_in_every_bad_cell_of_a_row_is_shown(pages: Pages) -> None:
    choose(pages, lines("A-3,Jo Sun,12,microneedlin,2026-03-06T13:30,", BAD))
    found = re.findall("<tr>(.*?)</tr>", pages.get("/import").text, re.DOTALL)[1:]
    shown = [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in found]
    cells = ("12 phone", "microneedlin protocol", "empty consent")
    starts = [*(f"2 Jo Sun A-3 {cell}" for cell in cells), "3 Jo Sun =A-3 12 phone"]
    assert starts == [row[: len(start)] for row, start in zip(shown, starts, strict=True)]
    assert 2 == len(downloaded(pages)) - 1


def test_the_failed_rows_come_back_harmless_and_import_once_they_are_mended(pages: Pages) -> None:
    choose(pages, lines(GOOD, BAD))
    header, row = downloaded(pages)
    assert [*HEADER.split(","), "what is wrong"] == header
    assert ["'=A-3", "Jo Sun", "'12"] == row[:3]
    assert "12" in row[-1]
    row[2] = "'+12125550125"
    out = io.StringIO()
    csv.writer(out).writerows([header, row])
    choose(pages, out.getvalue().encode())
    commit(pages)
    with reading(pages.engine) as session:
        assert [("=A-3", "+12125550125")] == session.execute(
            select(col(Enrollment.external_id), col(Enrollment.phone))
        ).all()


def test_the_same_file_twice_enrolls_once(pages: Pages) -> None:
    for _ in range(2):
        choose(pages, lines(GOOD))
        page = pages.get("/import").text
        if "/import/commit" in page:
            commit(pages)
    assert 1 == enrolled(pages)
    assert "Nothing to import" in pages.read("/import")


def test_a_second_click_imports_nothing_more(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(pages, lines(GOOD))
    file, form = pages.token("/import", "file"), pages.token("/import")
    runs: list[bool] = []

    def counting(*given: Any, **named: Any) -> Any:
        runs.append(True)
        return import_rows(*given, **named)

    monkeypatch.setattr(imports, "import_rows", counting)
    for _ in range(2):
        pages.client.post("/import/commit", data={"form": form, "file": file})
        settle(pages)
    assert [True] == runs


def test_what_was_looked_at_is_what_is_imported(pages: Pages) -> None:
    choose(pages, lines(GOOD))
    seen = pages.token("/import", "file")
    choose(pages, lines(OTHER))
    response = pages.post("/import/commit", on="/import", file=seen)
    assert (422, 0) == (response.status_code, enrolled(pages))
    assert "Another file was chosen meanwhile" in words(response)


def test_a_file_that_is_none_gets_one_sentence(subtests: pytest.Subtests, pages: Pages) -> None:
    cases: list[tuple[bytes, str]] = [
        (b"", "No file was chosen"),
        (b"PK\x03\x04 and more", "not a CSV but an Excel workbook"),
        (b"name,phone\nAna,1\n", "names no column external_id"),
        (HEADER.encode() + b"\n", "a header and no rows"),
    ]
    for data, sentence in cases:
        with subtests.test(data=data, sentence=sentence):
            response = choose(pages, data)
            assert sentence in (words(response) if response.status_code != 303 else pages.read("/import"))


def test_a_file_over_ten_mebibytes_is_refused_and_not_kept(pages: Pages) -> None:
    response = choose(pages, b"x" * (LARGEST + 200_000))
    assert 413 == response.status_code
    assert "more than 10 MiB" in words(response)
    assert "What wrote the file" in pages.read("/import")


def test_the_file_never_touches_the_disk(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    rolled: list[bool] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda self: rolled.append(True))
    choose(pages, lines(GOOD, *(f"X-{number},{'x' * 900},1,y,z,w" for number in range(4000))))
    assert "4,000 cannot be imported" in pages.read("/import")
    assert [] == rolled


def test_the_file_is_forgotten_after_half_an_hour_and_seen_by_nobody_else(pages: Pages) -> None:
    choose(pages, lines(GOOD, BAD))
    uploads, now = pages.context.uploads, pages.clock.now()
    form = session_key(pages.client.cookies["notifier"])
    assert uploads.get(form, now) is not None
    assert uploads.get("another session", now) is None
    assert uploads.get(form, now + timedelta(minutes=31)) is None
    assert 422 == pages.get("/import/failed-rows.csv").status_code


def test_a_fifth_file_takes_the_place_of_the_oldest(pages: Pages) -> None:
    uploads, now = Uploads(), pages.clock.now()
    for number in range(5):
        uploads.put(f"session {number}", b"x", now + timedelta(seconds=number))
    held = [number for number in range(5) if uploads.get(f"session {number}", now)]
    assert [1, 2, 3, 4] == held


def test_without_a_session_nothing_is_read_and_without_the_forms_token_nothing_is_held(pages: Pages) -> None:
    response = pages.client.post("/import", data={"form": "x"}, files={"file": ("a.csv", lines(GOOD), "text/csv")})
    assert 403 == response.status_code
    pages.client.cookies.clear()
    response = pages.client.post("/import", data={"form": "x"}, files={"file": ("a.csv", lines(GOOD), "text/csv")})
    assert (303, "/sign-in") == (response.status_code, response.headers["location"])
    assert {} == pages.context.uploads._held


def test_a_crash_is_a_sentence_and_the_same_file_can_be_tried_again(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(pages, lines(GOOD))
    form, file = pages.token("/import"), pages.token("/import", "file")
    with monkeypatch.context() as broken:
        broken.setattr("notifier.enrollments.importing.import_rows.write_meanings", lambda *_a, **_k: 1 / 0)
        pages.client.post("/import/commit", data={"form": form, "file": file})
        settle(pages)
    assert "Something went wrong here, and it has been written down" in pages.read("/import")
    commit(pages)
    assert 1 == enrolled(pages)


def test_the_sample_imports_as_it_is(pages: Pages) -> None:
    sample = pages.get("/import/template.csv").content
    choose(pages, sample)
    assert "2 rows to import" in pages.read("/import")


def test_the_page_names_no_patient_in_an_address(pages: Pages) -> None:
    choose(pages, lines(GOOD, BAD))
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', pages.get("/import").text)
    assert not [one for one in addresses if re.search(r"Ana|Jo|A-|\+1|212", one)]


def test_a_booking_systems_file_is_read_and_its_words_are_said_on_the_page(pages: Pages) -> None:
    exports = Path(__file__).parents[2] / "enrollments" / "importing" / "exports"
    data = (exports / "acuity.csv").read_bytes()
    choose(pages, data, mapping="acuity", consent="signed form")
    page = pages.get("/import")
    assert "What do these words mean?" in words(page)
    assert "Service “Microneedling - Face” (1 row)" in words(page)
    assert "José 77002 Consultation protocol" in words(page)
    pages.post("/import/words", on="/import", word0="microneedling", word1="none")
    settle(pages)
    assert "1 row to import" in words(pages.get("/import"))
    commit(pages)
    assert 1 == enrolled(pages)
    pages.client.post("/import/forget", data={"form": pages.token()})
    choose(pages, data, mapping="acuity", consent="signed form")
    assert "What do these words mean?" not in words(pages.get("/import"))
