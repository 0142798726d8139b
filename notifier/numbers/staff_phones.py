"""The number on which a staff member tries protocols: proved by a code that is texted to it and typed.

Texts to it are rows of the outbox without a patient: they leave once or not at all, through every gate, and no report
counts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from secrets import randbelow
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import outbox
from notifier.db.enrollments import sharing_phone
from notifier.db.events import record_event
from notifier.db.outbox import in_state
from notifier.db.tables import Message, Staff, StaffPhone, Tryout
from notifier.domain.instants import zone_called
from notifier.domain.kinds import TEST
from notifier.domain.phone import area_zones
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.domain.states import RUNNING, MessageState
from notifier.numbers.opt_outs import is_opted_out
from schedules.send_window import LEAST_REMAINING, open_hours

MOST_AN_HOUR: Final = 4
"""Codes and tries together, for an account and for a number."""
_HOUR: Final = timedelta(hours=1)
_CODE_HOLDS: Final = timedelta(minutes=10)
_MOST_WRONG: Final = 5
_USEFUL_FOR: Final = timedelta(minutes=10)
"""After its moment a test text that could not leave is of no more use."""


def phone_of(session: Session, staff_id: int) -> StaffPhone | None:
    """The number of an account, proved or not yet; None where none was given."""
    return session.get(StaffPhone, staff_id)


def last_tryout(session: Session, staff_id: int) -> Tryout | None:
    """The last time that this account had a protocol texted, or None."""
    found = select(Tryout).where(col(Tryout.staff_id) == staff_id, col(Tryout.protocol).is_not(None))
    return session.scalar(found.order_by(col(Tryout.at).desc()).limit(1))


def rules_of(account: Staff, rules: PlanningRules) -> PlanningRules:
    """The rules at the account's first office; the clinic's own where it sees all."""
    return rules.at(account.offices[0] if account.offices else None)


def proved_by(session: Session, phone: str) -> Staff | None:
    """The active account that has proved this number, or None."""
    found = (
        select(Staff)
        .join(StaffPhone, col(StaffPhone.staff_id) == col(Staff.id))
        .where(col(StaffPhone.phone) == phone, col(StaffPhone.proved_at).is_not(None), col(Staff.active).is_(True))
    )
    return session.scalar(found.order_by(col(Staff.id)).limit(1))


def tester_on(session: Session, phone: str) -> Staff | None:
    """The same, unless a patient's texts run on the number: then what comes from it is the patient's."""
    tester = proved_by(session, phone)
    return None if tester is None or _is_patients(session, phone) else tester


def ask_code(session: Session, account: Staff, phone: str, rules: PlanningRules, *, now: datetime, by: str) -> None:
    """Text a code to the number; the account's earlier number counts no more. Raises Refused."""
    code = f"{randbelow(10**6):06}"
    clinic = rules_of(account, rules).voice.clinic
    words = f"TEST: {code} is the code that proves this phone as yours at {clinic}. It holds for 10 minutes."
    plan_test_texts(session, account, phone, [words], rules, now=now, by=by)
    session.merge(StaffPhone(staff_id=account.id or 0, phone=phone, code=code, asked_at=now))
    session.flush()


def prove(session: Session, account: Staff, code: str, *, now: datetime) -> bool:
    """Whether this is the code that was texted: then the number is proved. A wrong one counts.

    Raises Refused where no code waits, or it is too old, or too many wrong ones were typed.
    """
    asked = phone_of(session, account.id or 0)
    if asked is None or asked.code is None:
        raise Refused("no code waits to be typed: ask for one first", "code")
    if now - asked.asked_at > _CODE_HOLDS or asked.wrong >= _MOST_WRONG:
        raise Refused("that code holds no longer: ask for another one", "code")
    if not compare_digest(asked.code.encode(), "".join(code.split()).encode()):
        asked.wrong += 1
        session.flush()
        return False
    asked.code, asked.proved_at = None, now
    session.flush()
    return True


def plan_test_texts(
    session: Session,
    account: Staff,
    phone: str,
    texts: Sequence[str],
    rules: PlanningRules,
    *,
    now: datetime,
    by: str,
    every: timedelta = timedelta(),
    about: tuple[str, str, str] | None = None,
) -> list[int]:
    """Write them into the outbox, the first to leave at once; the messages' ids. `about`: protocol, version, language.

    Raises Refused after STOP, on a patient's number, outside the send window, and where the hour's limit is reached.
    """
    staff_id = account.id or 0
    session.execute(select(col(Staff.id)).where(col(Staff.id) == staff_id).with_for_update())  # one click at a time
    _refuse(session, staff_id, phone, now)
    office = account.offices[0] if account.offices else None
    here = rules_of(account, rules)
    hours = open_hours(here.window, zone_called(here.timezone), tuple(map(zone_called, area_zones(phone))))
    closes = hours.on_quiet_days_too.open_until(now)
    last = now + len(texts) * every
    if closes is None or closes - LEAST_REMAINING <= last:
        raise Refused(f"test texts leave inside the send window alone ({here.window}); try again within it", "to")
    protocol, version, language = about or (None, None, None)
    run = Tryout(
        staff_id=staff_id, phone=phone, protocol=protocol, version=version, language=language, texts=len(texts), at=now,
        by=by[:120],
    )  # fmt: skip
    session.add(run)
    session.flush()
    rows = [
        {
            "enrollment_id": None, "office": office, "step": f"{TEST}-{run.id}-{number}", "kind": TEST, "revision": 0,
            "phone": phone, "state": MessageState.PLANNED, "nominal_at": due, "not_before": due, "due_at": due,
            "expires_at": min(due + _USEFUL_FOR, closes - LEAST_REMAINING), "text": words,
        }
        for number, words in enumerate(texts, 1)
        for due in [now + (number - 1) * every]
    ]  # fmt: skip
    ids = outbox.insert(session, rows)
    for one in ids:
        record_event(session, at=now, by=by, what="tried", message_id=one, why=f"test {run.id}")
    return ids


def _refuse(session: Session, staff_id: int, phone: str, now: datetime) -> None:
    if is_opted_out(session, phone):
        raise Refused("this number has said STOP: no test goes there until it texts START", "to")
    if _is_patients(session, phone):
        raise Refused("a patient's texts run on this number: write another number of yours", "to")
    waits = select(col(Message.id)).where(
        col(Message.phone) == phone, col(Message.kind) == TEST, in_state(MessageState.PLANNED)
    )
    if session.execute(waits.limit(1)).first() is not None:
        raise Refused("test texts to this number are still leaving: wait until they have", "to")
    for whose in (col(Tryout.staff_id) == staff_id, col(Tryout.phone) == phone):
        many = select(func.count()).select_from(Tryout).where(whose, col(Tryout.at) > now - _HOUR)
        if (session.scalar(many) or 0) >= MOST_AN_HOUR:
            raise Refused(f"there were {MOST_AN_HOUR} codes and tries within the hour: try again later", "to")


def _is_patients(session: Session, phone: str) -> bool:
    return any(one.state in RUNNING for one in sharing_phone(session, phone))
