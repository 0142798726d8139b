"""An account that hides numbers or words in its lists: a STOP that nobody can read stops everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.db.engine import reading, writing
from notifier.db.tables import Reply
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import open_opt_outs
from notifier.sending.compare_at_start import compare
from notifier.sending.gates.circuits import open_circuits
from notifier.sending.gates.hidden import NUMBERS, WORDS
from notifier.sending.gates.probe import close_circuit, probe
from notifier.sending.gates.senders import remember_senders
from notifier.sms.gateway import OutgoingText, Unknown
from tests.setups.sending import OWN, Sending

S = MessageState
ANA, OLD = "+12125550101", "+12125550999"


def reasons(sending: Sending) -> list[str]:
    with reading(sending.engine) as session:
        return [circuit.reason for circuit in open_circuits(session)]


def opted_out(sending: Sending) -> list[str]:
    with reading(sending.engine) as session:
        return [one.phone for one in open_opt_outs(session)]


def reset(sending: Sending) -> None:
    with writing(sending.engine) as session:
        close_circuit(session, at=sending.clock.now(), by="ops")


@pytest.mark.parametrize("webhooks", [False, True])
async def test_what_the_account_hides_of_older_texts_is_seen_before_the_first_one_of_ours_leaves(
    sending: Sending, webhooks: bool
) -> None:
    """Somebody else's, three weeks ago; where webhooks bring replies, nobody has to read a list."""
    sid = sending.gateway.create(OutgoingText("+1212555XXXX", "Hello.", "x", 60))
    sending.gateway.becomes(sid, "delivered")
    sending.clock.pass_(days=21)
    text = sending.plan()
    await compare(sending.threads, sending.gateway, senders={None}, now=sending.clock.now(), webhooks=webhooks)
    await sending.turn()
    expected = (S.ACCEPTED, []) if webhooks else (S.PLANNED, [NUMBERS])
    assert expected == (sending.state(text), reasons(sending))


@pytest.mark.parametrize(("phone", "says", "why"), [("+1212555XXXX", "STOP", NUMBERS), (ANA, "", WORDS)])
async def test_without_webhooks_a_hidden_reply_stops_all_until_a_person_has_mended_it(
    sending: Sending, phone: str, says: str, why: str
) -> None:
    sending.gateway.reply(phone, says)
    assert not await sending.inbound()
    assert ([why], []) == (reasons(sending), opted_out(sending))
    text = sending.plan()
    sending.clock.pass_(minutes=6)
    assert [] == await probe(sending.threads, sending.gateway, now=sending.clock.now())
    assert "circuit" == (await sending.turn()).closed
    reset(sending)  # the setting is off, and somebody has asked that patient
    assert await sending.inbound()
    await sending.turn()
    assert (S.ACCEPTED, []) == (sending.state(text), reasons(sending))
    sending.clock.pass_(minutes=1)
    sending.gateway.reply(phone, says)  # it was not
    assert not await sending.inbound()
    assert [why] == reasons(sending)


async def test_a_first_text_that_twilio_lists_without_its_number_stops_the_others(sending: Sending) -> None:
    """Nobody has written yet, so this is where it shows."""
    sending.plan()
    await sending.turn()
    sending.gateway.ledger[0] = replace(sending.gateway.ledger[0], to="+1212555XXXX")
    await sending.receipts()
    assert [NUMBERS] == reasons(sending)
    assert await sending.inbound()
    assert [NUMBERS] == reasons(sending)


async def test_with_webhooks_what_they_brought_counts_as_read_and_what_they_did_not_stops_all(
    sending: Sending,
) -> None:
    sending.webhooks = True
    brought = sending.gateway.reply("+1212555XXXX", "STOP")
    with writing(sending.engine) as session:
        session.add(Reply(sid=brought.sid, phone=ANA, at=brought.created_at, text="STOP", meaning="stop"))
    assert await sending.inbound()
    lost = sending.gateway.reply("+1212555XXXX", "STOP")
    assert not await sending.inbound()
    assert [] == reasons(sending)  # its webhook may still be on its way
    sending.clock.pass_(minutes=2)
    assert not await sending.inbound()
    assert [NUMBERS] == reasons(sending)
    with writing(sending.engine) as session:
        session.add(Reply(sid=lost.sid, phone=ANA, at=lost.created_at, text="STOP", meaning="stop"))
    assert await sending.inbound()
    assert [] == reasons(sending)
    sending.plan()
    await sending.turn()
    sending.gateway.ledger[0] = replace(sending.gateway.ledger[0], to="+1212555XXXX")
    await sending.receipts()
    assert [] == reasons(sending)


async def test_what_a_list_that_hides_does_not_have_is_never_proof(sending: Sending) -> None:
    sending.webhooks = True
    sending.gateway.reply("+1212555XXXX", "Thanks")
    await sending.inbound()
    text = sending.plan()
    sending.gateway.script.append(Unknown("Perhaps sent."))
    await sending.turn()
    await sending.look_up_until_proven()
    assert (S.NEEDS_REVIEW, True) == (sending.state(text), "hides" in str(sending.message(text).reason))


async def test_a_stop_in_the_thread_of_a_number_of_the_past_is_read(sending: Sending) -> None:
    sending.gateway.only_to = OWN
    with writing(sending.engine) as session:
        remember_senders(session, [OLD, None], at=sending.clock.now() - timedelta(days=90))
    sending.gateway.reply(ANA, "STOP", to=OLD)
    assert await sending.inbound()
    assert [ANA] == opted_out(sending)
