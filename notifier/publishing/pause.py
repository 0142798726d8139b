"""Stop a bad text at once, or a whole protocol, until somebody says go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db import protocols as stored
from notifier.db.outbox import look_again
from notifier.db.tables import Enrollment, Message
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
    step: str | None = None,
) -> bool:
    """Let no text of this protocol (or of this one step) leave, in any version; False where it is paused already."""
    reason = " ".join(reason.split())
    if not plan_pause(session, protocol_id, reason=reason, protocols=protocols, step=step):
        return False
    stored.pause(session, protocol_id, step, reason=reason[:400], by=by, at=now)
    return True


def plan_pause(
    session: Session,
    protocol_id: str,
    *,
    reason: str,
    protocols: Mapping[str, CareProtocol],
    step: str | None = None,
) -> bool:
    """Whether it would be paused only now; nothing is written. Raises Refused."""
    if not reason.strip():
        raise Refused("say why", "reason", code=RefusalCode.REASON_MISSING)
    _refuse_unknown(protocol_id, step, protocols)
    return all((one.protocol, one.step) != (protocol_id, step) for one in stored.open_pauses(session))


def unpause(session: Session, protocol_id: str, *, now: datetime, by: str, step: str | None = None) -> None:
    """Let the texts leave again that are still useful. Raises Refused where nothing is paused."""
    if not stored.unpause(session, protocol_id, step, by=by, at=now):
        paused = [f"{one.protocol} {one.step or ''}".strip() for one in stored.open_pauses(session)]
        which = f"{protocol_id} {step or ''}".strip()
        raise Refused(f"{which} is not paused; paused are: {', '.join(paused) or 'none'}", "protocol")
    on_it = select(col(Enrollment.id)).where(col(Enrollment.protocol) == protocol_id)
    look_again(session, col(Message.enrollment_id).in_(on_it), at=now)


def _refuse_unknown(protocol_id: str, step: str | None, protocols: Mapping[str, CareProtocol]) -> None:
    steps = [one.key for one in find_protocol(protocol_id, protocols).steps]
    if step is not None and step not in steps:
        raise Refused(f'{protocol_id} has no step "{step}"; its steps: {", ".join(steps)}', "step")
