"""The worker dies: by SIGKILL, at each place where it matters."""

from __future__ import annotations

import signal

import pytest

from notifier.domain.states import MessageState
from notifier.sandbox.faults import created_then_kill
from tests.faults.process import became, let_run, until
from tests.faults.rest import come_to_rest
from tests.faults.service import Service, nobody_can_write
from tests.setups import faults

S = MessageState


def test_before_the_claim_is_committed_it_leaves_once_after_the_restart(service: Service) -> None:
    text = service.plan(due=service.clock.now().replace(minute=30))
    worker = service.start()
    service.until_caught_up()
    with nobody_can_write(service):
        service.pass_(minutes=31)
        assert not became(lambda: service.creates() > 0, within=0.8)
        assert -signal.SIGKILL == worker.end(signal.SIGKILL)
    assert (S.PLANNED, []) == (service.state(text), service.attempts(text))
    service.start()
    service.until_state(text, S.ACCEPTED)
    assert 1 == len(service.ledger_of(text))


def test_after_the_claim_and_before_the_call_it_is_looked_up_and_leaves_once(service: Service) -> None:
    """Of three that are claimed, two calls hang and one has not begun."""
    texts = service.plan_many(3)
    service.faults.always(faults.hang())
    worker = service.start(NOTIFIER_IN_FLIGHT="2")
    until(lambda: service.states().get(S.ATTEMPTING) == 3 and service.creates() == 2, lambda: str(service.states()))
    worker.end(signal.SIGKILL)
    service.faults.always(None)
    service.pass_(seconds=61)
    service.start()
    service.until_none(S.ATTEMPTING, S.PLANNED)
    assert ([], {S.UNKNOWN: 3}) == (service.sandbox.ledger, service.states())
    come_to_rest(service)
    assert [1, 1, 1] == [len(service.ledger_of(one)) for one in texts]


def test_with_review_what_was_not_created_waits_for_a_person(sqlite_service: Service) -> None:
    service = sqlite_service
    text = service.plan()
    service.settings["NOTIFIER_ON_UNKNOWN"] = "review"
    service.faults.then(faults.hang())
    worker = service.start()
    until(lambda: service.creates() == 1, "no call")
    worker.end(signal.SIGKILL)
    come_to_rest(service)
    assert (S.NEEDS_REVIEW, []) == (service.state(text), service.sandbox.ledger)
    assert "do not have it; say whether to send it" in str(service.message(text).reason)


def test_between_twilios_answer_and_our_commit_it_is_found_in_twilios_list(service: Service) -> None:
    """Stopped while the text is created and the whole answer is in its socket; then killed."""
    worker = service.start(ready=False)
    service.faults.then(created_then_kill(worker.pid))
    text = service.plan()
    until(lambda: worker.code is not None, "it was not killed")
    assert (S.ATTEMPTING, 1) == (service.state(text), len(service.sandbox.ledger))
    come_to_rest(service)
    assert (S.ACCEPTED, service.sandbox.ledger[0].sid) == (service.state(text), service.message(text).sid)
    assert 1 == service.creates()


def test_while_it_cannot_write_down_the_answer_the_text_is_found_in_twilios_list(service: Service) -> None:
    text = service.plan()
    service.sandbox.sandbox.keep_back()
    worker = service.start(ready=False)
    until(lambda: len(service.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(service):
        service.sandbox.release()
        let_run(0.5)
        worker.end(signal.SIGKILL)
    assert S.ATTEMPTING == service.state(text)
    come_to_rest(service)
    assert (S.ACCEPTED, 1, 1) == (service.state(text), len(service.ledger_of(text)), service.creates())


def test_after_the_answer_is_written_down_nothing_is_left_to_do(sqlite_service: Service) -> None:
    service = sqlite_service
    text = service.plan()
    worker = service.start(ready=False)
    service.until_state(text, S.ACCEPTED)
    worker.end(signal.SIGKILL)
    service.start()
    service.pass_(minutes=20)
    until(lambda: service.creates() == 1 and not service.waiting(), "")
    assert 1 == len(service.attempts(text))


@pytest.mark.slow
def test_five_deaths_in_a_row_between_answer_and_commit_cost_nobody_a_second_text(sqlite_service: Service) -> None:
    texts = []
    for _ in range(5):
        worker = sqlite_service.start(ready=False)
        sqlite_service.faults.then(created_then_kill(worker.pid))
        texts.append(sqlite_service.plan())
        until(lambda: worker.code is not None, "it was not killed")  # noqa: B023  # called at once
    come_to_rest(sqlite_service)
    assert [1] * 5 == [len(sqlite_service.ledger_of(one)) for one in texts]
    assert 5 == sqlite_service.creates()
