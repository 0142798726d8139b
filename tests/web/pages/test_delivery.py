"""What became of the texts, counted on the clinic's days, and what to do where they did not arrive."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from notifier.db.engine import writing
from notifier.db.rows import insert_rows
from notifier.db.tables import Attempt, Message, OptOut, Receipt, WorkerRow
from notifier.oversight.advice import _REFUSED, _REPORTED, what_to_do
from notifier.sms.code_classes import AfterAcceptance, NotCreatedClass
from notifier.web.widgets.charts import columns, rows
from tests.setups.silence import asked_in_vain
from tests.web.pages.conftest import ANA, Pages

DAY = timedelta(days=1)


def left(
    pages: Pages, whose: int, at: datetime, state: str, *, code: int | None = None, refused: int | None = None
) -> None:
    """A text that left then; `code` came in a receipt, `refused` at once."""
    with writing(pages.engine) as session:
        step = f"{state} {at:%m%d%H%M} {code or refused or 0}"
        sid = f"SM{abs(hash((whose, step))):x}"
        times = dict.fromkeys(("nominal_at", "not_before", "due_at", "expires_at", "left_at"), at)
        row: dict[str, Any] = {"enrollment_id": whose, "step": step, "kind": "lift", "state": state}
        insert_rows(session, Message, [{**row, **times, "phone": ANA, "text": "x", "sid": None if refused else sid}])
        if code is not None:
            receipt = {"sid": sid, "status": "undelivered", "error_code": code, "at": at}
            insert_rows(session, Receipt, [{**receipt, "source": "callback"}])
        if refused is not None:
            number = session.scalar(select(col(Message.id)).where(col(Message.step) == step))
            if session.get(WorkerRow, "w") is None:
                insert_rows(session, WorkerRow, [{"id": "w", "host": "h", "pid": 1, "started_at": at, "seen_at": at}])
            call = {"id": step, "message_id": number, "worker_id": "w", "started_at": at}
            insert_rows(session, Attempt, [{**call, "lease_until": at, "outcome": "not_created", "code": refused}])


def table(pages: Pages, caption: str, path: str = "/delivery") -> dict[str, list[str]]:
    """A page's table by the words of its rows' heads."""
    page = pages.get(path).text.partition(f'aria-label="{caption}')[2].partition("</table>")[0]
    found = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page)
    return {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in found}


@pytest.fixture
def busy(pages: Pages) -> Pages:
    """Ana's texts of the last days, in every state."""
    now, whose = pages.clock.now(), pages.enroll().enrollment
    for number in range(9):
        left(pages, whose, now - timedelta(minutes=number), "delivered")
    left(pages, whose, now, "sent")
    left(pages, whose, now - DAY, "undelivered", code=30003)
    left(pages, whose, now - DAY, "failed", refused=21635)
    left(pages, whose, now - DAY, "unknown")
    left(pages, whose, now - DAY, "planned")  # to be tried once more: not sent
    left(pages, whose, now - 20 * DAY, "delivered")
    return pages


def test_each_day_says_what_became_of_its_texts(busy: Pages) -> None:
    days = table(busy, "Texts of each day, as a table")
    assert 14 == len(days)
    assert ["10", "9", "1", "0", "0", "9 of 9", "0"] == days["Fri Mar 6"]
    assert ["3", "0", "0", "2", "1", "0 of 2", "0"] == days["Thu Mar 5"]
    assert ["0", "0", "0", "0", "0", "–", "0"] == days["Wed Mar 4"]


def test_thirty_days_reach_further_back(busy: Pages) -> None:
    days = table(busy, "Texts of each day, as a table", "/delivery?days=30")
    assert 30 == len(days)
    assert "1" == days["Sat Feb 14"][1]
    assert 14 == len(table(busy, "Texts of each day, as a table", "/delivery?days=9999"))


def test_a_day_is_the_clinics_and_not_utcs(pages: Pages) -> None:
    whose = pages.enroll().enrollment
    late = pages.clock.now().replace(hour=4, minute=30)  # Thursday 23:30 in New York
    left(pages, whose, late, "delivered")
    assert "1" == table(pages, "Texts of each day, as a table")["Thu Mar 5"][0]


