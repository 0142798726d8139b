"""Twilio misbehaves, and each text's fate is still known: odd answers, a storm, a refusal, a long outage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.states import MessageState
from notifier.sandbox.faults import Fault
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated
from tests.faults.process import became, until
from tests.faults.rest import come_to_rest
from tests.faults.world import World
from tests.setups import faults
from tests.setups.house import House

S = MessageState

ODD = {
    "an error in JSON": faults.server_error(500),
    "an error of a proxy": faults.server_error(502, html=True),
    "a reset": faults.reset_after_read(),
    "a close": faults.close_after_read(),
    "half an answer": faults.truncate(),
    "nothing": faults.empty_201(),
    "a web page": faults.html_201(),
    "a captive portal": faults.captive_portal(),
    "no SID": faults.sid_null(),
    "no message's SID": faults.sid_odd(),
    "ten megabytes": faults.huge(),
    "a redirect": faults.redirect("http://127.0.0.1:9/elsewhere"),
    "a timeout of a proxy": faults.answered(408, b"{}"),
}


@pytest.mark.parametrize("created", [True, False], ids=["created", "not created"])
def test_after_any_odd_answer_the_text_exists_once(sqlite_world: World, created: bool) -> None:
    """What Twilio has is found in its list; what it does not have leaves once more after a quarter of an hour."""
    world = sqlite_world
    texts = {name: world.plan() for name in ODD}
    for name, text in texts.items():
        fault = ODD[name]
        world.faults.to(world.message(text).phone, faults.created_then(fault) if created else fault)
    world.start(NOTIFIER_IN_FLIGHT="50")
    until(lambda: world.creates() == len(ODD), "not all were tried")
    world.until_none(S.ATTEMPTING)
    come_to_rest(world)
    assert dict.fromkeys(ODD, (S.ACCEPTED, 1)) == {
        name: (world.state(text), len(world.ledger_of(text))) for name, text in texts.items()
    }
    assert len(ODD) * (1 if created else 2) == world.creates()


@pytest.mark.slow
@pytest.mark.parametrize("created", [True, False], ids=["created", "not created"])
def test_a_provider_that_never_answers_costs_one_deadline_and_no_second_text(
    sqlite_world: World, created: bool
) -> None:
    world = sqlite_world
    silent, other = world.plan(), world.plan()
    fault: Fault = faults.hang()
    world.faults.to(world.message(silent).phone, faults.created_then(fault) if created else fault)
    world.start()
    world.until_state(other, S.ACCEPTED)
    world.until_state(silent, S.UNKNOWN, S.ACCEPTED)
    come_to_rest(world)
    assert (S.ACCEPTED, 1) == (world.state(silent), len(world.ledger_of(silent)))


def test_a_storm_of_errors_spares_the_texts_behind_it(world: World) -> None:
    """Half of them were created. After five lost answers in a row nobody is asked any more; nothing is doubled."""
    texts = world.plan_many(24)
    bad = faults.server_error(503)
    world.faults.then(*[faults.created_then(bad) if number % 2 else bad for number in range(60)])
    world.start(NOTIFIER_IN_FLIGHT="4")
    until(lambda: world.creates() >= 5 and not world.states().get(S.ATTEMPTING), lambda: str(world.states()))
    assert 24 - (5 + 3) <= world.states()[S.PLANNED]  # the fifth, and what was being asked beside it
    come_to_rest(world)
    assert [1] * 24 == [len(world.ledger_of(text)) for text in texts]


def test_refused_credentials_in_mid_batch_burn_nothing(world: World) -> None:
    texts = world.plan_many(20)
    world.faults.then(*[faults.ok()] * 6)
    world.faults.always(faults.refused(401, 20003))
    world.start(NOTIFIER_IN_FLIGHT="3")
    until(lambda: world.creates() > 6 and not world.states().get(S.ATTEMPTING), lambda: str(world.states()))
    assert {S.ACCEPTED: 6, S.PLANNED: 14} == world.states()
    assert 6 + 3 >= world.creates()
    alerts = [line for worker in world.workers for line in worker.lines if line["event"] == "circuit_opened"]
    assert 1 == len(alerts)
    come_to_rest(world)
    assert [1] * 20 == [len(world.ledger_of(text)) for text in texts]


def test_with_wrong_credentials_nothing_leaves_and_nothing_is_burnt(sqlite_world: World) -> None:
    """Nobody may read what patients wrote: so a STOP may be among it."""
    world = sqlite_world
    text = world.plan()
    worker = world.start(TWILIO_AUTH_TOKEN="f" * 32)
    until(lambda: worker.said("inbound_poll_incomplete"), lambda: str(worker.lines))
    assert (0, S.PLANNED, []) == (world.creates(), world.state(text), world.attempts(text))
    come_to_rest(world)
    assert (S.ACCEPTED, 1) == (world.state(text), len(world.ledger_of(text)))


def test_a_text_that_is_refused_as_its_sender_would_be_holds_up_nobody_for_long(sqlite_world: World) -> None:
    """Twilio refuses it as it refuses a sender that may send nothing: the circuit opens, once."""
    world = sqlite_world
    bad, *others = world.plan_many(6)
    world.faults.to(world.message(bad).phone, *[faults.refused(400, 21606)] * 9)
    world.start(NOTIFIER_IN_FLIGHT="1")
    until(lambda: world.creates() == 1 and world.states() == {S.PLANNED: 6}, lambda: str(world.states()))
    for _ in range(4):
        world.step(minutes=5, seconds=5)
        if became(lambda: world.states() == {S.ACCEPTED: 5, S.FAILED: 1}, within=1.5):
            break
    assert S.FAILED == world.state(bad)
    assert [1] * 5 == [len(world.ledger_of(text)) for text in others]
    assert "Other texts leave." in str(world.message(bad).reason)


def test_asked_to_slow_down_nobody_asks_until_then(sqlite_world: World) -> None:
    world = sqlite_world
    texts = world.plan_many(6)
    world.faults.then(faults.ok(), faults.slow_down(retry_after=2))
    world.start(NOTIFIER_IN_FLIGHT="1")
    world.until_none(S.PLANNED, S.ATTEMPTING)
    before, after = [one.created_at for one in world.sandbox.ledger[:2]]
    assert timedelta(seconds=1.9) <= after - before
    assert [1] * 6 == [len(world.ledger_of(text)) for text in texts]


def test_refusals_of_one_text_are_that_texts_alone(sqlite_world: World) -> None:
    """An opted-out number, a bad one, a country, bad words, and a code that nobody knows; their neighbors leave."""
    world = sqlite_world
    fates = {21610: S.SUPPRESSED, 21211: S.FAILED, 21408: S.FAILED, 21617: S.FAILED, 99999: S.PLANNED}
    texts = {code: world.plan() for code in fates}
    for code, text in texts.items():
        world.faults.to(world.message(text).phone, faults.refused(400, code))
    others = world.plan_many(3)
    world.start()
    until(lambda: world.states().get(S.ACCEPTED) == 3 and world.creates() == 8, lambda: str(world.states()))
    world.until_none(S.ATTEMPTING)
    assert fates == {code: world.state(text) for code, text in texts.items()}
    assert [S.ACCEPTED] * 3 == [world.state(text) for text in others]
    assert 8 == world.creates()


def test_a_redirect_gets_neither_the_text_nor_the_credentials(sqlite_world: World) -> None:
    world = sqlite_world
    text = world.plan()
    world.faults.then(faults.redirect(f"{world.sandbox.url}/elsewhere"))
    world.start()
    world.until_state(text, S.UNKNOWN)
    assert not [one for one in world.sandbox.sandbox.requests if one.path == "/elsewhere"]


def test_while_its_list_fails_nothing_is_concluded_about_what_was_lost(sqlite_world: World) -> None:
    world = sqlite_world
    text = world.plan()
    world.faults.then(faults.server_error())
    world.start()
    world.until_state(text, S.UNKNOWN)
    world.faults.always(faults.server_error(), on="list")
    for _ in range(4):
        world.step(minutes=8)
    assert (S.UNKNOWN, 1) == (world.state(text), world.creates())
    come_to_rest(world)
    assert (S.ACCEPTED, 1) == (world.state(text), len(world.ledger_of(text)))


@pytest.mark.parametrize("lists", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["lists work", "all fails"])
def test_down_for_six_hours_across_the_evening_it_loses_and_doubles_nothing_and_wakes_nobody(
    sqlite_world: World, lists: bool
) -> None:
    """From 16:00 to 22:00. A handful was tried; the rest stays planned, and leaves in the morning or has expired."""
    world = sqlite_world
    world.jump(datetime(2026, 3, 6, 21, 0, tzinfo=UTC))
    now = world.clock.now()
    useful = [world.plan(due=now + timedelta(minutes=10 * number)) for number in range(18)]
    stale = [world.plan(due=now + timedelta(minutes=5), expires_at=now + timedelta(hours=4)) for _ in range(6)]
    world.faults.always(faults.created_then(faults.server_error()))
    if not lists:
        world.faults.always(faults.server_error(), on="list")
    world.start(NOTIFIER_IN_FLIGHT="4")
    for _ in range(12):
        world.step(minutes=30)
    tried = world.creates()
    assert tried <= 5 + 4 + 12
    come_to_rest(world)
    for _ in range(3):
        world.jump(max(world.clock.now(), datetime(2026, 3, 7, 14, 1, tzinfo=UTC)) + timedelta(minutes=1))
        became(lambda: not world.waiting(), within=1.0)
    come_to_rest(world)
    assert {S.ACCEPTED, S.DELIVERED} >= {world.state(text) for text in useful}
    assert {S.ACCEPTED, S.EXPIRED} >= {world.state(text) for text in stale}


async def test_asked_to_slow_down_fifty_times_everybody_is_texted(house: House) -> None:
    """Without Retry-After the pauses grow to a minute, and nobody is asked meanwhile."""
    house.in_flight = 1
    house.start()
    phones = [f"+1212555{number:04d}" for number in range(100, 110)]
    for phone in phones:
        house.plan(house.enroll(phone=phone), phone=phone)
    house.gateway.script.extend([NotCreated(NotCreatedClass.SLOW_DOWN, 20429, "Slow down.")] * 50)
    waits = []
    while len(house.sent_to) < len(phones):
        waits.append((await house.turn()).opens_in)
        house.clock.pass_(seconds=max(waits[-1], 1.0))
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0] == waits[:7]
    assert {60.0} == set(waits[6:50])
    assert phones == sorted(house.sent_to)
