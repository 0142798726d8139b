"""A warning (when to call) is kept back by no full day and no unread reply; only by a whole hold and STOP."""

from __future__ import annotations

import pytest

from notifier.db.engine import writing
from notifier.db.tables import Reply, ReplyPhone
from notifier.domain.states import MessageState
from notifier.numbers.opt_outs import opt_out
from tests.setups.sending import Sending

S = MessageState
ANA = "+12125550101"


def _wrote(sending: Sending, text: str, meaning: str, *, urgent: bool) -> None:
    at = sending.clock.now()
    with writing(sending.engine) as session:
        reply = Reply(sid="SM-reply", phone=ANA, at=at, text=text, meaning=meaning, urgent=urgent)
        session.add(reply)
        session.flush()
        session.add(ReplyPhone(reply_id=reply.id or 0, phone=ANA))


async def test_a_warning_leaves_on_a_day_that_has_enough_texts(sending: Sending) -> None:
    patient = sending.enroll()
    others = [sending.plan(patient, kind="care") for _ in range(2)]
    for _ in others:
        await sending.turn()
        sending.clock.pass_(minutes=15)
    warning, care = sending.plan(patient, kind="warning"), sending.plan(patient, kind="care")
    await sending.turn()
    assert [S.ACCEPTED] * 3 == [sending.state(one) for one in (*others, warning)]
    assert S.PLANNED == sending.state(care)


@pytest.mark.parametrize(("meaning", "leaves"), [("other", True), ("perhaps_stop", False), ("wrong_person", False)])
async def test_an_urgent_reply_that_nobody_has_read_keeps_it_only_where_the_number_is_held_whole(
    sending: Sending, meaning: str, leaves: bool
) -> None:
    patient = sending.enroll()
    _wrote(sending, "words", meaning, urgent=True)
    texts = {kind: sending.plan(patient, kind=kind) for kind in ("warning", "lift", "expect")}
    await sending.turn()
    assert (S.ACCEPTED if leaves else S.PLANNED) == sending.state(texts["warning"])
    assert [S.PLANNED] * 2 == [sending.state(texts[kind]) for kind in ("lift", "expect")]


async def test_after_stop_no_warning_leaves(sending: Sending) -> None:
    with writing(sending.engine) as session:
        opt_out(session, ANA, source="keyword", at=sending.clock.now(), by="patient")
    warning = sending.plan(kind="warning")
    await sending.turn()
    assert (S.SUPPRESSED, []) == (sending.state(warning), sending.sent_to)
