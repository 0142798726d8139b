"""The embedded database is locked, full, or written by three at once."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy.orm import Session

from notifier.db.engine import open_engine, writing
from notifier.domain.states import MessageState
from notifier.sending.outcomes.apply_receipt import apply_receipt
from tests.conftest import Rows
from tests.faults.process import WorkerProcess, became, until
from tests.faults.service import Service, nobody_can_write

S = MessageState


@contextmanager
def disk_full_for(service: Service, worker: WorkerProcess) -> Iterator[None]:
    """No file of that process may grow, nor may it write beyond what its log has reached: as on a full disk."""
    assert worker.log.stat().st_size < 16_384
    before = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (16_384, before[1]))
    yield
    if worker.code is None:
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, before)


def test_a_disk_full_before_the_claim_means_that_nothing_leaves_until_there_is_room(
    sqlite_service: Service,
) -> None:
    service = sqlite_service
    worker = service.start()
    service.until_caught_up()
    with disk_full_for(service, worker):
        texts = service.plan_many(3)
        until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
        assert ({S.PLANNED: 3}, 0) == (service.states(), service.creates())
    service.until_none(S.PLANNED, S.ATTEMPTING)
    assert [1] * 3 == [len(service.ledger_of(text)) for text in texts]
    assert worker.code is None, "the same process goes on"


def test_a_disk_full_after_the_call_keeps_the_answer_until_there_is_room(sqlite_service: Service) -> None:
    service = sqlite_service
    service.sandbox.sandbox.keep_back()
    worker = service.start()
    text = service.plan()
    until(lambda: len(service.sandbox.ledger) == 1, "Twilio got nothing")
    with disk_full_for(service, worker):
        service.sandbox.release()
        until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
        assert 1 == len(service.sandbox.ledger)
    service.until_state(text, S.ACCEPTED)
    assert (service.sandbox.ledger[0].sid, 1) == (service.message(text).sid, service.creates())
    assert [None] == [call.last_look_at for call in service.attempts(text)], "it was kept, not looked up"


def test_killed_while_the_disk_is_full_the_text_is_found_in_twilios_list(sqlite_service: Service) -> None:
    service = sqlite_service
    service.sandbox.sandbox.keep_back()
    worker = service.start()
    text = service.plan()
    until(lambda: len(service.sandbox.ledger) == 1, "Twilio got nothing")
    with disk_full_for(service, worker):
        service.sandbox.release()
        until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
        service.kill_all()
    service.start()
    service.until_state(text, S.ACCEPTED)
    assert (1, 1) == (len(service.sandbox.ledger), service.creates())


@pytest.mark.slow
def test_locked_longer_than_anybody_waits_it_says_so_once_and_goes_on(sqlite_service: Service) -> None:
    """Before the claim of one text and after the call of another."""
    service = sqlite_service
    service.sandbox.sandbox.keep_back()
    first, later = service.plan(), service.plan(due=service.clock.now() + timedelta(minutes=5))
    worker = service.start(ready=False)
    until(lambda: len(service.sandbox.ledger) == 1, "Twilio got nothing")
    with nobody_can_write(service):
        service.sandbox.release()
        until(lambda: worker.said("database_trouble"), lambda: str(worker.lines))
        service.pass_(minutes=6)
        assert not became(lambda: service.creates() > 1, within=12.0)
    service.until_state(first, S.ACCEPTED)
    service.until_state(later, S.ACCEPTED)
    assert 1 == [line["event"] for line in worker.lines].count("database_trouble")
    assert 2 == service.creates()


def test_a_desk_and_webhooks_that_write_all_the_time_cost_nobody_an_error_or_an_update(
    sqlite_service: Service,
) -> None:
    """Patients are enrolled and receipts come in while the worker sends."""
    service = sqlite_service
    texts = service.plan_many(60)
    errors: list[BaseException] = []
    worker = service.start(ready=False)
    with at_the_same_time(service, errors, enroll_somebody, report_something, report_something):
        service.until_none(S.PLANNED, S.ATTEMPTING)
    assert ([], False) == (errors, worker.said("database_trouble"))
    assert [1] * 60 == [len(service.ledger_of(text)) for text in texts]


Writer = Callable[[Service, Session, int], object]


@contextmanager
def at_the_same_time(service: Service, errors: list[BaseException], *writers: Writer) -> Iterator[None]:
    """Each of them again and again, in a thread and with connections of its own."""
    done = threading.Event()

    def live(writer: Writer) -> None:
        engine = open_engine(service.url)
        try:
            for number in count():
                if done.is_set():
                    break
                with writing(engine) as session:
                    writer(service, session, number)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test must see it
            errors.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=live, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    yield
    done.set()
    for thread in threads:
        thread.join()


def enroll_somebody(service: Service, session: Session, number: int) -> None:
    Rows(service.clock.now()).enrollment(session, phone=f"+1415{5550000 + number}", folded_name=f"p{number}")


def report_something(service: Service, session: Session, number: int) -> None:
    if ledger := service.sandbox.ledger:
        apply_receipt(
            session, sid=ledger[number % len(ledger)].sid, status="delivered", error_code=None, token=None,
            at=service.clock.now(), source="callback")  # fmt: skip
