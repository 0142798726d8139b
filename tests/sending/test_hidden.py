"""An account that hides numbers or words in its lists: a STOP that nobody can read stops everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.db.engine import reading, writing
from notifier.db.tables import Reply
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import open_opt_outs
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.gates.hidden import NUMBERS, WORDS
from notifier.sending.gates.probe import close_circuit, probe
from notifier.sending.gates.senders import remember_senders
from notifier.sms.gateway import Unknown
from tests.setups.house import OWN, House

S = MessageState
ANA, OLD = "+12125550101", "+12125550999"


def reasons(house: House) -> list[str]:
    with reading(house.engine) as session:
        return [circuit.reason for circuit in open_circuits(session)]


def opted_out(house: House) -> list[str]:
    with reading(house.engine) as session:
        return [one.phone for one in open_opt_outs(session)]


def reset(house: House) -> None:
    with writing(house.engine) as session:
        close_circuit(session, at=house.clock.now(), by="ops")


@pytest.mark.parametrize(("phone", "says", "why"), [("+1212555XXXX", "STOP", NUMBERS), (ANA, "", WORDS)])
async def test_without_webhooks_a_hidden_reply_stops_all_until_a_person_has_mended_it(
    house: House, phone: str, says: str, why: str
) -> None:
    house.gateway.reply(phone, says)
    assert not await house.inbound()
    assert ([why], []) == (reasons(house), opted_out(house))
    text = house.plan()
    house.clock.pass_(minutes=6)
    assert [] == await probe(house.threads, house.gateway, now=house.clock.now())
    assert "circuit" == (await house.turn()).closed
    reset(house)  # the setting is off, and somebody has asked that patient
    assert await house.inbound()
    await house.turn()
    assert (S.ACCEPTED, []) == (house.state(text), reasons(house))
    house.clock.pass_(minutes=1)
    house.gateway.reply(phone, says)  # it was not
    assert not await house.inbound()
    assert [why] == reasons(house)


async def test_a_first_text_that_twilio_lists_without_its_number_stops_the_others(house: House) -> None:
    """Nobody has written yet, so this is where it shows."""
    house.plan()
    await house.turn()
    house.gateway.ledger[0] = replace(house.gateway.ledger[0], to="+1212555XXXX")
    await house.receipts()
    assert [NUMBERS] == reasons(house)
    assert await house.inbound()
    assert [NUMBERS] == reasons(house)


async def test_with_webhooks_what_they_brought_counts_as_read_and_what_they_did_not_stops_all(house: House) -> None:
    house.webhooks = True
    brought = house.gateway.reply("+1212555XXXX", "STOP")
    with writing(house.engine) as session:
        session.add(Reply(sid=brought.sid, phone=ANA, at=brought.created_at, text="STOP", meaning="stop"))
    assert await house.inbound()
    lost = house.gateway.reply("+1212555XXXX", "STOP")
    assert not await house.inbound()
    assert [] == reasons(house)  # its webhook may still be on its way
    house.clock.pass_(minutes=2)
    assert not await house.inbound()
    assert [NUMBERS] == reasons(house)
    with writing(house.engine) as session:
        session.add(Reply(sid=lost.sid, phone=ANA, at=lost.created_at, text="STOP", meaning="stop"))
    assert await house.inbound()
    assert [] == reasons(house)
    house.plan()
    await house.turn()
    house.gateway.ledger[0] = replace(house.gateway.ledger[0], to="+1212555XXXX")
    await house.receipts()
    assert [] == reasons(house)


async def test_what_a_list_that_hides_does_not_have_is_never_proof(house: House) -> None:
    house.webhooks = True
    house.gateway.reply("+1212555XXXX", "Thanks")
    await house.inbound()
    text = house.plan()
    house.gateway.script.append(Unknown("Perhaps sent."))
    await house.turn()
    await house.look_up_until_proven()
    assert (S.NEEDS_REVIEW, True) == (house.state(text), "hides" in str(house.message(text).reason))


async def test_a_stop_in_the_thread_of_a_number_of_the_past_is_read(house: House) -> None:
    house.gateway.only_to = OWN
    with writing(house.engine) as session:
        remember_senders(session, [OLD, None], at=house.clock.now() - timedelta(days=90))
    house.gateway.reply(ANA, "STOP", to=OLD)
    assert await house.inbound()
    assert [ANA] == opted_out(house)
