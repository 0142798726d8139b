"""What a new enrollment must know of its protocol and of its number, read in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select, union_all
from sqlalchemy.orm import Session

from notifier.db.array_param import in_array
from notifier.db.rows import table_of
from notifier.db.tables import Approval, NumberHold, OptOut, Pause, ProtocolVersion, Reply, ReplyPhone
from notifier.domain.planning.plan import EnrollmentFacts, PlanningRules
from notifier.domain.refused import RefusalCode, Refused


@dataclass(slots=True)
class Standing:
    """What stands behind some protocols and in the way of some numbers."""

    stored: set[tuple[str, str]] = field(default_factory=set)
    """Protocol and version whose full content is kept."""
    approved: set[tuple[str, str, str]] = field(default_factory=set)
    """Protocol, version and language."""
    paused: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Protocol: by whom, and why. Where only a step of it is paused, patients are enrolled all the same."""
    opted_out: set[str] = field(default_factory=set)
    held: dict[str, list[str]] = field(default_factory=dict)
    """Number: why its texts wait for a person, the oldest reason first."""

    def refuse_unready(self, facts: EnrollmentFacts, rules: PlanningRules) -> None:
        """Raise Refused for a protocol that is paused, or that no clinician stands behind in this language."""
        protocol = facts.protocol
        if protocol.id in self.paused:
            by, reason = self.paused[protocol.id]
            raise Refused(f"{protocol.id} is paused by {by}: {reason}", "protocol")
        if rules.must_be_approved and (protocol.id, protocol.version, facts.language) not in self.approved:
            raise Refused(
                f"nobody has approved {protocol.id} {protocol.version} in {facts.language}; "
                "a clinician reads and approves it",
                "protocol",
                code=RefusalCode.NOT_APPROVED,
                protocol=protocol.id,
                language=facts.language,
            )


def read_standing(session: Session, enrollments: Collection[EnrollmentFacts]) -> Standing:
    """For all of these at once; for an import, at most some thousands."""
    parameters = {
        "phones": {facts.phone for facts in enrollments},
        "protocols": {facts.protocol.id for facts in enrollments},
        "versions": {facts.protocol.version for facts in enrollments},
    }
    standing = Standing()
    found = session.execute(_EVERYTHING, parameters).all()
    for what, _, about, one, other in sorted(found, key=lambda row: row.place):
        match what:
            case "stored":
                standing.stored.add((about, one))
            case "approved":
                standing.approved.add((about, one, other))
            case "paused":
                standing.paused.setdefault(about, (one, other))
            case "opted out":
                standing.opted_out.add(about)
            case "held":
                standing.held.setdefault(about, []).append(other)
            case "open reply":
                standing.held.setdefault(about, []).append("what the patient wrote is open")
    return standing


def _all_about() -> list[Any]:
    version, approval, pause, opt_out, hold, reply, on = (
        table_of(model).c for model in (ProtocolVersion, Approval, Pause, OptOut, NumberHold, Reply, ReplyPhone)
    )
    no_place: ColumnElement[int] = literal_column("0")
    return [
        _rows("stored", no_place, version.protocol, version.version, version.version).where(
            in_array(version.protocol, "protocols"), in_array(version.version, "versions")
        ),
        _rows("approved", no_place, approval.protocol, approval.version, approval.language).where(
            in_array(approval.protocol, "protocols"), in_array(approval.version, "versions")
        ),
        _rows("paused", pause.id, pause.protocol, pause.by, pause.reason).where(
            in_array(pause.protocol, "protocols"), pause.step.is_(None), pause.lifted_at.is_(None)
        ),
        _rows("opted out", opt_out.id, opt_out.phone, opt_out.by, opt_out.source).where(
            in_array(opt_out.phone, "phones"), opt_out.ended_at.is_(None)
        ),
        _rows("held", hold.id, hold.phone, hold.by, hold.reason).where(
            in_array(hold.phone, "phones"), hold.released_at.is_(None)
        ),
        _rows("open reply", reply.id, on.phone, reply.meaning, reply.sid).where(
            in_array(on.phone, "phones"), on.reply_id == reply.id, reply.closed_at.is_(None)
        ),
    ]


def _rows(what: str, place: ColumnElement[Any], about: Any, one: Any, other: Any) -> Select[Any]:
    """One kind of row for all six, so that one statement can ask for them."""
    return select(literal_column(f"'{what}'").label("what"), place.label("place"), about.label("about"), one, other)


_EVERYTHING = union_all(*_all_about())
