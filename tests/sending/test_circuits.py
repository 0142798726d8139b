"""A circuit stops everything, is probed without sending, and closes when one real text is accepted."""

from __future__ import annotations

from datetime import timedelta

from notifier.db.engine import reading, writing
from notifier.sending.gates.circuits import open_circuit, open_circuits
from notifier.sending.gates.probe import close_circuit, probe
from notifier.sending.pause_points import PausePoint
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated
from tests.setups.fakes import created_but_lost
from tests.setups.sending import Sending

REFUSED = NotCreated(NotCreatedClass.ACCOUNT, 20003, "Refused.")


def is_open(sending: Sending) -> bool:
    with reading(sending.engine) as session:
        return bool(open_circuits(session))


async def look(sending: Sending) -> bool:
    sending.dispatch.trials = await probe(sending.threads, sending.gateway, now=sending.clock.now())
    return bool(sending.dispatch.trials)


def plan(sending: Sending, many: int) -> None:
    for n in range(100, 100 + many):
        sending.plan(sending.enroll(phone=f"+1212555{n:04d}"), phone=f"+1212555{n:04d}")


async def test_a_refusal_is_probed_after_five_minutes_and_one_text_closes_the_circuit(sending: Sending) -> None:
    plan(sending, 30)
    sending.gateway.always = REFUSED
    await sending.turn()
    asked = len(sending.gateway.asked)
    sending.clock.pass_(minutes=4, seconds=59)
    assert not await look(sending)
    sending.clock.pass_(seconds=1)
    sending.gateway.always = None
    assert await look(sending)
    await sending.turn()
    assert (asked + 30, 30, False) == (len(sending.gateway.asked), len(sending.sent_to), is_open(sending))


async def test_once_our_account_is_refused_nothing_is_called_however_long_it_takes_to_write_that_down(
    sqlite_house: Sending,
) -> None:
    sending = sqlite_house
    sending.in_flight = 1
    sending.start()
    plan(sending, 2)
    sending.gateway.always = REFUSED

    def takes_long() -> None:
        sending.at[PausePoint.CLAIMED] = lambda: sending.clock.pass_(seconds=5)

    sending.at[PausePoint.CALLED] = takes_long
    await sending.turn()
    assert (1, True) == (len(sending.gateway.asked), is_open(sending))


async def test_a_trial_that_is_refused_again_costs_one_call(sending: Sending) -> None:
    """A list says nothing about the sender."""
    plan(sending, 30)
    sending.gateway.always = REFUSED
    await sending.turn()
    asked = len(sending.gateway.asked)
    sending.clock.pass_(minutes=5)
    assert await look(sending)
    await sending.turn()
    assert (asked + 1, True) == (len(sending.gateway.asked), is_open(sending))
    sending.clock.pass_(minutes=4)
    assert not await look(sending)


async def test_probes_come_somewhat_earlier_than_said_by_chance_and_never_later(sending: Sending) -> None:
    """So that not every clinic knocks at the same second after an outage of the provider."""
    plan(sending, 1)
    sending.gateway.always, sending.gateway.down = REFUSED, True
    await sending.turn()
    for chance, minutes in ((0.0, 2.5), (1.0, 5.0)):
        sending.clock.pass_(minutes=5)
        now = sending.clock.now()
        assert not await probe(sending.threads, sending.gateway, now=now, random=lambda chance=chance: chance)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        with reading(sending.engine) as session:
            (circuit,) = open_circuits(session)
        assert circuit.probe_at == now + timedelta(minutes=minutes)


async def test_lost_answers_are_probed_sooner_and_a_dead_provider_is_not_tried(sending: Sending) -> None:
    plan(sending, 30)
    sending.gateway.always = created_but_lost
    await sending.turn()
    asked = len(sending.gateway.asked)
    assert is_open(sending)
    sending.gateway.down = True
    probes = 0
    for _ in range(6 * 60):
        sending.clock.pass_(seconds=10)
        with reading(sending.engine) as session:
            due = any(c.probe_at is not None and c.probe_at <= sending.clock.now() for c in open_circuits(session))
        if due:
            probes += 1
            assert not await look(sending)
    assert 12 <= probes <= 20
    assert asked == len(sending.gateway.asked)
    sending.gateway.down, sending.gateway.always = False, None
    sending.clock.pass_(minutes=5)
    assert await look(sending)
    await sending.turn()
    assert not is_open(sending)


async def test_staff_may_close_it(sending: Sending) -> None:
    plan(sending, 3)
    sending.gateway.script.extend([REFUSED] * 3)
    await sending.turn()
    with writing(sending.engine) as session:
        assert 1 == close_circuit(session, at=sending.clock.now(), by="staff")
    sending.clock.pass_(seconds=1)
    await sending.turn()
    assert 3 == len(sending.sent_to)


def reasons(sending: Sending) -> list[str]:
    with reading(sending.engine) as session:
        return [circuit.reason for circuit in open_circuits(session)]


async def test_a_refused_poll_names_the_cause_before_the_gate_closes_and_an_answered_one_ends_it(
    sending: Sending,
) -> None:
    plan(sending, 3)
    sending.gateway.refuses = "Twilio refused our credentials."
    for _ in range(2):
        assert not await sending.inbound()
        assert ["Twilio refused our credentials."] == reasons(sending)
    sending.gateway.refuses = None
    assert await sending.inbound()
    assert [] == reasons(sending)
    await sending.turn()
    assert 3 == len(sending.sent_to)


async def test_a_poll_that_fails_for_anything_else_opens_no_circuit(sending: Sending) -> None:
    sending.gateway.down = True
    assert not await sending.inbound()
    assert [] == reasons(sending)


async def test_a_poll_neither_closes_nor_doubles_nor_puts_off_the_circuit_of_a_refused_text(
    sending: Sending,
) -> None:
    """A list says nothing about the sender."""
    at = sending.clock.now()
    with writing(sending.engine) as session:
        open_circuit(session, reason="Twilio refused our credentials.", code=20003, at=at, by="worker")
    sending.gateway.refuses = "Twilio refused our credentials."
    sending.clock.pass_(minutes=1)
    await sending.inbound()
    with reading(sending.engine) as session:
        assert [at + timedelta(minutes=5)] == [circuit.probe_at for circuit in open_circuits(session)]
    sending.gateway.refuses = None
    assert await sending.inbound()
    assert ["Twilio refused our credentials."] == reasons(sending)
