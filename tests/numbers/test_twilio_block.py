"""Who has texted STOP is blocked by Twilio until that phone texts START, whatever was signed at the desk."""

from __future__ import annotations

from notifier.db.engine import reading, writing
from notifier.domain.instants import zone_called
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_in, opt_out
from notifier.numbers.release import Released, release
from notifier.oversight.alert_rules import AlertRules, find_causes
from notifier.oversight.stored_alerts import gather
from notifier.sms.code_classes import NotCreatedClass
from notifier.sms.gateway import NotCreated
from tests.setups.house import OWN, House

ANA = "+12125550101"
BLOCKED = NotCreated(NotCreatedClass.OPTED_OUT, 21610, "Refused.")
SAYS = f"Twilio blocks the patient until the patient texts START to {OWN}"


def alerts(house: House) -> list[str]:
    with reading(house.engine) as session:
        causes = find_causes(gather(session, house.clock.now()), AlertRules(zone_called("UTC")), house.clock.now())
    return [cause.key for cause in causes if cause.key.startswith("blocked-")]


def released(house: House, source: str) -> Released:
    with writing(house.engine) as session:
        opt_out(session, ANA, source=source, at=house.clock.now(), by="patient")
        house.clock.pass_(minutes=1)
        return release(session, ANA, now=house.clock.now(), by="desk", reconsent="signed a new form")


async def test_who_agrees_again_at_the_desk_is_told_to_text_start(house: House) -> None:
    enrollment = house.enroll()
    house.plan(enrollment)
    await house.turn()
    assert SAYS == released(house, "keyword").still_blocked
    text = house.plan(enrollment)
    house.gateway.always = BLOCKED
    await house.turn()
    assert (MessageState.SUPPRESSED, f"{SAYS}.") == (house.state(text), house.message(text).reason)
    assert [f"blocked-{enrollment}"] == alerts(house)
    with writing(house.engine) as session:
        opt_in(session, ANA, at=house.clock.now(), by="patient")
    assert [] == alerts(house)


async def test_an_opt_out_that_twilio_never_heard_of_blocks_nothing(house: House) -> None:
    """Said at the desk, or in words that Twilio does not heed."""
    house.enroll()
    for source in ("staff", "phrase", "number_changed"):
        assert None is released(house, source).still_blocked


async def test_a_refusal_without_an_agreement_before_it_is_no_alert(house: House) -> None:
    text = house.plan()
    house.gateway.always = BLOCKED
    await house.turn()
    assert ([], "The patient has opted out at Twilio.") == (alerts(house), house.message(text).reason)
