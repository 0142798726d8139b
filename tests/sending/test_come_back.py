"""A text that comes back as planned is judged against the plan as it is now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.db.events import of_message
from notifier.db.tables import Message
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.commands import Change
from notifier.enrollments.lifecycle import apply
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.review import review
from notifier.sms.gateway import Outcome, Unknown
from schedules.protocol import CareProtocol
from tests.setups.clinic import ClinicSetup
from tests.setups.fakes import Answer
from tests.setups.sending import Sending

S = MessageState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOST = Unknown("Perhaps sent.")


@pytest.fixture
def clinic(sending: Sending, protocols: dict[str, CareProtocol], rules: PlanningRules) -> ClinicSetup:
    return ClinicSetup(sending.engine, protocols, rules, sending.clock.now())


def correct(sending: Sending, clinic: ClinicSetup, enrollment: int, at: datetime) -> None:
    """Staff find that the treatment was at another hour."""
    clinic.act(
        apply, enrollment, Change(ChangeRequest(treated_at=at)), rules=clinic.rules, now=sending.clock.now(), by="desk"
    )


async def told(sending: Sending, clinic: ClinicSetup, *answers: Outcome | Answer) -> tuple[int, Message]:
    """Ana is told not to wear makeup for a day; her enrollment, and that text as it leaves."""
    enrolled = clinic.enroll()
    sending.clock.pass_(hours=1)
    sending.gateway.script.extend(answers)
    await sending.turn()
    return enrolled.enrollment, clinic.texts(enrolled.enrollment)["today"]


def bounced(sending: Sending, clinic: ClinicSetup, text: Message) -> None:
    sid = sending.gateway.ledger[0].sid
    clinic.act(
        apply_receipt, sid=sid, status="undelivered", error_code=30003, token=None, at=sending.clock.now(),
        source="callback")  # fmt: skip


@pytest.mark.parametrize("brought_back_by", ["a receipt", "the lists", "staff"])
async def test_what_a_corrected_date_has_overtaken_expires_with_its_cause(
    sending: Sending, clinic: ClinicSetup, brought_back_by: str
) -> None:
    """It was a day earlier: makeup is fine again by now, and so says the next text."""
    answers = [] if brought_back_by == "a receipt" else [LOST]
    enrollment, text = await told(sending, clinic, *answers)
    correct(sending, clinic, enrollment, clinic.now - DAY)
    sending.clock.pass_(minutes=1)
    if brought_back_by == "a receipt":
        bounced(sending, clinic, text)
    elif brought_back_by == "the lists":
        await sending.look_up_until_proven()
    else:
        await sending.look_up_until_proven("review")
        clinic.act(review, text.id, sent=False, now=sending.clock.now(), by="desk")
    after = clinic.texts(enrollment)["today"]
    state, why = (
        (S.CANCELLED, "staff say that it was not sent, and ") if brought_back_by == "staff" else (S.EXPIRED, "")
    )
    assert (state, f"{why}the date was corrected") == (after.state, after.reason)
    sending.clock.pass_(hours=3)
    await sending.turn()
    assert not [record for record in sending.gateway.ledger[1:] if "no makeup" in record.body]
    if state is S.EXPIRED:
        with reading(sending.engine) as session:
            assert ["needs_staff"] == [
                one.what for one in of_message(session, text.id or 0) if one.what == "needs_staff"
            ]


async def test_what_the_corrected_plan_still_says_leaves_in_its_words(sending: Sending, clinic: ClinicSetup) -> None:
    enrollment, text = await told(sending, clinic)
    correct(sending, clinic, enrollment, clinic.now - HOUR)
    bounced(sending, clinic, text)
    sending.clock.pass_(hours=1)
    await sending.turn()
    was, becomes = [record.body for record in sending.gateway.ledger]
    assert was != becomes == clinic.texts(enrollment)["today"].text
