"""Circuits: why nothing leaves right now, through one sender or at all. An open row stops claims; texts wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.engine import once_committed
from notifier.db.events import record_event
from notifier.db.outbox import look_again
from notifier.db.postgresql import announce
from notifier.db.rows import insert_rows
from notifier.db.tables import Circuit
from notifier.domain.backoff import Random, spread

UNKNOWN = 0
"""The code of the circuit that opens when one answer after another is lost; Twilio has no such code."""
POLL_REFUSED = -1
"""The code of the circuit that opens when the provider refuses to say what patients wrote, until a poll is answered."""
HIDES = -2
"""The code of the circuit that opens where the provider hides what must be read: no probe and no text closes it."""
FIRST_PROBE, PROBE_EVERY = timedelta(seconds=10), timedelta(minutes=5)

log = structlog.get_logger()

_OPEN = select(Circuit).where(col(Circuit.closed_at).is_(None)).order_by(col(Circuit.id))


def open_circuits(session: Session) -> list[Circuit]:
    """Every reason why nothing leaves, through one sender or at all, the oldest first; none means all is well."""
    return list(session.scalars(_OPEN))


def why_stopped(session: Session, since: datetime, until: datetime, *, sender: str | None) -> str | None:
    """Which circuit of everything or of this sender was open in that span, the latest of them; None: none was."""
    found = select(col(Circuit.reason)).where(
        col(Circuit.sender).is_(None) | (col(Circuit.sender) == sender),
        col(Circuit.opened_at) < until,
        col(Circuit.closed_at).is_(None) | (col(Circuit.closed_at) > since),
    )
    return session.scalar(found.order_by(col(Circuit.id).desc()).limit(1))


def what_stops(circuit: Circuit) -> str:
    """A circuit in words."""
    which = f" through {_in_words(circuit.sender)}" if circuit.sender else ""
    return f"nothing is sent{which}: {circuit.reason}"


def _say_opened(why: str, sender: str | None) -> None:
    log.error("circuit_opened", alert=True, why=why, stops=_in_words(sender) if sender else "everything")


def _in_words(sender: str) -> str:
    """It is the clinic's own number or service, of which the end is enough."""
    return f"the sender ending in {sender[-4:]}"


def open_circuit(
    session: Session,
    *,
    reason: str,
    code: int | None,
    at: datetime,
    by: str,
    sender: str | None = None,
) -> None:
    """Stop sending through this sender (None: at all); where that is so already, its next probe is put off."""
    already = [one for one in open_circuits(session) if one.sender in (None, sender)]
    if already:
        put_off(session, already, at=at)
        return
    probe_at = at + (FIRST_PROBE if code == UNKNOWN else PROBE_EVERY)
    _open(session, reason=reason, code=code, at=at, probe_at=probe_at, by=by, sender=sender)


def provider_hides(session: Session, *, reason: str, at: datetime, by: str) -> None:
    """Stop everything until a person, or what brings the hidden texts otherwise, says that it is over."""
    _open(session, reason=reason, code=HIDES, at=at, probe_at=at, by=by)


def poll_is_refused(session: Session, *, reason: str, at: datetime, by: str) -> None:
    """Name the cause before the gate closes, unless it is named already. No probe is put off by it."""
    if not any(one.code == POLL_REFUSED or one.reason == reason for one in open_circuits(session)):
        _open(session, reason=reason, code=POLL_REFUSED, at=at, probe_at=at + PROBE_EVERY, by=by)


def _open(
    session: Session,
    *,
    reason: str,
    code: int | None,
    at: datetime,
    probe_at: datetime,
    by: str,
    sender: str | None = None,
) -> None:
    row = {"reason": reason, "code": code, "opened_at": at, "probe_at": probe_at}
    insert_rows(session, Circuit, [{**row, "sender": sender}])
    record_event(session, at=at, by=by, what="circuit_opened", why=reason)
    once_committed(session, partial(_say_opened, reason, sender))


def put_off(session: Session, circuits: list[Circuit], *, at: datetime, random: Random | None = None) -> None:
    """The next probe: 5 minutes on for a refusal; after lost answers as long as it has been open, 10 s to 5 min.

    With `random` somewhat earlier: after an outage of the provider, not everybody knocks at the same second.
    """
    for circuit in circuits:
        wait = PROBE_EVERY
        if circuit.code == UNKNOWN:
            wait = min(max(at - circuit.opened_at, FIRST_PROBE), PROBE_EVERY)
        this = update(Circuit).where(col(Circuit.id) == circuit.id)
        wait = timedelta(seconds=spread(wait.total_seconds(), random))
        session.execute(this.values(probe_at=at + wait).execution_options(synchronize_session="fetch"))


def poll_is_answered(session: Session, *, at: datetime, by: str) -> int:
    """Close what a refused poll opened; a refused text's circuit stays, for a list says nothing about the sender."""
    if not any(one.code == POLL_REFUSED for one in open_circuits(session)):
        return 0
    why = "the provider lists what patients write"
    return close_circuits(session, at=at, by=by, why=why, codes=(POLL_REFUSED,))


def close_circuits(
    session: Session,
    *,
    at: datetime,
    by: str,
    why: str | None = None,
    codes: Sequence[int] = (),
    sender: str | None = None,
) -> int:
    """Send again; how many circuits were open. `codes`: only those that were opened with one of these. `sender`: those
    that a text which it took has proven over, its own and those of everything."""
    these: list[ColumnElement[bool]] = [col(Circuit.code).in_(codes)] if codes else []
    if sender is not None:
        these.append(col(Circuit.sender).is_(None) | (col(Circuit.sender) == sender))
        these.append(col(Circuit.code).is_distinct_from(HIDES))
    closed = session.execute(
        update(Circuit)
        .where(col(Circuit.closed_at).is_(None), *these)
        .values(closed_at=at, closed_by=by)
        .returning(col(Circuit.id))
        .execution_options(synchronize_session="fetch")
    ).all()
    if closed:
        record_event(session, at=at, by=by, what="circuit_closed", why=why)
        look_again(session, at=at)  # those that were refused wait no longer
        announce(session)  # where one worker's trial has gone well, the others need not wait for their next round
    return len(closed)
