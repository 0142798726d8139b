"""A text that comes back as planned is judged against the plan as it is now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from notifier.db.engine import reading
from notifier.db.events import of_message
from notifier.db.tables import Message
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.states import MessageState
from notifier.enrollments.commands import Change
from notifier.enrollments.lifecycle import apply
from notifier.enrollments.requests import ChangeRequest
from notifier.sending.outcomes.apply_receipt import apply_receipt
from notifier.sending.review import review
from notifier.sms.gateway import Outcome, Unknown
from schedules.protocol import CareProtocol
from tests.setups.desk import Desk
from tests.setups.fakes import Answer
from tests.setups.house import House

S = MessageState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOST = Unknown("Perhaps sent.")


@pytest.fixture
def desk(house: House, protocols: dict[str, CareProtocol], rules: PlanningRules) -> Desk:
    return Desk(house.engine, protocols, rules, house.clock.now())


def correct(house: House, desk: Desk, enrollment: int, at: datetime) -> None:
    """Staff find that the treatment was at another hour."""
    desk.act(
        apply, enrollment, Change(ChangeRequest(treated_at=at)), rules=desk.rules, now=house.clock.now(), by="desk"
    )


async def told(house: House, desk: Desk, *answers: Outcome | Answer) -> tuple[int, Message]:
    """Ana is told not to wear makeup for a day; her enrollment, and that text as it leaves."""
    enrolled = desk.enroll()
    house.clock.pass_(hours=1)
    house.gateway.script.extend(answers)
    await house.turn()
    return enrolled.enrollment, desk.texts(enrolled.enrollment)["today"]


def bounced(house: House, desk: Desk, text: Message) -> None:
    sid = house.gateway.ledger[0].sid
    desk.act(
        apply_receipt, sid=sid, status="undelivered", error_code=30003, token=None, at=house.clock.now(),
        source="callback")  # fmt: skip


@pytest.mark.parametrize("brought_back_by", ["a receipt", "the lists", "staff"])
async def test_what_a_corrected_date_has_overtaken_expires_with_its_cause(
    house: House, desk: Desk, brought_back_by: str
) -> None:
    """It was a day earlier: makeup is fine again by now, and so says the next text."""
    answers = [] if brought_back_by == "a receipt" else [LOST]
    enrollment, text = await told(house, desk, *answers)
    correct(house, desk, enrollment, desk.now - DAY)
    house.clock.pass_(minutes=1)
    if brought_back_by == "a receipt":
        bounced(house, desk, text)
    elif brought_back_by == "the lists":
        await house.look_up_until_proven()
    else:
        await house.look_up_until_proven("review")
        desk.act(review, text.id, sent=False, now=house.clock.now(), by="desk")
    after = desk.texts(enrollment)["today"]
    state, why = (
        (S.CANCELLED, "staff say that it was not sent, and ") if brought_back_by == "staff" else (S.EXPIRED, "")
    )
    assert (state, f"{why}the date was corrected") == (after.state, after.reason)
    house.clock.pass_(hours=3)
    await house.turn()
    assert not [record for record in house.gateway.ledger[1:] if "no makeup" in record.body]
    if state is S.EXPIRED:
        with reading(house.engine) as session:
            assert ["needs_staff"] == [
                one.what for one in of_message(session, text.id or 0) if one.what == "needs_staff"
            ]


async def test_what_the_corrected_plan_still_says_leaves_in_its_words(house: House, desk: Desk) -> None:
    enrollment, text = await told(house, desk)
    correct(house, desk, enrollment, desk.now - HOUR)
    bounced(house, desk, text)
    house.clock.pass_(hours=1)
    await house.turn()
    was, becomes = [record.body for record in house.gateway.ledger]
    assert was != becomes == desk.texts(enrollment)["today"].text
