"""Evidence as a person reads it: what happened to one patient, in order, on the clinic's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from notifier.domain.counted import counted

_SAID = {
    "enrolled": "enrolled, with consent",
    "opted_out": "STOP",
    "opted_in": "START",
    "erased": "name, numbers and words were erased",
    "evidence": "this evidence, or one like it, was made",
}
_SEALED_LATE = 3600
"""Seconds; what is sealed later than that is proven from then on alone."""


def account_of(evidence: dict[str, Any], zone: ZoneInfo) -> str:
    """The events with why and their words; what an erasure has taken is said to be committed to."""
    enrollments = ", ".join(map(str, evidence["enrollments"]))
    seals = [seal for seal in evidence["seals"] if isinstance(seal, dict)]
    opened = [(event, seal["seal"][2]) for seal in seals for event in seal["events"]]
    lines = [f"Evidence of enrollment {enrollments}: {counted(len(opened), 'event')}", ""]
    for event, sealed_at in opened:
        lines += _lines(event, evidence["steps"], datetime.fromisoformat(sealed_at), zone)
    lines += [
        "",
        f"Seal {evidence['number']} of the chain is {evidence['digest']}",
        "To verify it: python verify_evidence.py evidence.json. That digest must be the one in a copy of the audit log",
        "that somebody else keeps: only then did nobody write all of it anew.",
    ]
    return "\n".join(lines) + "\n"


def _lines(event: dict[str, Any], steps: dict[str, str], sealed_at: datetime, zone: ZoneInfo) -> Iterator[str]:
    _number, _before, stamp, by, what, enrollment, text, seen, to, proof = event["line"]
    at = datetime.fromisoformat(stamp)
    about = f"text {text}, {steps.get(str(text), 'test')}" if text else f"enrollment {enrollment}"
    happened = f"{seen} to {to}" if seen and to and seen != to else _SAID.get(what, what.replace("_", " "))
    yield f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  {about}: {happened}, by {by}"
    for said in event.get("content", ()):
        yield from (f"    {one}" for one in (said or "").splitlines())
    if proof and "content" not in event:
        yield "    (erased; it was sealed as " + proof[:16] + "...)"
    if (sealed_at - at).total_seconds() > _SEALED_LATE:
        yield f"    (before evidence, or while nothing ran: sealed at {sealed_at.astimezone(zone):%Y-%m-%d %H:%M %Z})"
