"""A circuit stops everything, is probed without sending, and closes when one real text is accepted."""

from __future__ import annotations

from datetime import timedelta

from notifier.db.engine import reading, writing
from notifier.sending.gates.circuits import open_circuit, open_circuits
from notifier.sending.gates.probe import close_circuit, probe
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated
from tests.setups.fakes import created_but_lost
from tests.setups.house import House

REFUSED = NotCreated(NotCreatedClass.ACCOUNT, 20003, "Refused.")


def is_open(house: House) -> bool:
    with reading(house.engine) as session:
        return bool(open_circuits(session))


async def look(house: House) -> bool:
    house.dispatch.trials = await probe(house.threads, house.gateway, now=house.clock.now())
    return bool(house.dispatch.trials)


def plan(house: House, many: int) -> None:
    for n in range(100, 100 + many):
        house.plan(house.enroll(phone=f"+1212555{n:04d}"), phone=f"+1212555{n:04d}")


async def test_a_refusal_is_probed_after_five_minutes_and_one_text_closes_the_circuit(house: House) -> None:
    plan(house, 30)
    house.gateway.always = REFUSED
    await house.turn()
    asked = len(house.gateway.asked)
    house.clock.pass_(minutes=4, seconds=59)
    assert not await look(house)
    house.clock.pass_(seconds=1)
    house.gateway.always = None
    assert await look(house)
    await house.turn()
    assert (asked + 30, 30, False) == (len(house.gateway.asked), len(house.sent_to), is_open(house))


async def test_a_trial_that_is_refused_again_costs_one_call(house: House) -> None:
    """A list says nothing about the sender."""
    plan(house, 30)
    house.gateway.always = REFUSED
    await house.turn()
    asked = len(house.gateway.asked)
    house.clock.pass_(minutes=5)
    assert await look(house)
    await house.turn()
    assert (asked + 1, True) == (len(house.gateway.asked), is_open(house))
    house.clock.pass_(minutes=4)
    assert not await look(house)


async def test_probes_come_somewhat_earlier_than_said_by_chance_and_never_later(house: House) -> None:
    """So that not every clinic knocks at the same second after an outage of the provider."""
    plan(house, 1)
    house.gateway.always, house.gateway.down = REFUSED, True
    await house.turn()
    for chance, minutes in ((0.0, 2.5), (1.0, 5.0)):
        house.clock.pass_(minutes=5)
        now = house.clock.now()
        assert not await probe(house.threads, house.gateway, now=now, random=lambda chance=chance: chance)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        with reading(house.engine) as session:
            (circuit,) = open_circuits(session)
        assert circuit.probe_at == now + timedelta(minutes=minutes)


async def test_lost_answers_are_probed_sooner_and_a_dead_provider_is_not_tried(house: House) -> None:
    plan(house, 30)
    house.gateway.always = created_but_lost
    await house.turn()
    asked = len(house.gateway.asked)
    assert is_open(house)
    house.gateway.down = True
    probes = 0
    for _ in range(6 * 60):
        house.clock.pass_(seconds=10)
        with reading(house.engine) as session:
            due = any(c.probe_at is not None and c.probe_at <= house.clock.now() for c in open_circuits(session))
        if due:
            probes += 1
            assert not await look(house)
    assert 12 <= probes <= 20
    assert asked == len(house.gateway.asked)
    house.gateway.down, house.gateway.always = False, None
    house.clock.pass_(minutes=5)
    assert await look(house)
    await house.turn()
    assert not is_open(house)


async def test_staff_may_close_it(house: House) -> None:
    plan(house, 3)
    house.gateway.script.extend([REFUSED] * 3)
    await house.turn()
    with writing(house.engine) as session:
        assert 1 == close_circuit(session, at=house.clock.now(), by="staff")
    house.clock.pass_(seconds=1)
    await house.turn()
    assert 3 == len(house.sent_to)


def reasons(house: House) -> list[str]:
    with reading(house.engine) as session:
        return [circuit.reason for circuit in open_circuits(session)]


async def test_a_refused_poll_names_the_cause_before_the_gate_closes_and_an_answered_one_ends_it(house: House) -> None:
    plan(house, 3)
    house.gateway.refuses = "Twilio refused our credentials."
    for _ in range(2):
        assert not await house.inbound()
        assert ["Twilio refused our credentials."] == reasons(house)
    house.gateway.refuses = None
    assert await house.inbound()
    assert [] == reasons(house)
    await house.turn()
    assert 3 == len(house.sent_to)


async def test_a_poll_that_fails_for_anything_else_opens_no_circuit(house: House) -> None:
    house.gateway.down = True
    assert not await house.inbound()
    assert [] == reasons(house)


async def test_a_poll_neither_closes_nor_doubles_nor_puts_off_the_circuit_of_a_refused_text(house: House) -> None:
    """A list says nothing about the sender."""
    at = house.clock.now()
    with writing(house.engine) as session:
        open_circuit(session, reason="Twilio refused our credentials.", code=20003, at=at, by="worker")
    house.gateway.refuses = "Twilio refused our credentials."
    house.clock.pass_(minutes=1)
    await house.inbound()
    with reading(house.engine) as session:
        assert [at + timedelta(minutes=5)] == [circuit.probe_at for circuit in open_circuits(session)]
    house.gateway.refuses = None
    assert await house.inbound()
    assert ["Twilio refused our credentials."] == reasons(house)
