"""The worker is told to stop, at the worst moment, and more often than once."""

from __future__ import annotations

import signal

import pytest

from notifier.domain.states import MessageState
from tests.faults.process import became, let_run, until
from tests.faults.rest import come_to_rest
from tests.faults.service import Service, nobody_can_write
from tests.setups import faults

S = MessageState


def test_told_to_stop_while_its_commit_waits_it_writes_down_the_answer_and_ends_well(service: Service) -> None:
    text = service.plan()
    service.sandbox.sandbox.keep_back()
    worker = service.start(ready=False)
    until(lambda: len(service.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(service):
        service.sandbox.release()
        worker.send(signal.SIGTERM)
        assert not became(lambda: worker.code is not None, within=1.0)
    assert 0 == worker.end()
    assert (S.ACCEPTED, service.sandbox.ledger[0].sid) == (service.state(text), service.message(text).sid)


def test_told_to_stop_while_its_claim_waits_it_leaves_the_text_planned(service: Service) -> None:
    text = service.plan(due=service.clock.now().replace(minute=30))
    worker = service.start()
    service.until_caught_up()
    with nobody_can_write(service):
        service.pass_(minutes=31)
        assert not became(lambda: service.creates() > 0, within=0.8)
        worker.send(signal.SIGTERM)
    assert 0 == worker.end()
    left = service.creates()
    assert (S.PLANNED if left == 0 else S.ACCEPTED) == service.state(text)


def test_a_storm_of_signals_is_one_wish_to_stop(service: Service) -> None:
    texts = service.plan_many(10)
    service.sandbox.sandbox.keep_back()
    worker = service.start()
    until(lambda: service.creates() > 0, "no call")
    for number in range(20):
        worker.send(signal.SIGTERM if number % 2 else signal.SIGINT)
        let_run(0.02)
    service.sandbox.release()
    assert 0 == worker.end()
    assert not [line for line in worker.lines if "Traceback" in str(line) or "exception" in line]
    assert not {S.ATTEMPTING, S.UNKNOWN} & {service.state(text) for text in texts}


@pytest.mark.slow
def test_told_to_stop_while_the_provider_hangs_it_ends_by_itself_and_knows_that_it_does_not_know(
    sqlite_service: Service,
) -> None:
    text = sqlite_service.plan()
    sqlite_service.faults.then(faults.created_then(faults.hang()))
    worker = sqlite_service.start()
    until(lambda: sqlite_service.creates() == 1, "no call")
    assert 0 == worker.end()
    assert S.UNKNOWN == sqlite_service.state(text)
    come_to_rest(sqlite_service)
    assert (S.ACCEPTED, 1) == (sqlite_service.state(text), sqlite_service.creates())


@pytest.mark.slow
def test_told_to_stop_while_the_database_never_comes_back_it_ends_by_itself_and_the_text_is_found(
    sqlite_service: Service,
) -> None:
    text = sqlite_service.plan()
    sqlite_service.sandbox.sandbox.keep_back()
    worker = sqlite_service.start(ready=False)
    until(lambda: len(sqlite_service.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(sqlite_service):
        sqlite_service.sandbox.release()
        assert 0 == worker.end()
    assert S.ATTEMPTING == sqlite_service.state(text)
    come_to_rest(sqlite_service)
    assert (S.ACCEPTED, 1) == (sqlite_service.state(text), sqlite_service.creates())
