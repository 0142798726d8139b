"""Protocol versions as they were when somebody was enrolled on them, who approved them, and what is paused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.array_param import in_array
from notifier.db.events import record_event
from notifier.db.prepared import PreparedStatement
from notifier.db.rows import insert_if_new, insert_rows_for_ids
from notifier.db.tables import Approval, Pause, ProtocolVersion
from notifier.domain.refused import Refused
from schedules.protocol import CareProtocol

_OPEN_PAUSES = select(Pause).where(col(Pause.lifted_at).is_(None)).order_by(col(Pause.id))
PAUSED_NOW = select(col(Pause.protocol), col(Pause.step), col(Pause.reason), col(Pause.at)).where(
    col(Pause.lifted_at).is_(None)
)
"""Why each protocol (with None) or step of one must not be sent for now, and since when."""
_STILL_WORKS = "its enrollments can be cancelled, marked no-show and held all the same"


class UnreadableVersion(Refused):
    """What somebody was enrolled on is not stored, or in a form that this program does not know any more."""


def store_version(session: Session, protocol: CareProtocol, at: datetime) -> None:
    """Store this version's full content, unless it is stored already."""
    row = {"protocol": protocol.id, "version": protocol.version}
    insert_if_new(session, ProtocolVersion, {**row, "content": protocol.content, "stored_at": at})


def load_version(session: Session, protocol_id: str, version: str) -> CareProtocol:
    """The protocol as it was stored, whatever its file says today. Raises UnreadableVersion."""
    content = _CONTENT.run(session, {"protocol": protocol_id, "version": version}).scalar()
    if content is None:
        raise UnreadableVersion(f"the database has no version {version} of the protocol {protocol_id}; {_STILL_WORKS}")
    try:
        return _parse(content)
    except ValueError as why:
        raise UnreadableVersion(
            f"this program cannot read version {version} of the protocol {protocol_id} as it is stored; {_STILL_WORKS}"
        ) from why


_CONTENT: Final = PreparedStatement(
    select(col(ProtocolVersion.content)).where(
        col(ProtocolVersion.protocol) == bindparam("protocol"), col(ProtocolVersion.version) == bindparam("version")
    )
)


# Reading the row is quick; making a checked model of it takes milliseconds. The same content is the same protocol.
@lru_cache(maxsize=128)
def _parse(content: str) -> CareProtocol:
    return CareProtocol.from_content(content)


def approve(session: Session, protocol: CareProtocol, language: str, *, by: str, at: datetime) -> bool:
    """A clinician stands behind this version in this language; stores its content. False if that was so already."""
    store_version(session, protocol, at)
    row = {"protocol": protocol.id, "version": protocol.version, "language": language}
    new = insert_if_new(session, Approval, {**row, "by": by, "at": at})
    if new:
        which = f"{protocol.id} {protocol.version} in {language}"
        record_event(session, at=at, by=by, what="protocol_approved", why=which)
    return new


def is_approved(session: Session, protocol_id: str, version: str, language: str) -> bool:
    """Whether a clinician has approved this version in this language."""
    return session.get(Approval, (protocol_id, version, language)) is not None


def last_approved(session: Session, protocols: Iterable[CareProtocol]) -> dict[tuple[str, str], CareProtocol]:
    """By id and language, where a protocol's present content is not approved: the content that was approved last.

    Only what this program can still read, and only in languages that the protocol still has.
    """
    present = {protocol.id: protocol for protocol in protocols}
    found = _APPROVED.run(session, {"protocols": set(present)}).all()
    approved = {(id_, version, language) for id_, version, language in found}
    last: dict[tuple[str, str], CareProtocol] = {}
    for id_, version, language in found:
        protocol = present[id_]
        is_present = (id_, protocol.version, language) in approved
        if is_present or language not in protocol.languages or (id_, language) in last:
            continue
        try:
            last[id_, language] = load_version(session, id_, version)
        except UnreadableVersion:
            continue  # an older one may still be read
    return last


_APPROVED: Final = PreparedStatement(  # asked for each patient
    select(col(Approval.protocol), col(Approval.version), col(Approval.language))
    .where(in_array(col(Approval.protocol), "protocols"))
    .order_by(col(Approval.at).desc())
)


def approvals(session: Session) -> list[Approval]:
    """Every approval, the latest first."""
    found = select(Approval)
    return list(session.scalars(found.order_by(col(Approval.at).desc(), col(Approval.protocol))))


def pause(
    session: Session,
    protocol_id: str,
    step: str | None = None,
    *,
    reason: str,
    by: str,
    at: datetime,
    by_admin: bool = False,
) -> int:
    """Stop a protocol, or one of its steps, at once, in every version; the pause's id."""
    row = {"protocol": protocol_id, "step": step, "reason": reason, "by": by, "at": at, "by_admin": by_admin}
    (pause_id,) = insert_rows_for_ids(session, Pause, [row])
    why = f"{_name(protocol_id, step)}: {reason}"
    record_event(session, at=at, by=by, what="protocol_paused", why=why)
    return pause_id


def unpause(
    session: Session, protocol_id: str, step: str | None = None, *, by: str, at: datetime, why: str | None = None
) -> int:
    """End the pauses of exactly this protocol or this step; how many there were."""
    ended = session.execute(
        update(Pause)
        .where(
            col(Pause.protocol) == protocol_id,
            col(Pause.step).is_not_distinct_from(step),
            col(Pause.lifted_at).is_(None),
        )
        .values(lifted_at=at, lifted_by=by, lifted_why=why)
        .returning(col(Pause.id))
    ).all()
    if ended:
        said = f": {why}" if why else ""
        record_event(session, at=at, by=by, what="protocol_unpaused", why=f"{_name(protocol_id, step)}{said}")
    return len(ended)


def open_pauses(session: Session) -> list[Pause]:
    """What must not be sent for now, the oldest first."""
    return list(session.scalars(_OPEN_PAUSES))


def _name(protocol_id: str, step: str | None) -> str:
    return protocol_id if step is None else f"{protocol_id}, step {step}"
