"""A protocol tried on one's own phone, from the protocol's page."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import col

from notifier.db.engine import reading
from notifier.db.tables import Message, StaffPhone
from tests.web.pages.conftest import Pages

TRY = "/protocols/microneedling/try"


def test_the_number_is_proved_and_then_all_texts_are_planned(pages: Pages) -> None:
    assert TRY in pages.get("/protocols/microneedling").text
    assert "Prove your number first" in pages.post(TRY, on=TRY, language="en").text
    assert 303 == pages.post(f"{TRY}/phone", on=TRY, phone="(212) 555-0171").status_code
    wrong = pages.post(f"{TRY}/code", on=TRY, code="no")
    assert (422, True) == (wrong.status_code, "not the code" in wrong.text)
    with reading(pages.engine) as session:
        code = session.scalars(select(col(StaffPhone.code))).one()
    assert 303 == pages.post(f"{TRY}/code", on=TRY, code=code or "").status_code
    waits = pages.post(TRY, on=TRY, language="es")
    assert (422, True) == (waits.status_code, "still leaving" in waits.text)
    with pages.engine.begin() as connection:  # the code has left
        connection.exec_driver_sql("UPDATE messages SET state = 'accepted'")
    assert 303 == pages.post(TRY, on=TRY, language="es").status_code
    page = pages.get(TRY).text
    assert ("0171", False) == ("0171" if "ends in 0171" in page else "", "+1212" in page)
    with reading(pages.engine) as session:
        many = session.scalar(select(func.count()).where(col(Message.text).like("TEST 1/%: %")))
        left = session.scalar(select(func.count()).select_from(Message))
    assert many == 1
    assert f"Last: {(left or 0) - 1} texts" in pages.read(TRY)
