"""The worker dies: by SIGKILL, at each place where it matters."""

from __future__ import annotations

import signal

import pytest

from notifier.domain.states import MessageState
from notifier.sandbox.faults import created_then_kill
from tests.faults.process import became, let_run, until
from tests.faults.rest import come_to_rest
from tests.faults.world import World, nobody_can_write
from tests.setups import faults

S = MessageState


def test_before_the_claim_is_committed_it_leaves_once_after_the_restart(world: World) -> None:
    text = world.plan(due=world.clock.now().replace(minute=30))
    worker = world.start()
    world.until_caught_up()
    with nobody_can_write(world):
        world.pass_(minutes=31)
        assert not became(lambda: world.creates() > 0, within=0.8)
        assert -signal.SIGKILL == worker.end(signal.SIGKILL)
    assert (S.PLANNED, []) == (world.state(text), world.attempts(text))
    world.start()
    world.until_state(text, S.ACCEPTED)
    assert 1 == len(world.ledger_of(text))


def test_after_the_claim_and_before_the_call_it_is_looked_up_and_leaves_once(world: World) -> None:
    """Of three that are claimed, two calls hang and one has not begun."""
    texts = world.plan_many(3)
    world.faults.always(faults.hang())
    worker = world.start(NOTIFIER_IN_FLIGHT="2")
    until(lambda: world.states().get(S.ATTEMPTING) == 3 and world.creates() == 2, lambda: str(world.states()))
    worker.end(signal.SIGKILL)
    world.faults.always(None)
    world.pass_(seconds=61)
    world.start()
    world.until_none(S.ATTEMPTING, S.PLANNED)
    assert ([], {S.UNKNOWN: 3}) == (world.sandbox.ledger, world.states())
    come_to_rest(world)
    assert [1, 1, 1] == [len(world.ledger_of(one)) for one in texts]


def test_with_review_what_was_not_created_waits_for_a_person(sqlite_world: World) -> None:
    world = sqlite_world
    text = world.plan()
    world.settings["NOTIFIER_ON_UNKNOWN"] = "review"
    world.faults.then(faults.hang())
    worker = world.start()
    until(lambda: world.creates() == 1, "no call")
    worker.end(signal.SIGKILL)
    come_to_rest(world)
    assert (S.NEEDS_REVIEW, []) == (world.state(text), world.sandbox.ledger)
    assert "do not have it; say whether to send it" in str(world.message(text).reason)


def test_between_twilios_answer_and_our_commit_it_is_found_in_twilios_list(world: World) -> None:
    """Stopped while the text is created and the whole answer is in its socket; then killed."""
    worker = world.start(ready=False)
    world.faults.then(created_then_kill(worker.pid))
    text = world.plan()
    until(lambda: worker.code is not None, "it was not killed")
    assert (S.ATTEMPTING, 1) == (world.state(text), len(world.sandbox.ledger))
    come_to_rest(world)
    assert (S.ACCEPTED, world.sandbox.ledger[0].sid) == (world.state(text), world.message(text).sid)
    assert 1 == world.creates()


def test_while_it_cannot_write_down_the_answer_the_text_is_found_in_twilios_list(world: World) -> None:
    text = world.plan()
    world.sandbox.sandbox.keep_back()
    worker = world.start(ready=False)
    until(lambda: len(world.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(world):
        world.sandbox.release()
        let_run(0.5)
        worker.end(signal.SIGKILL)
    assert S.ATTEMPTING == world.state(text)
    come_to_rest(world)
    assert (S.ACCEPTED, 1, 1) == (world.state(text), len(world.ledger_of(text)), world.creates())


def test_after_the_answer_is_written_down_nothing_is_left_to_do(sqlite_world: World) -> None:
    world = sqlite_world
    text = world.plan()
    worker = world.start(ready=False)
    world.until_state(text, S.ACCEPTED)
    worker.end(signal.SIGKILL)
    world.start()
    world.pass_(minutes=20)
    until(lambda: world.creates() == 1 and not world.waiting(), "")
    assert 1 == len(world.attempts(text))


@pytest.mark.slow
def test_five_deaths_in_a_row_between_answer_and_commit_cost_nobody_a_second_text(sqlite_world: World) -> None:
    texts = []
    for _ in range(5):
        worker = sqlite_world.start(ready=False)
        sqlite_world.faults.then(created_then_kill(worker.pid))
        texts.append(sqlite_world.plan())
        until(lambda: worker.code is not None, "it was not killed")  # noqa: B023  # called at once
    come_to_rest(sqlite_world)
    assert [1] * 5 == [len(sqlite_world.ledger_of(one)) for one in texts]
    assert 5 == sqlite_world.creates()
