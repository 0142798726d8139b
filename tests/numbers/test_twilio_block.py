"""Who has texted STOP is blocked by Twilio until that phone texts START, whatever was signed at the desk."""

from __future__ import annotations

from notifier.db.engine import reading, writing
from notifier.db.tables import Enrollment
from notifier.domain.instants import zone_called
from notifier.domain.offices import OfficeProfile
from notifier.domain.states import EnrollmentState, MessageState
from notifier.numbers.opt_outs import opt_in, opt_out
from notifier.numbers.release import Released, release
from notifier.oversight.alerts.alert_rules import AlertRules, find_causes
from notifier.oversight.alerts.cadence import Cause
from notifier.oversight.alerts.stored_alerts import gather, take
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated
from schedules.send_window import SendWindow
from schedules.wording import Voice
from tests.setups.sending import OWN, Sending

ANA = "+12125550101"
POOL = "MG" + "b" * 32
BLOCKED = NotCreated(NotCreatedClass.OPTED_OUT, 21610, "Refused.")
SAYS = f"Twilio blocks the patient until the patient texts START to {OWN}"


def alerts(sending: Sending) -> list[str]:
    with reading(sending.engine) as session:
        causes = find_causes(gather(session, sending.clock.now()), AlertRules(zone_called("UTC")), sending.clock.now())
    return [cause.key for cause in causes if cause.key.startswith("blocked-")]


def released(sending: Sending, source: str) -> Released:
    with writing(sending.engine) as session:
        opt_out(session, ANA, source=source, at=sending.clock.now(), by="patient")
        sending.clock.pass_(minutes=1)
        return release(session, ANA, now=sending.clock.now(), by="desk", reconsent="signed a new form")


async def test_who_agrees_again_at_the_desk_is_told_to_text_start(sending: Sending) -> None:
    enrollment = sending.enroll()
    sending.plan(enrollment)
    await sending.turn()
    assert SAYS == released(sending, "keyword").still_blocked
    sending.clock.pass_(minutes=15)
    text = sending.plan(enrollment)
    sending.gateway.always = BLOCKED
    await sending.turn()
    assert (MessageState.SUPPRESSED, f"{SAYS}.") == (sending.state(text), sending.message(text).reason)
    assert [f"blocked-{enrollment}"] == alerts(sending)
    sending.clock.pass_(days=4)
    assert [] == alerts(sending)  # nobody was told of it: a worker that begins now does not bring up what is old
    with writing(sending.engine) as session:
        take(session, [Cause(f"blocked-{enrollment}", "Twilio blocks")], now=sending.clock.now())
    assert [f"blocked-{enrollment}"] == alerts(sending)
    with writing(sending.engine) as session:
        session.get_one(Enrollment, enrollment).state = EnrollmentState.CANCELLED
    assert [] == alerts(sending)
    with writing(sending.engine) as session:
        session.get_one(Enrollment, enrollment).state = EnrollmentState.ACTIVE
    assert [f"blocked-{enrollment}"] == alerts(sending)
    with writing(sending.engine) as session:
        opt_in(session, ANA, at=sending.clock.now(), by="patient")
    assert [] == alerts(sending)


async def test_with_a_messaging_service_the_number_is_the_one_that_the_patient_said_stop_to(sending: Sending) -> None:
    """The service chooses its numbers itself. The newest STOP counts, and nothing but a number can be texted."""
    sending.offices = {"north": OfficeProfile("north", Voice("Glow", "978 555 0100"), "UTC", SendWindow(), sender=POOL)}
    sending.start()
    enrollment = sending.enroll(office="north")
    sending.plan(enrollment)
    await sending.turn()
    says = "Twilio blocks the patient until the patient texts START to"
    assert f"{says} the number that your texts come from" == released(sending, "keyword").still_blocked
    first, last, later = "+19785550111", "+19785550112", "+19785550113"
    for words, to in (("Stop", first), ("Stop", last), ("Stop", f"rcs:{later}"), ("ok", later)):
        sending.gateway.reply(ANA, words, to=to)
        sending.clock.pass_(minutes=1)
    assert await sending.inbound()
    with writing(sending.engine) as session:
        assert (
            f"{says} {last}"
            == release(session, ANA, now=sending.clock.now(), by="desk", reconsent="signed a new form").still_blocked
        )
    sending.clock.pass_(minutes=15)
    text = sending.plan(enrollment)
    sending.gateway.always = BLOCKED
    await sending.turn()
    assert f"{says} {last}." == sending.message(text).reason
    with reading(sending.engine) as session:
        facts = gather(session, sending.clock.now())
    assert [f"{says} {last}"] == [one.why for one in facts.blocked]
    causes = find_causes(facts, AlertRules(zone_called("UTC")), sending.clock.now())
    assert 1 == sum(f"{says} {last}" in one.why for one in causes)


async def test_an_opt_out_that_twilio_never_heard_of_blocks_nothing(sending: Sending) -> None:
    """Said at the desk, or in words that Twilio does not heed."""
    sending.enroll()
    for source in ("staff", "phrase", "number_changed"):
        assert None is released(sending, source).still_blocked


async def test_a_refusal_without_an_agreement_before_it_is_no_alert(sending: Sending) -> None:
    text = sending.plan()
    sending.gateway.always = BLOCKED
    await sending.turn()
    assert ([], "The patient has opted out at Twilio.") == (alerts(sending), sending.message(text).reason)
