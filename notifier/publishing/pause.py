"""Stop a bad text at once, or a whole protocol, until somebody says go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import protocols as stored
from notifier.db.outbox import look_again
from notifier.db.tables import Enrollment, Message, Pause
from notifier.domain.protocol_choice import find_protocol
from notifier.domain.refused import RefusalCode, Refused
from schedules.protocol import CareProtocol


def pause(
    session: Session,
    protocol_id: str,
    *,
    reason: str,
    protocols: Mapping[str, CareProtocol],
    now: datetime,
    by: str,
    by_admin: bool = False,
    step: str | None = None,
) -> bool:
    """Let no text of this protocol (or of this one step) leave, in any version; False where it is paused already.

    `by_admin`: then only an admin lets it go on, also where somebody else had paused it before.
    """
    reason = " ".join(reason.split())
    if not plan_pause(session, protocol_id, reason=reason, protocols=protocols, by_admin=by_admin, step=step):
        return False
    stored.pause(session, protocol_id, step, reason=reason[:400], by=by, at=now, by_admin=by_admin)
    return True


def plan_pause(
    session: Session,
    protocol_id: str,
    *,
    reason: str,
    protocols: Mapping[str, CareProtocol],
    by_admin: bool = False,
    step: str | None = None,
) -> bool:
    """Whether it would be paused only now; nothing is written. Raises Refused."""
    if not reason.strip():
        raise Refused("say why", "reason", code=RefusalCode.REASON_MISSING)
    _refuse_unknown(protocol_id, step, protocols)
    there = _open(session, protocol_id, step)
    return not there or (by_admin and not any(one.by_admin for one in there))


def unpause(
    session: Session,
    protocol_id: str,
    *,
    reason: str,
    now: datetime,
    by: str,
    by_admin: bool = False,
    step: str | None = None,
) -> None:
    """Let the texts leave again that are still useful.

    Raises Refused where nothing is paused, without a reason, and for an admin's pause unless `by_admin`.
    """
    reason = " ".join(reason.split())
    there = _open(session, protocol_id, step)
    if there and not reason:
        raise Refused("say why it may go on", "reason", code=RefusalCode.REASON_MISSING)
    if not by_admin and any(one.by_admin for one in there):
        raise Refused("an admin has paused this; only an admin lets it go on")
    if not stored.unpause(session, protocol_id, step, by=by, at=now, why=reason[:400]):
        paused = [f"{one.protocol} {one.step or ''}".strip() for one in stored.open_pauses(session)]
        which = f"{protocol_id} {step or ''}".strip()
        raise Refused(f"{which} is not paused; paused are: {', '.join(paused) or 'none'}", "protocol")
    on_it = select(col(Enrollment.id)).where(col(Enrollment.protocol) == protocol_id)
    look_again(session, col(Message.enrollment_id).in_(on_it), at=now)


def _open(session: Session, protocol_id: str, step: str | None) -> list[Pause]:
    return [one for one in stored.open_pauses(session) if (one.protocol, one.step) == (protocol_id, step)]


def _refuse_unknown(protocol_id: str, step: str | None, protocols: Mapping[str, CareProtocol]) -> None:
    steps = [one.key for one in find_protocol(protocol_id, protocols).steps]
    if step is not None and step not in steps:
        raise Refused(f'{protocol_id} has no step "{step}"; its steps: {", ".join(steps)}', "step")
