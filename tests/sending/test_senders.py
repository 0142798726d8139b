"""One pause and one circuit for each sender; only what is wrong with the account stops all."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from notifier.db.engine import reading
from notifier.domain.offices import OfficeProfile
from notifier.domain.states import MessageState
from notifier.sending.gates.circuits import open_circuits, what_stops
from notifier.sending.gates.probe import probe
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.codes import class_of_refusal, in_words
from notifier.sms.gateway import Accepted, NotCreated, Outcome, OutgoingText
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.setups.fakes import FakeGateway
from tests.setups.sending import OWN, Sending

S = MessageState
NORTH, SERVICE = "+19785550111", "MG" + "b" * 32
PUERTO_RICO = "+17874205500"
OFFICES = {
    name: OfficeProfile(name, Voice("Glow", "978 555 0100"), "America/New_York", SendWindow(), sender=sender)
    for name, sender in (("north", NORTH), ("south", SERVICE), ("east", SERVICE))
}


@pytest.fixture
def offices(sending: Sending) -> Sending:
    """The clinic itself sends through its own number, the south and the east share a messaging service."""
    sending.offices = OFFICES
    sending.start()
    return sending


def refused(code: int, *, asked: float | None = None) -> NotCreated:
    why = class_of_refusal(429 if code == 20429 else 400, code)
    return NotCreated(why, code, in_words(code), asked)


def plan(sending: Sending, office: str | None, number: int, **values: object) -> int:
    phone = str(values.pop("phone", f"+1212555{number:04}"))
    return sending.plan(sending.enroll(office=office, phone=phone), phone=phone, **values)


def answer_to(sender: str | None, answer: NotCreated, sending: Sending) -> None:
    """What whoever sends through this sender hears, and nobody else."""

    def says(gateway: FakeGateway, text: OutgoingText) -> Outcome:
        return answer if text.sender == sender else _accept(gateway, text)

    sending.gateway.always = says


def _accept(gateway: FakeGateway, text: OutgoingText) -> Outcome:
    return Accepted(gateway.create(text), "queued")


def stops(sending: Sending) -> list[str]:
    with reading(sending.engine) as session:
        return [what_stops(circuit) for circuit in open_circuits(session)]


async def test_a_refused_sender_stops_its_own_offices_alone_and_is_tried_with_one_of_their_texts(
    offices: Sending,
) -> None:
    answer_to(SERVICE, refused(21606), offices)
    first = plan(offices, "south", 1)
    await offices.turn()
    why = "The sender's number cannot text from this account."
    assert [f"nothing is sent through the sender ending in bbbb: {why}"] == stops(offices)
    others = [plan(offices, office, 10 + number) for number, office in enumerate(("east", "north", None))]
    await offices.turn()
    assert [S.PLANNED, S.PLANNED, S.ACCEPTED, S.ACCEPTED] == [offices.state(one) for one in (first, *others)]
    offices.gateway.always = None
    offices.clock.pass_(minutes=5)
    offices.dispatch.trials += await probe(offices.threads, offices.gateway, now=offices.clock.now())
    await offices.turn()
    await offices.turn()
    assert ([], {S.ACCEPTED}) == (stops(offices), {offices.state(one) for one in (first, *others)})


async def test_the_log_says_whose_circuit_has_opened(offices: Sending, subtests: pytest.Subtests) -> None:
    whose = (
        ("south", SERVICE, 21606, "the sender ending in bbbb"),
        (None, None, 21606, f"the sender ending in {OWN[-4:]}"),
        ("north", NORTH, 20003, "everything"),
    )
    for number, (office, sender, code, stopped) in enumerate(whose):
        with subtests.test(office=office):
            answer_to(sender, refused(code), offices)
            plan(offices, office, number)
            with capture_logs() as logs:
                await offices.turn()
            assert [stopped] == [line["stops"] for line in logs if line["event"] == "circuit_opened"]


async def test_the_log_names_each_of_the_circuits_that_open_in_one_moment_and_none_that_is_open_already(
    offices: Sending,
) -> None:
    offices.gateway.always = lambda _gateway, text: refused(21606 if text.sender == NORTH else 30034)
    for number, office in enumerate(("north", "south")):
        plan(offices, office, number)
    with capture_logs() as logs:
        await offices.turn()
        offices.clock.pass_(minutes=5)
        offices.dispatch.trials += await probe(offices.threads, offices.gateway, now=offices.clock.now())
        plan(offices, None, 3)
        await offices.turn()  # the clinic's own is refused in the same breath as a trial of one of the others
    opened = [line["stops"][-4:] for line in logs if line["event"] == "circuit_opened"]
    assert [NORTH[-4:], SERVICE[-4:], OWN[-4:]] == [*sorted(opened[:2]), *opened[2:]]


async def test_a_refused_account_stops_all(offices: Sending) -> None:
    answer_to(NORTH, refused(20003), offices)
    plan(offices, "north", 1)
    await offices.turn()
    other = plan(offices, None, 2)
    assert "circuit" == (await offices.turn()).closed
    assert (S.PLANNED, ["nothing is sent: Twilio refused our credentials."]) == (offices.state(other), stops(offices))


async def test_a_sender_that_is_refused_again_and_again_burns_none_of_its_texts_though_those_of_others_leave(
    offices: Sending,
) -> None:
    answer_to(NORTH, refused(21606), offices)
    texts = [plan(offices, "north", number) for number in (1, 2)]
    for number in range(10, 16):
        plan(offices, None, number)
        await offices.turn()
        offices.clock.pass_(minutes=6)
        offices.dispatch.trials += await probe(offices.threads, offices.gateway, now=offices.clock.now())
    assert 4 < len([text for text in offices.gateway.asked if text.sender == NORTH])
    assert {S.PLANNED} == {offices.state(one) for one in texts}


async def test_a_trial_of_a_sender_that_has_nothing_due_holds_up_nobody(offices: Sending) -> None:
    answer_to(NORTH, refused(30034), offices)
    plan(offices, "north", 1, expires_at=offices.clock.now() + timedelta(minutes=2))
    await offices.turn()
    offices.clock.pass_(minutes=10)
    offices.dispatch.trials += await probe(offices.threads, offices.gateway, now=offices.clock.now())
    others = [plan(offices, None, number) for number in range(2, 6)]
    await offices.turn()
    assert {S.ACCEPTED} == {offices.state(one) for one in others}


async def test_a_wish_to_wait_is_kept_by_its_own_sender_alone_and_stands_in_the_log(offices: Sending) -> None:
    answer_to(NORTH, refused(20429, asked=300.0), offices)
    asked = plan(offices, "north", 1)
    with capture_logs() as logs:
        await offices.turn()
        answers, offices.gateway.always = offices.gateway.always, None
        offices.gateway.script.append(refused(20429, asked=2.0))
        plan(offices, None, 4)
        await offices.turn()
    waits = [(line["seconds"], line["ending"]) for line in logs if line["event"] == "sender_waits"]
    assert [(300, NORTH[-4:]), (2, OWN[-4:])] == waits
    offices.gateway.always = answers
    offices.clock.pass_(seconds=3)
    assert "Twilio asks us to send more slowly. Twilio asked us to wait 300 s." == offices.message(asked).reason
    kept, other = plan(offices, "north", 2), plan(offices, None, 3)
    assert 0 == (await offices.turn()).opens_in
    assert [S.PLANNED, S.ACCEPTED] == [offices.state(one) for one in (kept, other)]
    offices.gateway.always = None
    offices.clock.pass_(seconds=301)
    await offices.turn()
    assert [S.ACCEPTED, S.ACCEPTED] == [offices.state(one) for one in (asked, kept)]


async def test_a_country_that_is_not_allowed_fails_that_text_alone_and_says_what_to_do(sending: Sending) -> None:
    island, other = plan(sending, None, 1, phone=PUERTO_RICO), plan(sending, None, 2)
    later = sending.plan(sending.enroll(phone=PUERTO_RICO, folded_name="eva"), phone=PUERTO_RICO, kind="lift")
    answer = refused(21408)
    sending.gateway.always = lambda gateway, text: answer if text.to == PUERTO_RICO else _accept(gateway, text)
    await sending.turn()
    says = "Allow texts to Puerto Rico in Twilio's geo permissions."
    assert (S.FAILED, says) == (sending.state(island), sending.message(island).reason)
    assert (S.ACCEPTED, []) == (sending.state(other), stops(sending))
    sending.clock.pass_(minutes=15)
    await sending.turn()
    assert S.FAILED is sending.state(later)  # tried by itself, and not cancelled with the first


async def test_an_unknown_refusal_waits_longer_each_time_and_its_cause_outlives_the_text(
    sending: Sending,
) -> None:
    text = plan(sending, None, 1, expires_at=sending.clock.now() + timedelta(hours=2))
    sending.gateway.always = refused(99999)
    tried = []
    minutes = [0, 4, 5, 14, 15, 34, 35, 74, 75, 134, 135]
    for minute, then in pairwise([*minutes, 136]):
        await sending.turn()
        tried.append(len(sending.gateway.asked))
        sending.clock.pass_(minutes=then - minute)
    assert [0, 5, 15, 35, 75] == [minutes[tried.index(times)] for times in range(1, 6)]
    await sending.turn()
    message = sending.message(text)
    assert S.EXPIRED is message.state
    assert "https://www.twilio.com/docs/api/errors/99999" in str(message.reason)
    assert 0 == message.attempts


async def test_the_same_unknown_refusal_for_three_numbers_in_a_row_is_the_senders(offices: Sending) -> None:
    answer_to(NORTH, refused(99999), offices)
    offices.in_flight = 1
    offices.start()
    texts = [plan(offices, "north", number) for number in range(20)]
    other = plan(offices, None, 50)
    await offices.turn()
    assert 3 == len([text for text in offices.gateway.asked if text.sender == NORTH])
    assert ({S.PLANNED}, S.ACCEPTED) == ({offices.state(one) for one in texts}, offices.state(other))
    assert ["nothing is sent through the sender ending in 0111"] == [one.partition(":")[0] for one in stops(offices)]


async def test_what_expires_behind_a_circuit_keeps_its_cause_and_through_another_sender_has_none(
    offices: Sending,
) -> None:
    sending = offices
    answer_to(NORTH, refused(21606), sending)
    plan(sending, "north", 1)
    await sending.turn()
    elsewhere = plan(sending, "south", 2, expires_at=sending.clock.now() + timedelta(minutes=3))
    behind = plan(sending, "north", 3, expires_at=sending.clock.now() + timedelta(minutes=3))
    sending.clock.pass_(minutes=5)
    sending.dispatch.trials += await probe(sending.threads, sending.gateway, now=sending.clock.now())
    sending.gateway.always = None
    await sending.turn()
    await sending.turn()
    for text, is_named in ((behind, True), (elsewhere, False)):
        message = sending.message(text)
        assert (S.EXPIRED, is_named) == (message.state, "cannot text from this account" in str(message.reason))


def test_every_class_of_refusal_is_used_by_some_code() -> None:
    codes = (20429, 21610, 21211, 21408, 21617, 21606, 20003, 99999)
    assert set(NotCreatedClass) - {NotCreatedClass.NETWORK} == {class_of_refusal(400, code) for code in codes}