def test_each_protocol_has_its_own_line(busy: Pages) -> None:
    other = busy.enroll(name="Eva Cruz", phone="+12125550124", protocol="microneedling-week").enrollment
    left(busy, other, busy.clock.now(), "delivered")
    lines = table(busy, "Texts of each protocol, as a table")
    assert ["Microneedling: standard aftercare", "Microneedling: the careful week"] == list(lines)
    assert ["13", "1"] == [cells[0] for cells in lines.values()]


def test_opt_outs_are_counted_once_by_day_and_for_each_protocol_of_the_number(busy: Pages) -> None:
    busy.enroll(protocol="microneedling-week", treated_at=busy.clock.now() - DAY)
    busy.clock.pass_(minutes=1)
    busy.says("STOP")
    with writing(busy.engine) as session:  # it followed a patient to her new number: nobody opted out anew
        row = {"phone": "+12125550999", "source": "number_changed", "at": busy.clock.now()}
        insert_rows(session, OptOut, [{**row, "by": "x"}])
    assert "1" == table(busy, "Texts of each day, as a table")["Fri Mar 6"][-1]
    assert ["1", "1"] == [cells[-1] for cells in table(busy, "Texts of each protocol, as a table").values()]
    assert "1 opted out" in busy.read("/delivery")


def test_each_reason_comes_in_words_with_what_to_do(busy: Pages) -> None:
    page = busy.read("/delivery")
    assert "1 The phone was off or out of reach. Twilio’s code 30003 It was tried again twice" in page
    assert "1 The number is a landline and cannot receive texts; ask for another. Twilio’s code 21635" in page
    assert "Ask the patient for another one." in page


def test_without_texts_the_page_says_so(pages: Pages) -> None:
    page = pages.read("/delivery")
    assert "No text left in these days." in page
    assert "Every text of these days arrived" in page


def test_there_is_advice_for_every_reason() -> None:
    assert set(AfterAcceptance) == set(_REPORTED)
    assert set(NotCreatedClass) == set(_REFUSED)


def test_the_advice_follows_the_code(subtests: pytest.Subtests) -> None:
    cases: list[tuple[int | None, bool, str]] = [
        (30003, True, "tried again twice"),
        (30005, True, "another one"),
        (21610, False, "START"),
        (30007, True, "in person"),
        (None, True, "in person"),
        (12345, False, "in person"),
    ]
    for code, was_accepted, advice in cases:
        with subtests.test(code=code, was_accepted=was_accepted, advice=advice):
            assert advice in what_to_do(code, was_accepted=was_accepted)


def test_a_column_is_as_high_as_its_texts_and_its_parts_touch() -> None:
    chart = columns([("Fri", "Mar 6", (3, 1, 1, 0), 2), ("Sat", "", (0, 0, 0, 0), 0)])
    full, empty = chart.bars
    assert ((), 0) == (empty.blocks, empty.marks)
    assert chart.bottom == full.blocks[0].y + full.blocks[0].height
    for below, above in zip(full.blocks, full.blocks[1:], strict=False):
        assert above.y + above.height == pytest.approx(below.y)
    assert 3 * full.blocks[1].height == pytest.approx(full.blocks[0].height)
    assert (6, 3, 0) == tuple(many for _, many in reversed(chart.lines))


def test_the_longest_row_fills_the_width() -> None:
    chart = rows([("A", (8, 1, 1, 0), 0), ("B", (5, 0, 0, 0), 0)])
    widths = [sum(one.width for one in bar.blocks) for bar in chart.bars]
    assert [chart.width, chart.width / 2] == pytest.approx(widths)


def test_who_was_asked_and_wrote_nothing_stands_on_a_list_that_is_closed_by_reading(pages: Pages) -> None:
    asked_in_vain(pages.engine, pages.enroll().enrollment, phone=ANA, now=pages.clock.now())
    page = pages.get("/delivery").text
    assert ["1", "0", "0", "0"] == next(iter(table(pages, "Answers of each day").values()))
    (shown,) = re.findall(r'name="messages" value="(\d+)"', page)
    assert 303 == pages.post("/delivery/silent", messages=shown).status_code
    assert "Nobody is silent." in pages.get("/delivery").text
