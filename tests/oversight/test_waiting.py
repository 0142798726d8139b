"""What waits for a person is said twice, in Python and in SQL, and both say the same."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import Engine, select
from sqlmodel import col

from notifier.db.engine import reading, writing
from notifier.db.protocols import open_pauses, pause, unpause
from notifier.db.rows import insert_rows_for_ids
from notifier.db.tables import Enrollment, Message, Reply
from notifier.domain.kinds import REPLY
from notifier.domain.open_replies import TextsDecision
from notifier.domain.states import EnrollmentState
from notifier.domain.waiting import waits_for
from notifier.numbers.holds import hold_number, open_holds, release_number
from notifier.numbers.open_replies import close_open_reply, hold_by_reply, open_replies_on, what_holds
from notifier.oversight.waiting import waits_for_a_person
from schedules.protocol import KIND_ORDER

_ENROLLMENTS = (EnrollmentState.ACTIVE, EnrollmentState.HELD)
_KINDS = ("lift", "check", REPLY)
_HOLDS = (None, "all", "lift,rebook", "check_in", "released")
_PAUSES = (None, "today", "tomorrow", "all", "lifted")


def test_the_predicate_and_the_query_agree_on_every_combination(engine: Engine, rows: Any, now: datetime) -> None:
    told: Any = {"at": now, "by": "test"}
    with writing(engine) as session:
        for number, (state, kind, hold, paused) in enumerate(product(_ENROLLMENTS, _KINDS, _HOLDS, _PAUSES)):
            phone, protocol = f"+1212555{number:04}", f"plan-{number}"
            whose = rows.enrollment(session, phone=phone, protocol=protocol, state=state)
            rows.message(session, whose, phone=phone, kind=kind, step="today")
            if hold:
                hold_number(session, phone, reason="unread", kinds="all" if hold == "released" else hold, **told)
            if hold == "released":
                release_number(session, phone, **told)
            if paused:
                pause(session, protocol, paused if paused.startswith("to") else None, reason="wrong", **told)
            if paused == "lifted":
                unpause(session, protocol, **told)
    with reading(engine) as session:
        pauses = {(one.protocol, one.step): one.reason for one in open_pauses(session)}
        texts = select(Message, Enrollment).join(Enrollment, col(Enrollment.id) == col(Message.enrollment_id))
        said = {
            text.id
            for text, whose in session.execute(texts)
            if waits_for(
                text.kind, text.step, whose.protocol, enrollment=whose.state, pauses=pauses,
                holds=open_holds(session, text.phone),
            )
        }  # fmt: skip
        asked = set(session.scalars(select(col(Message.id)).where(waits_for_a_person())))
    # Of 100 that are no answers: the 50 of a held enrollment, and of the others those of a hold or a pause that covers.
    assert (50 + 29, said) == (len(said), asked)


def test_what_an_open_reply_holds_is_the_same_in_python_and_in_sql(engine: Engine, rows: Any, now: datetime) -> None:
    """Of every meaning, urgent or not, open or closed, from this number or from the patient's older one."""
    kinds, meanings = (*KIND_ORDER, REPLY), ("other", "stop", "answer", "perhaps_stop", "wrong_person")
    with writing(engine) as session:
        cases = product(meanings, (False, True), ("open", "closed", "older"), kinds)
        for number, (meaning, urgent, state, kind) in enumerate(cases):
            phone = f"+1212555{number:04}"
            text = rows.message(session, rows.enrollment(session, phone=phone), phone=phone, kind=kind, step="today")
            row = {"sid": f"SM{text}", "phone": "+12125559999" if state == "older" else phone, "at": now, "text": "x",
                   "media_count": 0, "meaning": meaning, "urgent": urgent}  # fmt: skip
            (reply,) = insert_rows_for_ids(session, Reply, [row])
            hold_by_reply(session, reply, [phone], at=now)
            if state == "closed":
                close_open_reply(session, reply, at=now, by="dana", decision=TextsDecision.GO_ON)
    with reading(engine) as session:
        texts = session.scalars(select(Message)).all()
        open_ones = open_replies_on(session, {text.phone for text in texts})
        assert open_ones == what_holds(session, set(open_ones))
        said = {
            text.id
            for text in texts
            if waits_for(
                text.kind, text.step, "microneedling", enrollment=EnrollmentState.ACTIVE, pauses={},
                holds=open_ones.get(text.phone, ()),
            )
        }  # fmt: skip
        asked = set(session.scalars(select(col(Message.id)).where(waits_for_a_person())))
    # Open ones of 2 states: 3 meanings hold five kinds, and six beside urgent words; 2 hold all nine.
    assert (2 * (3 * (5 + 6) + 2 * 2 * 9), said) == (len(said), asked)
