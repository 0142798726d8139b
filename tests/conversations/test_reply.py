"""Staff answer a patient within a day of her message: at any hour, once, and never after STOP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from notifier.conversations.claims import claim_reply, current_claim, shift_ends
from notifier.conversations.close import close_reply
from notifier.conversations.reply import StaffReply, find_reply, send_reply
from notifier.db.engine import reading, writing
from notifier.db.tables import Reply
from notifier.domain.instants import zone_called
from notifier.domain.open_replies import TextsDecision
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.staffed_hours import StaffedHours
from notifier.domain.states import MessageState
from notifier.domain.tasks import TaskKind, TaskRef
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


@pytest.mark.parametrize("words", ["wrong number", "so many texts"])
async def test_it_leaves_for_a_number_that_is_held_whole(asked: Sending, words: str) -> None:
    """And so does the fixed answer to urgent words of later; any other that nobody has written does not."""
    done = say(asked, "Whose phone is this?", reply_id=await ask(asked, words))
    fixed = [
        asked.plan(1, kind="reply", step=step, expires_at=asked.clock.now() + timedelta(hours=1))
        for step in ("answer-9-urgent", "answer-9", "after-answer-9")
    ]
    await asked.turn()
    assert [S.ACCEPTED, S.ACCEPTED, S.CANCELLED, S.CANCELLED] == [
        asked.state(one) for one in (done.message or 0, *fixed)
    ]


async def test_an_enrollment_is_answered_by_the_last_words_from_its_number(asked: Sending) -> None:
    _, last = await ask(asked), await ask(asked, "hello?")
    assert last == say(asked, "After two days.", enrollment_id=1).reply


@pytest.mark.parametrize(
    ("hours", "closed", "minutes", "why_not"),
    [
        (23.9, True, 6, ""),
        (34, False, 60, ""),
        (41.5, False, 20, ""),
        (12 * 24 + 10, False, 60, ""),
        (48, False, None, r"leaves only inside the send window: write it from Mon Mar 9, 9:00 AM on, or call"),
        (34, True, None, r"more than 24 hours old and closed, and only an open one is replied to; call the patient"),
    ],
)
async def test_an_open_message_is_replied_to_however_old_it_is_inside_the_window(
    asked: Sending, hours: float, closed: bool, minutes: int | None, why_not: str
) -> None:
    """She wrote at 1:10 at night; texts leave from 9:00 to 20:00."""
    number = await ask(asked)
    if closed:
        with writing(asked.engine) as session:
            close_reply(session, number, TextsDecision.GO_ON, now=asked.clock.now(), by="dana")
    asked.clock.pass_(hours=hours)
    if minutes is None:
        with pytest.raises(Refused, match=why_not):
            say(asked, "Yes.", reply_id=number)
        return
    done = say(asked, "Yes.", reply_id=number)
    assert timedelta(minutes=minutes) == done.until - asked.clock.now()
    await asked.turn()
    assert [ANA] == asked.sent_to


async def test_the_second_who_replies_sees_the_first_ones_words_and_is_asked_again(asked: Sending) -> None:
    number, now = await ask(asked), asked.clock.now()
    with writing(asked.engine) as session:
        mine = find_reply(session, "No.", rules=RULES, now=now, reply_id=number)
    first = say(asked, "Yes.", reply_id=number)
    say(asked, "Gently.", reply_id=number)
    with (
        writing(asked.engine) as session,
        pytest.raises(Refused, match=r'dana has replied to this already: "Glow: Yes\."'),
    ):
        send_reply(session, mine, rules=RULES, now=now, by="eli")
    with writing(asked.engine) as session, pytest.raises(Refused, match=r"Glow: Gently\."):
        send_reply(session, mine, rules=RULES, now=now, by="eli", after=first.message)
    with writing(asked.engine) as session:
        seen = find_reply(session, "No.", rules=RULES, now=now, reply_id=number)
        assert ["Glow: Yes.", "Glow: Gently."] == [one.words for one in seen.earlier]
        send_reply(session, seen, rules=RULES, now=now, by="eli", after=seen.last)
    await asked.turn()
    assert 3 == len(asked.sent_to)


async def test_what_a_colleague_has_taken_is_taken_over_explicitly_and_is_free_once_the_shift_ends(
    asked: Sending,
) -> None:
    number, now = await ask(asked), asked.clock.now()
    with writing(asked.engine) as session:
        ends_at = shift_ends(now, StaffedHours.parse("Mon-Sun 09:00-17:00"), zone_called("America/New_York"))
        for by in ("eli", "dana"):
            assert "eli" == claim_reply(session, number, now=now, by=by, ends_at=ends_at)
    with pytest.raises(Refused, match="eli has taken this message; take it over first"):
        say(asked, "Yes.", reply_id=number)
    with writing(asked.engine) as session:
        found = find_reply(session, "Yes.", rules=RULES, now=now, reply_id=number)
        assert "eli" == found.taken_by
        send_reply(session, found, rules=RULES, now=now, by="dana", take_over=True)
        task = TaskRef(TaskKind.REPLY, number)
        assert "dana" == getattr(current_claim(session, task, now=now), "by", None)
        assert current_claim(session, task, now=now + timedelta(hours=7)) is not None, "8:10, before anybody comes"
        assert current_claim(session, task, now=now + timedelta(hours=8)) is None


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
            close_reply(session, number, TextsDecision.GO_ON, now=asked.clock.now(), by=by).already
            for by in ("dana", "eli")
        ]
    assert ([False, True], "dana") == (both, reply(asked, number).closed_by)
