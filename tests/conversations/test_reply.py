"""Staff answer a patient within a day of her message: at any hour, once, and never after STOP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from notifier.conversations.close import close_reply
from notifier.conversations.reply import StaffReply, find_reply, send_reply
from notifier.db.engine import reading, writing
from notifier.db.tables import Reply
from notifier.domain.open_replies import Decision
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import MessageState
from notifier.enrollments.commands import Cancel
from notifier.enrollments.lifecycle import apply
from notifier.oversight.explain import explain
from schedules.wording import Voice
from tests.setups.sending import Sending
from tests.setups.versions import pin_version

S = MessageState
ANA = "+12125550101"
RULES = PlanningRules(Voice("Glow", "555-0100"), "America/New_York")


@pytest.fixture
def asked(sending: Sending) -> Sending:
    """Ana has asked something, at one in the morning; her number is on hold."""
    sending.enroll()
    sending.clock.pass_(hours=11)
    return sending


async def ask(sending: Sending, text: str = "when can I stop icing?") -> int:
    sending.gateway.reply(ANA, text)
    await sending.inbound()
    with reading(sending.engine) as session:
        return max(reply.id or 0 for reply in session.scalars(select(Reply)))


def say(sending: Sending, words: str, **whom: int) -> StaffReply:
    now = sending.clock.now()
    with writing(sending.engine) as session:
        found = find_reply(session, words, rules=RULES, now=now, **whom)
        return send_reply(session, found, rules=RULES, now=now, by="dana")


def reply(sending: Sending, number: int) -> Reply:
    with reading(sending.engine) as session:
        return session.get_one(Reply, number)


async def test_it_leaves_at_night_and_the_message_stays_open(asked: Sending) -> None:
    number = await ask(asked)
    done = say(asked, "After two days. ", reply_id=number)
    await asked.turn()
    assert [(ANA, "Glow: After two days.")] == [(text.to, text.body) for text in asked.gateway.ledger]
    assert (None, 1) == (reply(asked, number).closed_by, done.segments.count)
    assert [("answered", "dana"), ("state", "worker"), ("state", "worker")] == [
        (event.what, event.by) for event in asked.events(done.message or 0)
    ]


async def test_an_enrollment_is_answered_by_the_last_words_from_its_number(asked: Sending) -> None:
    _, last = await ask(asked), await ask(asked, "hello?")
    assert last == say(asked, "After two days.", enrollment_id=1).reply


@pytest.mark.parametrize(("hours", "allowed"), [(24, True), (24.01, False)])
async def test_a_day_after_her_message_staff_call(asked: Sending, hours: float, allowed: bool) -> None:
    number = await ask(asked)
    asked.clock.pass_(hours=hours)
    if allowed:
        # It must leave within her 24 hours too.
        assert asked.clock.now() == say(asked, "Yes.", reply_id=number).until
    else:
        with pytest.raises(Refused, match=r"more than 24 hours old.*call the patient"):
            say(asked, "Yes.", reply_id=number)


async def test_after_a_stop_staff_call(asked: Sending) -> None:
    number = await ask(asked)
    await ask(asked, "stop")
    with pytest.raises(Refused, match=r"opted out.*call the patient"):
        say(asked, "Sorry!", reply_id=number)


async def test_a_stop_that_comes_before_it_leaves_keeps_it(asked: Sending) -> None:
    number = await ask(asked)
    done = say(asked, "Yes.", reply_id=number)
    await ask(asked, "stop")
    await asked.turn()
    assert (S.SUPPRESSED, []) == (asked.state(done.message or 0), asked.sent_to)


async def test_the_same_words_are_not_sent_twice_and_others_are(asked: Sending) -> None:
    number = await ask(asked)
    say(asked, "Yes.", reply_id=number)
    with pytest.raises(Refused, match="these very words"):
        say(asked, " Yes. ", reply_id=number)
    say(asked, "But gently.", reply_id=number)
    await asked.turn()
    assert ["Glow: Yes.", "Glow: But gently."] == [text.body for text in asked.gateway.ledger]


@pytest.mark.parametrize(
    ("whom", "sentence"),
    [({"reply_id": 99}, "there is no reply 99"), ({"enrollment_id": 99}, "there is no enrollment 99")],
)
async def test_nobody_is_answered_who_did_not_write(asked: Sending, whom: dict[str, int], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        say(asked, "Yes.", **whom)


async def test_a_stranger_gets_no_text(asked: Sending) -> None:
    asked.gateway.reply("+12125550177", "who is this?")
    await asked.inbound()
    with pytest.raises(Refused, match="nobody with this number is enrolled"):
        say(asked, "The clinic.", reply_id=1)


async def test_the_end_of_an_enrollment_leaves_an_answer_alone(asked: Sending) -> None:
    number = await ask(asked)
    done = say(asked, "Yes.", reply_id=number)
    planned = asked.plan(1, due_at=asked.clock.now() + timedelta(days=1))
    with writing(asked.engine) as session:
        pin_version(session, 1, asked.clock.now())
        apply(session, 1, Cancel("moved away"), rules=RULES, now=asked.clock.now(), by="dana")
    await asked.turn()
    assert [S.ACCEPTED, S.CANCELLED] == [asked.state(one) for one in (done.message or 0, planned)]


async def test_explain_tells_an_answer_from_a_step(asked: Sending) -> None:
    done = say(asked, "Yes.", reply_id=await ask(asked))
    with reading(asked.engine) as session:
        said = explain(session, done.message or 0, rules=RULES)
    assert said[0].endswith("is a person's reply to reply 1, for enrollment 1.")
    assert "Nothing keeps it from leaving when due." in said


async def test_closing_again_changes_nothing(asked: Sending) -> None:
    number = await ask(asked)
    with writing(asked.engine) as session:
        both = [
            close_reply(session, number, Decision.GO_ON, now=asked.clock.now(), by=by).already for by in ("dana", "eli")
        ]
    assert ([False, True], "dana") == (both, reply(asked, number).closed_by)
