"""What a patient writes: kept to the letter, acted upon at once, answered with silence."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from notifier.conversations.receive import InboundText, receive
from notifier.db.engine import writing
from notifier.db.tables import Event, Message, OptOut, Reply
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import open_opt_outs
from notifier.sending.claim import SendingRules, claim
from schedules.send_window import SendWindow
from tests.setups.gate import inbound_was_read
from tests.web.conftest import ACCOUNT_SID, CLINIC, INBOUND, PATIENT, Web

S = MessageState


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  leading and trailing  ",
        "1+1=2 & 100% + more",
        "🙂 ¿Está bien? Ünïcode",
        "line\r\nline\ttab",
        "\u202eright to left\u202c \u200f",
        "x" * 1600,
        "<script>alert(1)</script>",
        "%2B%00;a=b&c",
    ],
)
def test_a_reply_is_kept_to_the_letter(web: Web, body: str) -> None:
    response = web.reply(body)
    assert (200, "text/xml; charset=utf-8") == (response.status_code, response.headers["content-type"])
    assert response.text.endswith("<Response/>")
    (reply,) = web.all(Reply)
    assert (body, PATIENT, web.clock.now(), 0) == (reply.text, reply.phone, reply.at, reply.media_count)
    assert CLINIC == reply.written_to


def test_nul_has_no_place_in_a_text_and_stops_nothing(web: Web) -> None:
    assert 200 == web.reply("ST\0OP").status_code
    assert "STOP" == web.all(Reply)[0].text
    assert 1 == web.count(OptOut)


@pytest.mark.parametrize(("given", "stored"), [("3", 3), ("", 0), ("many", 0), ("9" * 30, 0)])
def test_a_photo_is_counted_and_never_fetched(web: Web, given: str, stored: int) -> None:
    assert 200 == web.reply("", NumMedia=given, MediaUrl0="http://127.0.0.1:9/photo").status_code
    assert stored == web.all(Reply)[0].media_count


def test_a_stop_is_honored_by_the_very_next_claim(web: Web) -> None:
    now = web.clock.now()
    text = web.text(S.PLANNED, sid=None, left_at=None)
    assert 200 == web.reply("Stop please").status_code
    with writing(web.engine) as session:
        inbound_was_read(session, now)
        claimed = claim(session, SendingRules(SendWindow()), worker_id=str(uuid4()), now=now, limit=10)
    assert [] == list(claimed.claims)
    assert S.SUPPRESSED == web.message(text).state


@pytest.mark.parametrize("kind", ["STOP", "stop"])
def test_what_twilio_understood_as_stop_is_one_whatever_the_words(web: Web, kind: str) -> None:
    web.reply("basta ya de una vez", OptOutType=kind)
    assert ["twilio"] == [one.source for one in web.all(OptOut)]


def test_a_poll_that_was_faster_does_not_hide_what_twilio_understood(web: Web) -> None:
    """Only the webhook carries OptOutType; the list that a poll reads does not."""
    text = web.text(S.PLANNED, sid=None)
    with writing(web.engine) as session:
        receive(session, InboundText("SM" + "2" * 32, PATIENT, "hmm", web.clock.now()), web.clock.now())
    assert 0 == web.count(OptOut)
    web.reply("hmm", OptOutType="STOP")
    assert (1, S.SUPPRESSED, 1) == (web.count(OptOut), web.message(text).state, web.count(Reply))
    assert "stop" == web.all(Reply)[0].meaning


def test_urgent_words_get_their_answer_planned_with_the_reply(web: Web) -> None:
    web.text()
    assert 200 == web.reply("I am bleeding").status_code
    web.reply("I am bleeding")
    assert [("answer-1-urgent", S.PLANNED)] == [
        (one.step, one.state) for one in web.all(Message) if one.kind == "reply"
    ]


def test_a_late_copy_of_a_stop_does_not_undo_the_start_that_followed(web: Web) -> None:
    web.reply("hmm", "SM1", OptOutType="STOP")
    web.clock.pass_(minutes=1)
    web.reply("START", "SM2")
    web.reply("hmm", "SM1", OptOutType="STOP")
    with writing(web.engine) as session:
        assert [] == open_opt_outs(session)


def test_a_replayed_reply_is_one_row_and_acts_once(sqlite_web: Web) -> None:
    codes = {sqlite_web.reply("STOP").status_code for _ in range(50)}
    assert ({200}, 1, 1, 1) == (
        codes,
        sqlite_web.count(Reply),
        sqlite_web.count(OptOut),
        sqlite_web.count(Event),
    )


def test_webhook_and_poll_of_one_reply_are_one_row(web: Web) -> None:
    web.reply("Stop")
    with writing(web.engine) as session:
        same = InboundText("SM" + "2" * 32, PATIENT, "Stop", web.clock.now() - timedelta(seconds=1))
        assert None is receive(session, same, web.clock.now())
    assert (1, 1) == (web.count(Reply), web.count(OptOut))


@pytest.mark.parametrize("channel", ["rcs:", "whatsapp:", ""])
def test_a_stop_counts_for_the_number_whatever_the_channel(web: Web, channel: str) -> None:
    web.reply("STOP", from_=f"{channel}{PATIENT}")
    assert [PATIENT] == [one.phone for one in web.all(OptOut)]


@pytest.mark.parametrize("from_", ["", "12345", "CLINIC", "+" + "1" * 400, "a\0b"])
def test_an_odd_sender_is_taken_without_a_crash(web: Web, from_: str) -> None:
    assert 200 == web.reply("hello", from_=from_).status_code
    assert (1 if from_ else 0) == web.count(Reply)


def test_a_stored_reply_is_made_known_at_once_and_a_refused_one_is_not(sqlite_web: Web) -> None:
    assert 200 == sqlite_web.reply("it is bleeding a lot").status_code
    assert 403 == sqlite_web.post(INBOUND, [("AccountSid", ACCOUNT_SID)], token="not ours").status_code
    assert 200 == sqlite_web.receipt().status_code
    assert [True] == sqlite_web.replied
