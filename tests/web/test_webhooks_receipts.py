"""What Twilio reports of a text: stored once, and the text moves forward or not at all."""

from __future__ import annotations

from itertools import permutations

import pytest

from notifier.db.engine import writing
from notifier.db.tables import Event, Receipt
from notifier.domain.states import MessageState
from notifier.sending.outcomes.apply_receipt import apply_receipt
from tests.web.conftest import SID, Web

S = MessageState


def test_a_receipt_moves_its_text(web: Web) -> None:
    text = web.text()
    response = web.receipt("delivered")
    assert (200, b"") == (response.status_code, response.content)
    assert S.DELIVERED == web.message(text).state
    (receipt,) = web.all(Receipt)
    assert (SID, "delivered", 0, "callback") == (receipt.sid, receipt.status, receipt.error_code, receipt.source)
    assert 1 == web.metric('notifier_webhooks_taken_total{route="/twilio/status"}')


def test_a_receipt_replayed_a_thousand_times_is_one_row_and_one_move(sqlite_web: Web) -> None:
    text = sqlite_web.text()
    codes = {sqlite_web.receipt("sent").status_code for _ in range(1000)}
    sqlite_web.clock.pass_(days=30)
    codes.add(sqlite_web.receipt("sent").status_code)
    assert ({200}, 1, 1) == (codes, sqlite_web.count(Receipt), sqlite_web.count(Event))
    assert S.SENT == sqlite_web.message(text).state


def test_whatever_the_order_the_end_is_the_same(sqlite_web: Web) -> None:
    for number, order in enumerate(permutations(["queued", "sending", "sent", "delivered"]), 1):
        sid = f"SM{number:032x}"
        text = sqlite_web.text(sid=sid, patient=str(number))
        assert [200] * 4 == [sqlite_web.receipt(status, sid).status_code for status in order]
        assert (order, S.DELIVERED, 4 * number) == (order, sqlite_web.message(text).state, sqlite_web.count(Receipt))


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered", "failed", "sending", "canceled"])
def test_a_webhook_and_a_poll_leave_the_same_behind(web: Web, status: str) -> None:
    texts = [web.text(patient="one"), web.text(patient="two", sid="SM" + "3" * 32)]
    web.receipt(status, ErrorCode="30005")
    with writing(web.engine) as session:
        apply_receipt(
            session, sid="SM" + "3" * 32, status=status, error_code=30005, token=None, at=web.clock.now(),
            source="poll")  # fmt: skip
    one, two = (web.message(text).model_dump(exclude={"id", "enrollment_id", "step", "sid"}) for text in texts)
    assert one == two
    events = [(event.what, event.to_state, event.why) for event in web.all(Event) if event.message_id]
    assert events[: len(events) // 2] == events[len(events) // 2 :]


def test_a_receipt_that_comes_before_our_own_record_gives_a_lost_text_its_sid(web: Web) -> None:
    text = web.text(S.UNKNOWN, sid=None)
    web.attempt(text, "the-token")
    web.receipt("delivered", token="the-token")
    assert (S.DELIVERED, SID) == (web.message(text).state, web.message(text).sid)


def test_an_unknown_sid_is_kept_and_changes_nothing(web: Web) -> None:
    text = web.text()
    assert 200 == web.receipt("delivered", "SM" + "9" * 32, token="nobodys").status_code
    assert (S.ACCEPTED, 1, 0) == (web.message(text).state, web.count(Receipt), web.count(Event))


def test_the_token_of_another_text_moves_only_the_text_of_the_sid(web: Web) -> None:
    text, other = web.text(patient="one"), web.text(S.UNKNOWN, sid=None, patient="two")
    web.attempt(other, "others-token")
    web.receipt("delivered", token="others-token")
    assert (S.DELIVERED, S.UNKNOWN, None) == (
        web.message(text).state,
        web.message(other).state,
        web.message(other).sid,
    )


def test_an_unknown_status_is_stored_and_ignored(web: Web) -> None:
    text = web.text()
    for number, status in enumerate(("a new word", "x" * 500, "nul\0nul", "scheduled", "accepted", "ünï"), 1):
        assert (status, 200) == (status, web.receipt(status).status_code)
        assert (status, S.ACCEPTED, number) == (status, web.message(text).state, web.count(Receipt))


def test_an_error_code_that_is_none_does_no_harm(web: Web) -> None:
    codes = {"abc": 0, "": 0, "30003": 30003, "9" * 40: 0, "-1": 0, "٣": 0, "3.5": 0}
    for number, code in enumerate(codes):
        sid = f"SM{number:032x}"
        web.text(sid=sid, patient=str(number))
        assert (code, 200) == (code, web.receipt("sending", sid, ErrorCode=code).status_code)
    assert list(codes.values()) == [one.error_code for one in sorted(web.all(Receipt), key=lambda one: one.sid)]


def test_a_form_whose_essential_is_blank_is_taken_and_ignored(sqlite_web: Web) -> None:
    for sid, status in (("", "sent"), (SID, ""), ("\0", "sent")):
        assert (200, 0) == (sqlite_web.receipt(status, sid).status_code, sqlite_web.count(Receipt))


def test_a_very_long_token_and_sid_fit_their_columns(web: Web) -> None:
    assert 200 == web.receipt("sent", "SM" + "1" * 500, token="t" * 500).status_code
    assert 1 == web.count(Receipt)
