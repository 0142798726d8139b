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
from tests.faults.service import Service
from tests.setups import faults
from tests.setups.sending import Sending

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
def test_after_any_odd_answer_the_text_exists_once(sqlite_service: Service, created: bool) -> None:
    """What Twilio has is found in its list; what it does not have leaves once more after a quarter of an hour."""
    service = sqlite_service
    texts = {name: service.plan() for name in ODD}
    for name, text in texts.items():
        fault = ODD[name]
        service.faults.to(service.message(text).phone, faults.created_then(fault) if created else fault)
    service.start(NOTIFIER_IN_FLIGHT="50")
    until(lambda: service.creates() == len(ODD), "not all were tried")
    service.until_none(S.ATTEMPTING)
    come_to_rest(service)
    assert dict.fromkeys(ODD, (S.ACCEPTED, 1)) == {
        name: (service.state(text), len(service.ledger_of(text))) for name, text in texts.items()
    }
    assert len(ODD) * (1 if created else 2) == service.creates()


@pytest.mark.slow
@pytest.mark.parametrize("created", [True, False], ids=["created", "not created"])
def test_a_provider_that_never_answers_costs_one_deadline_and_no_second_text(
    sqlite_service: Service, created: bool
) -> None:
    service = sqlite_service
    silent, other = service.plan(), service.plan()
    fault: Fault = faults.hang()
    service.faults.to(service.message(silent).phone, faults.created_then(fault) if created else fault)
    service.start()
    service.until_state(other, S.ACCEPTED)
    service.until_state(silent, S.UNKNOWN, S.ACCEPTED)
    come_to_rest(service)
    assert (S.ACCEPTED, 1) == (service.state(silent), len(service.ledger_of(silent)))


def test_a_storm_of_errors_spares_the_texts_behind_it(service: Service) -> None:
    """Half of them were created. After five lost answers in a row nobody is asked any more; nothing is doubled."""
    texts = service.plan_many(24)
    bad = faults.server_error(503)
    service.faults.then(*[faults.created_then(bad) if number % 2 else bad for number in range(60)])
    service.start(NOTIFIER_IN_FLIGHT="4")
    until(lambda: service.creates() >= 5 and not service.states().get(S.ATTEMPTING), lambda: str(service.states()))
    assert 24 - (5 + 3) <= service.states()[S.PLANNED]  # the fifth, and what was being asked beside it
    come_to_rest(service)
    assert [1] * 24 == [len(service.ledger_of(text)) for text in texts]


def alerts(service: Service) -> list[object]:
    return [line for worker in service.workers for line in worker.lines if line["event"] == "circuit_opened"]


def test_refused_credentials_in_mid_batch_burn_nothing(service: Service) -> None:
    texts = service.plan_many(20)
    service.faults.then(*[faults.ok()] * 6)
    service.faults.always(faults.refused(401, 20003))
    service.start(NOTIFIER_IN_FLIGHT="3")
    until(lambda: service.creates() > 6 and not service.states().get(S.ATTEMPTING), lambda: str(service.states()))
    assert {S.ACCEPTED: 6, S.PLANNED: 14} == service.states()
    assert 6 + 3 >= service.creates()
    until(lambda: bool(alerts(service)), "nobody was told")
    come_to_rest(service)
    assert 1 == len(alerts(service))
    assert [1] * 20 == [len(service.ledger_of(text)) for text in texts]


def test_with_wrong_credentials_nothing_leaves_and_nothing_is_burnt(sqlite_service: Service) -> None:
    """Nobody may read what patients wrote: so a STOP may be among it."""
    service = sqlite_service
    text = service.plan()
    worker = service.start(TWILIO_AUTH_TOKEN="f" * 32)
    until(lambda: worker.said("inbound_poll_incomplete"), lambda: str(worker.lines))
    assert (0, S.PLANNED, []) == (service.creates(), service.state(text), service.attempts(text))
    come_to_rest(service)
    assert (S.ACCEPTED, 1) == (service.state(text), len(service.ledger_of(text)))


def test_a_text_that_is_refused_as_its_sender_would_be_holds_up_nobody_for_long(sqlite_service: Service) -> None:
    """Twilio refuses it as it refuses a sender that may send nothing: the circuit opens, once."""
    service = sqlite_service
    bad, *others = service.plan_many(6)
    service.faults.to(service.message(bad).phone, *[faults.refused(400, 21606)] * 9)
    service.start(NOTIFIER_IN_FLIGHT="1")
    until(lambda: service.creates() == 1 and service.states() == {S.PLANNED: 6}, lambda: str(service.states()))
    for _ in range(4):
        service.step(minutes=5, seconds=5)
        if became(lambda: service.states() == {S.ACCEPTED: 5, S.FAILED: 1}, within=1.5):
            break
    assert S.FAILED == service.state(bad)
    assert [1] * 5 == [len(service.ledger_of(text)) for text in others]
    assert "Other texts leave." in str(service.message(bad).reason)


