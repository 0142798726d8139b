"""A worker comes back from a pause with the answer to a call that others have called lost meanwhile."""

from __future__ import annotations

import pytest

from notifier.db.engine import writing
from notifier.domain.states import MessageState
from notifier.sending.outcomes.results import Finished, Result
from notifier.sending.outcomes.save import save_outcomes
from notifier.sms.code_classes import NotCreatedClass
from tests.setups.sending import Sending

S = MessageState
C = NotCreatedClass


@pytest.mark.parametrize(
    ("result", "why", "code", "then"),
    [
        (Result.ACCEPTED, None, None, S.ACCEPTED),
        (Result.RELEASED, None, None, S.PLANNED),
        (Result.NOT_CREATED, C.NETWORK, None, S.PLANNED),
        (Result.NOT_CREATED, C.ACCOUNT, 20003, S.PLANNED),
        (Result.NOT_CREATED, C.OPTED_OUT, 21610, S.SUPPRESSED),
        (Result.NOT_CREATED, C.BAD_NUMBER, 21211, S.FAILED),
        (Result.NOT_CREATED, C.BAD_CONTENT, 21617, S.FAILED),
        (Result.NOT_CREATED, C.UNRECOGNIZED, 99999, S.PLANNED),
    ],
)
async def test_an_answer_to_a_call_that_was_called_lost_leaves_nothing_that_nobody_looks_up(
    sending: Sending, result: Result, why: NotCreatedClass | None, code: int | None, then: MessageState
) -> None:
    text = sending.plan()
    sending.open_gate()
    (claimed,) = (await sending.dispatch._step()).claims
    sending.start()  # another worker
    assert 1 == await sending.takeover()
    assert S.UNKNOWN == sending.state(text)
    sid = "SM" + "1" * 32 if result is Result.ACCEPTED else None
    answer = Finished(
        text, claimed.attempt_id, claimed.phone, result, sending.clock.now(), sid=sid, why=why, code=code, detail="why"
    )
    with writing(sending.engine) as session:
        save_outcomes(session, [answer], sending.clock.now())
    assert then == sending.state(text)
    assert sending.message(text).reason or then is S.ACCEPTED
