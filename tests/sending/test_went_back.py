"""The database went back in time without `restore`: who has written to it sees that, and nothing leaves twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy import text as sql

from notifier.db.engine import reading, writing
from notifier.db.tables import Attempt, RecoveryKind
from notifier.domain.states import MessageState
from notifier.sending.adopt import adopt
from notifier.sending.compare_at_start import compare
from notifier.sending.gates.recoveries import begin_after_restore, open_recoveries
from notifier.sending.pause_points import PausePoint
from notifier.sms.gateway import OutgoingText
from tests.setups.sending import Sending

S = MessageState
WORDS = "Keep it clean. STOP to opt out."


def lose_the_claim(sending: Sending) -> None:
    """A failover to a copy that has not got the last commits: the attempts, and what they did to their texts."""
    with writing(sending.engine) as session:
        session.execute(delete(Attempt))
        session.execute(sql("UPDATE messages SET state = 'planned', left_at = NULL, sent_text = NULL, sid = NULL"))


def restored_to(sending: Sending) -> timedelta | None:
    """How long ago these tables are taken to be from; None: they are the ones we started with."""
    with reading(sending.engine) as session:
        found = open_recoveries(session).get(RecoveryKind.RESTORED)
    return sending.clock.now() - found.up_to if found else None


async def compared(sending: Sending) -> None:
    await compare(sending.threads, sending.gateway, senders={None}, now=sending.clock.now())


async def asked_and_sent(sending: Sending) -> None:
    await adopt(sending.threads, sending.gateway, now=sending.clock.now(), by="desk")
    await sending.turn()


async def test_a_sid_whose_attempt_is_gone_lets_nothing_leave_before_twilio_was_asked(sending: Sending) -> None:
    text = sending.plan()
    sending.at[PausePoint.CALLED] = lambda: lose_the_claim(sending)
    assert "restored" == (await sending.turn()).closed
    assert (S.PLANNED, timedelta(days=1)) == (sending.state(text), restored_to(sending))
    await asked_and_sent(sending)
    assert (S.ACCEPTED, 1) == (sending.state(text), len(sending.gateway.ledger))


async def test_a_worker_whose_last_attempt_is_gone_lets_nothing_leave(sending: Sending) -> None:
    """All was written down when the tables went back."""
    text = sending.plan()
    await sending.turn()
    lose_the_claim(sending)
    sending.clock.pass_(minutes=1)
    assert "restored" == (await sending.turn()).closed
    await asked_and_sent(sending)
    assert (S.ACCEPTED, 1) == (sending.state(text), len(sending.gateway.ledger))


async def test_a_worker_misses_what_it_wrote_last_about_itself_and_writes_it_again(sending: Sending) -> None:
    def alive() -> int:
        with writing(sending.engine) as session:
            return sending.dispatch.own.alive(session, sending.clock.now(), host="h", pid=1)

    for _ in range(2):
        assert 1 == alive()
        sending.dispatch.own.committed()
        sending.clock.pass_(seconds=10)
    sending.clock.set_wall(sending.clock.now() - timedelta(hours=2))  # which is no going back of the database
    for _ in range(2):
        assert 1 == alive()
        sending.dispatch.own.committed()
        sending.clock.pass_(seconds=10)
    assert None is restored_to(sending)
    for goes_back in ("UPDATE workers SET seen_at = started_at", "DELETE FROM workers"):
        with writing(sending.engine) as session:
            session.execute(sql(goes_back))
            session.execute(sql("DELETE FROM recoveries"))
        assert 1 == alive()
        sending.dispatch.own.committed()
        assert restored_to(sending) is not None


async def test_a_claim_misses_the_heartbeat_too_and_a_stop_lost_since_is_read_again(sending: Sending) -> None:
    """It went back by a moment, of which no call of ours is lost: only who wrote to it can tell."""
    for lost, closed in ((True, "restored"), (False, None)):
        with writing(sending.engine) as session:
            sending.dispatch.own.alive(session, sending.clock.now(), host="h", pid=1)
        sending.dispatch.own.committed()
        sending.clock.pass_(seconds=5)
        text = sending.plan()
        sending.gateway.reply("+12125550101", "STOP")
        await sending.inbound()
        with writing(sending.engine) as session:  # all of these five seconds, and in one case more
            session.execute(sql("DELETE FROM replies"))
            session.execute(sql("DELETE FROM opt_outs"))
            if lost:
                session.execute(sql("UPDATE workers SET seen_at = '2026-03-06 19:00:00+00'"))
        await sending.inbound()
        assert closed == (await sending.turn(gate=False)).closed
        assert ([], S.SUPPRESSED) == (sending.sent_to, sending.state(text))
        forget(sending)
        sending.gateway.inbound.clear()


async def test_the_earlier_of_two_doubts_holds(sending: Sending) -> None:
    sending.plan()
    sending.at[PausePoint.CALLED] = lambda: lose_the_claim(sending)
    await sending.turn()
    now = sending.clock.now()
    with writing(sending.engine) as session:
        for ago in (2, 1):
            assert not begin_after_restore(session, up_to=now - timedelta(days=ago), now=now, by="test")
    assert timedelta(days=2) == restored_to(sending)


async def test_at_a_start_a_text_that_is_still_queued_at_twilio_is_missed_as_well(sending: Sending) -> None:
    """It has no date yet, by which texts are listed; what would leave first is asked about number by number."""
    text = sending.plan()
    await sending.turn()
    lose_the_claim(sending)
    sending.start()
    await compared(sending)
    assert "restored" == (await sending.turn()).closed
    await asked_and_sent(sending)
    assert (S.ACCEPTED, 1) == (sending.state(text), len(sending.gateway.ledger))


async def test_what_left_since_is_asked_from_the_last_call_that_is_written_down_however_old(sending: Sending) -> None:
    enrollment = sending.enroll()
    sending.plan(enrollment)
    await sending.turn()
    first = sending.clock.now()
    sending.clock.pass_(days=4)
    text = sending.plan(enrollment, expires_at=sending.clock.now() + timedelta(days=9))
    await sending.turn()
    sending.gateway.becomes(sending.gateway.ledger[1].sid, "sent")
    with writing(sending.engine) as session:
        session.execute(sql(f"DELETE FROM attempts WHERE message_id = {text}"))
        session.execute(sql(f"UPDATE messages SET state = 'planned', sid = NULL WHERE id = {text}"))
    sending.start()
    sending.clock.pass_(days=3)
    await compared(sending)
    assert sending.clock.now() - first == restored_to(sending)


async def test_at_a_start_a_listed_text_that_is_planned_here_lets_nothing_leave(sending: Sending) -> None:
    """A copy was put in place while no worker ran: nobody is left who knew better."""
    text = sending.plan()
    await sending.turn()
    sending.gateway.becomes(sending.gateway.ledger[0].sid, "sent")
    await compared(sending)
    assert None is restored_to(sending)
    lose_the_claim(sending)
    sending.start()
    sending.clock.pass_(hours=3)
    await compared(sending)
    assert timedelta(days=1, hours=3) == restored_to(sending)
    assert "restored" == (await sending.turn()).closed
    await asked_and_sent(sending)
    assert (S.SENT, 1) == (sending.state(text), len(sending.gateway.ledger))
    await compared(sending)
    assert None is restored_to(sending)


def forget(sending: Sending) -> None:
    with writing(sending.engine) as session:
        for table in ("recoveries", "messages", "enrollments"):
            session.execute(sql(f"DELETE FROM {table}"))
    sending.gateway.ledger.clear()


async def test_at_a_start_what_is_somebody_elses_or_not_the_same_text_stops_nothing(sending: Sending) -> None:
    own, later = "+12125550101", sending.clock.now() + timedelta(days=2)
    table: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("Other words.", own, {}),
        ("", own, {"due_at": later, "expires_at": later + timedelta(days=1)}),  # hidden, and not due then
        (WORDS, "+12125550199", {}),
    )
    for body, to, values in table:
        sending.plan(**values)
        sending.gateway.becomes(sending.gateway.create(OutgoingText(to, body, "token", 60)), "sent")
        await compared(sending)
        assert None is restored_to(sending), (body, to)
        forget(sending)


async def test_at_a_start_another_case_a_trial_prefix_and_hidden_words_are_no_disguise(sending: Sending) -> None:
    for body in (f"Sent from your Twilio trial account - {WORDS}", WORDS.upper(), ""):
        sending.plan()
        sending.gateway.becomes(sending.gateway.create(OutgoingText("+12125550101", body, "token", 60)), "sent")
        await compared(sending)
        assert restored_to(sending) is not None, body
        forget(sending)


async def test_at_a_start_a_text_whose_own_call_is_known_stops_nothing(sending: Sending) -> None:
    """Its answer was lost, and a person has looked and said that it was not sent: that is for them to say."""
    text = sending.plan()
    await sending.turn()
    sending.gateway.becomes(sending.gateway.ledger[0].sid, "sent")
    with writing(sending.engine) as session:
        session.execute(sql("UPDATE attempts SET sid = NULL, outcome = 'not_created'"))
        session.execute(sql("UPDATE messages SET sid = NULL, state = 'planned'"))
    await compared(sending)
    assert (S.PLANNED, None) == (sending.state(text), restored_to(sending))