def test_asked_to_slow_down_nobody_asks_until_then(sqlite_service: Service) -> None:
    service = sqlite_service
    texts = service.plan_many(6)
    service.faults.then(faults.ok(), faults.slow_down(retry_after=2))
    service.start(NOTIFIER_IN_FLIGHT="1")
    service.until_none(S.PLANNED, S.ATTEMPTING)
    before, after = [one.created_at for one in service.sandbox.ledger[:2]]
    assert timedelta(seconds=1.9) <= after - before
    assert [1] * 6 == [len(service.ledger_of(text)) for text in texts]


def test_refusals_of_one_text_are_that_texts_alone(sqlite_service: Service) -> None:
    """An opted-out number, a bad one, a country, bad words, and a code that nobody knows; their neighbors leave."""
    service = sqlite_service
    fates = {21610: S.SUPPRESSED, 21211: S.FAILED, 21408: S.FAILED, 21617: S.FAILED, 99999: S.PLANNED}
    texts = {code: service.plan() for code in fates}
    for code, text in texts.items():
        service.faults.to(service.message(text).phone, faults.refused(400, code))
    others = service.plan_many(3)
    service.start()
    until(lambda: service.states().get(S.ACCEPTED) == 3 and service.creates() == 8, lambda: str(service.states()))
    service.until_none(S.ATTEMPTING)
    assert fates == {code: service.state(text) for code, text in texts.items()}
    assert [S.ACCEPTED] * 3 == [service.state(text) for text in others]
    assert 8 == service.creates()


def test_a_redirect_gets_neither_the_text_nor_the_credentials(sqlite_service: Service) -> None:
    service = sqlite_service
    text = service.plan()
    service.faults.then(faults.redirect(f"{service.sandbox.url}/elsewhere"))
    service.start()
    service.until_state(text, S.UNKNOWN)
    assert not [one for one in service.sandbox.sandbox.requests if one.path == "/elsewhere"]


def test_while_its_list_fails_nothing_is_concluded_about_what_was_lost(sqlite_service: Service) -> None:
    service = sqlite_service
    text = service.plan()
    service.faults.then(faults.server_error())
    service.start()
    service.until_state(text, S.UNKNOWN)
    service.faults.always(faults.server_error(), on="list")
    for _ in range(4):
        service.step(minutes=8)
    assert (S.UNKNOWN, 1) == (service.state(text), service.creates())
    come_to_rest(service)
    assert (S.ACCEPTED, 1) == (service.state(text), len(service.ledger_of(text)))


@pytest.mark.parametrize("lists", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["lists work", "all fails"])
def test_down_for_six_hours_across_the_evening_it_loses_and_doubles_nothing_and_wakes_nobody(
    sqlite_service: Service, lists: bool
) -> None:
    """From 16:00 to 22:00. A handful was tried; the rest stays planned, and leaves in the morning or has expired."""
    service = sqlite_service
    service.jump(datetime(2026, 3, 6, 21, 0, tzinfo=UTC))
    now = service.clock.now()
    useful = [service.plan(due=now + timedelta(minutes=10 * number)) for number in range(18)]
    stale = [service.plan(due=now + timedelta(minutes=5), expires_at=now + timedelta(hours=4)) for _ in range(6)]
    service.faults.always(faults.created_then(faults.server_error()))
    if not lists:
        service.faults.always(faults.server_error(), on="list")
    service.start(NOTIFIER_IN_FLIGHT="4")
    for _ in range(12):
        service.step(minutes=30)
    tried = service.creates()
    assert tried <= 5 + 4 + 12
    come_to_rest(service)
    for _ in range(3):
        service.jump(max(service.clock.now(), datetime(2026, 3, 7, 14, 1, tzinfo=UTC)) + timedelta(minutes=1))
        became(lambda: not service.waiting(), within=1.0)
    come_to_rest(service)
    assert {S.ACCEPTED, S.DELIVERED} >= {service.state(text) for text in useful}
    assert {S.ACCEPTED, S.EXPIRED} >= {service.state(text) for text in stale}


async def test_asked_to_slow_down_fifty_times_everybody_is_texted(sending: Sending) -> None:
    """Without Retry-After the pauses grow to a minute, and nobody is asked meanwhile."""
    sending.in_flight = 1
    sending.start()
    phones = [f"+1212555{number:04d}" for number in range(100, 110)]
    for phone in phones:
        sending.plan(sending.enroll(phone=phone), phone=phone)
    sending.gateway.script.extend([NotCreated(NotCreatedClass.SLOW_DOWN, 20429, "Slow down.")] * 50)
    waits = []
    while len(sending.sent_to) < len(phones):
        waits.append((await sending.turn()).opens_in)
        sending.clock.pass_(seconds=max(waits[-1], 1.0))
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0] == waits[:7]
    assert {60.0} == set(waits[6:50])
    assert phones == sorted(sending.sent_to)
