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
from tests.setups.house import House

S = MessageState
WORDS = "Keep it clean. STOP to opt out."


def lose_the_claim(house: House) -> None:
    """A failover to a copy that has not got the last commits: the attempts, and what they did to their texts."""
    with writing(house.engine) as session:
        session.execute(delete(Attempt))
        session.execute(sql("UPDATE messages SET state = 'planned', left_at = NULL, sent_text = NULL, sid = NULL"))


def restored_to(house: House) -> timedelta | None:
    """How long ago these tables are taken to be from; None: they are the ones we started with."""
    with reading(house.engine) as session:
        found = open_recoveries(session).get(RecoveryKind.RESTORED)
    return house.clock.now() - found.up_to if found else None


async def compared(house: House) -> None:
    await compare(house.threads, house.gateway, senders={None}, now=house.clock.now())


async def asked_and_sent(house: House) -> None:
    await adopt(house.threads, house.gateway, now=house.clock.now(), by="desk")
    await house.turn()


async def test_a_sid_whose_attempt_is_gone_lets_nothing_leave_before_twilio_was_asked(house: House) -> None:
    text = house.plan()
    house.at[PausePoint.CALLED] = lambda: lose_the_claim(house)
    assert "restored" == (await house.turn()).closed
    assert (S.PLANNED, timedelta(days=1)) == (house.state(text), restored_to(house))
    await asked_and_sent(house)
    assert (S.ACCEPTED, 1) == (house.state(text), len(house.gateway.ledger))


async def test_a_worker_whose_last_attempt_is_gone_lets_nothing_leave(house: House) -> None:
    """All was written down when the tables went back."""
    text = house.plan()
    await house.turn()
    lose_the_claim(house)
    house.clock.pass_(minutes=1)
    assert "restored" == (await house.turn()).closed
    await asked_and_sent(house)
    assert (S.ACCEPTED, 1) == (house.state(text), len(house.gateway.ledger))


async def test_a_worker_misses_what_it_wrote_last_about_itself_and_writes_it_again(house: House) -> None:
    def alive() -> int:
        with writing(house.engine) as session:
            return house.dispatch.own.alive(session, house.clock.now(), host="h", pid=1)

    for _ in range(2):
        assert 1 == alive()
        house.dispatch.own.committed()
        house.clock.pass_(seconds=10)
    assert None is restored_to(house)
    for goes_back in ("UPDATE workers SET seen_at = started_at", "DELETE FROM workers"):
        with writing(house.engine) as session:
            session.execute(sql(goes_back))
            session.execute(sql("DELETE FROM recoveries"))
        assert 1 == alive()
        house.dispatch.own.committed()
        assert restored_to(house) is not None


async def test_the_earlier_of_two_doubts_holds(house: House) -> None:
    house.plan()
    house.at[PausePoint.CALLED] = lambda: lose_the_claim(house)
    await house.turn()
    now = house.clock.now()
    with writing(house.engine) as session:
        for ago in (2, 1):
            assert not begin_after_restore(session, up_to=now - timedelta(days=ago), now=now, by="test")
    assert timedelta(days=2) == restored_to(house)


async def test_at_a_start_a_listed_text_that_is_planned_here_lets_nothing_leave(house: House) -> None:
    """A copy was put in place while no worker ran: nobody is left who knew better."""
    text = house.plan()
    await house.turn()
    house.gateway.becomes(house.gateway.ledger[0].sid, "sent")
    await compared(house)
    assert None is restored_to(house)
    lose_the_claim(house)
    house.start()
    house.clock.pass_(hours=3)
    await compared(house)
    assert timedelta(days=1, hours=3) == restored_to(house)
    assert "restored" == (await house.turn()).closed
    await asked_and_sent(house)
    assert (S.SENT, 1) == (house.state(text), len(house.gateway.ledger))
    await compared(house)
    assert None is restored_to(house)


def forget(house: House) -> None:
    with writing(house.engine) as session:
        for table in ("recoveries", "messages", "enrollments"):
            session.execute(sql(f"DELETE FROM {table}"))
    house.gateway.ledger.clear()


async def test_at_a_start_what_is_somebody_elses_or_not_the_same_text_stops_nothing(house: House) -> None:
    own, later = "+12125550101", house.clock.now() + timedelta(days=2)
    table: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("Other words.", own, {}),
        ("", own, {"due_at": later, "expires_at": later + timedelta(days=1)}),  # hidden, and not due then
        (WORDS, "+12125550199", {}),
    )
    for body, to, values in table:
        house.plan(**values)
        house.gateway.becomes(house.gateway.create(OutgoingText(to, body, "token", 60)), "sent")
        await compared(house)
        assert None is restored_to(house), (body, to)
        forget(house)


async def test_at_a_start_another_case_a_trial_prefix_and_hidden_words_are_no_disguise(house: House) -> None:
    for body in (f"Sent from your Twilio trial account - {WORDS}", WORDS.upper(), ""):
        house.plan()
        house.gateway.becomes(house.gateway.create(OutgoingText("+12125550101", body, "token", 60)), "sent")
        await compared(house)
        assert restored_to(house) is not None, body
        forget(house)


async def test_at_a_start_a_text_whose_own_call_is_known_stops_nothing(house: House) -> None:
    """Its answer was lost, and a person has looked and said that it was not sent: that is for them to say."""
    text = house.plan()
    await house.turn()
    house.gateway.becomes(house.gateway.ledger[0].sid, "sent")
    with writing(house.engine) as session:
        session.execute(sql("UPDATE attempts SET sid = NULL, outcome = 'not_created'"))
        session.execute(sql("UPDATE messages SET sid = NULL, state = 'planned'"))
    await compared(house)
    assert (S.PLANNED, None) == (house.state(text), restored_to(house))
