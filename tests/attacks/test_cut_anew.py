"""What Twilio signs has no seams: who has a signed form cuts it anew, and the signature fits other fields."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine

from notifier.db.tables import Event, OptOut, Receipt, Reply
from tests.web.conftest import (
    ACCOUNT_SID,
    CLINIC,
    INBOUND,
    PATIENT,
    PUBLIC_URL,
    SID,
    STATUS,
    inbound_form,
    open_web,
    signed,
)

VICTIM = "+12125550199"
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
RECEIPT = [("AccountSid", ACCOUNT_SID), ("MessageSid", SID), ("MessageStatus", "delivered"), ("To", PATIENT)]


@pytest.mark.parametrize(
    ("path", "sent", "cut"),
    [
        (INBOUND, inbound_form(f"STOPFrom{VICTIM}"), [("Body", "STOP"), ("From", f"{VICTIM}From{PATIENT}")]),
        (INBOUND, inbound_form(f"STOPFrom{VICTIM}"), [("Body", "STOP"), ("From", VICTIM), ("From", PATIENT)]),
        (INBOUND, inbound_form("STOP"), [("Body", f"STOPFrom{PATIENT}"), ("From", None)]),
        (INBOUND, inbound_form("hi"), [("NumMedia", f"0To{CLINIC}"), ("To", None)]),
        (INBOUND, inbound_form("hi", FromZip="10001"), [("FromZip", "10001MessageSidSM1"), ("MessageSid", None)]),
        (STATUS, RECEIPT, [("MessageStatus", f"deliveredTo{PATIENT}"), ("To", None)]),
        (STATUS, [*RECEIPT, ("ErrorCode", "30003")], [("ErrorCode", "30003"), ("ErrorCode", "")]),
    ],
)  # fmt: skip
def test_a_form_that_was_cut_anew_changes_nothing(
    sqlite_engine: Engine, now: datetime, path: str, sent: list[tuple[str, str]], cut: list[tuple[str, str | None]]
) -> None:
    names = {name for name, _ in cut}
    anew = [pair for pair in sent if pair[0] not in names] + [(name, said) for name, said in cut if said is not None]
    headers = {"X-Twilio-Signature": signed(PUBLIC_URL + path, sent), **FORM_TYPE}
    with open_web(sqlite_engine, now) as web:
        assert 403 == web.client.post(path, content=urlencode(anew), headers=headers).status_code
        assert [0] * 4 == [web.count(table) for table in (Reply, Receipt, Event, OptOut)]
