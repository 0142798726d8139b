"""A timeline as JSON: the shape that `notifier timeline --json` prints and others rely on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from schedules.offsets import NOT_YET
from schedules.planned import PlannedMessage
from schedules.timeline import Timeline


def timeline_json(timeline: Timeline) -> dict[str, Any]:
    """Plain values for `json.dumps`; instants are ISO 8601 with their offset, UTC but for those that say local."""
    anchor = _local(timeline.anchor.at, timeline.zone)
    treated = timeline.anchor.treated
    return {
        "protocol": timeline.protocol.id,
        "version": timeline.protocol.version,
        "treated_at": anchor if treated else None,
        **({} if treated else {"appointment_at": anchor}),
        "timezone": timeline.zone.key,
        "restrictions": [{"topic": topic, "until": _utc(until)} for topic, until in timeline.restrictions],
        "messages": [_message(message, timeline.zone) for message in timeline.messages],
        "unanswered": list(timeline.unanswered),
        "left_out": [{"step": left.step, "why": left.why} for left in timeline.left_out],
    }


def _message(message: PlannedMessage, zone: ZoneInfo) -> dict[str, Any]:
    due = message.due_at
    return {
        "step": message.step,
        "kind": message.kind.value,
        "topics": list(message.topics),
        "due_at": due and _utc(due),
        "due_local": due and _local(due, zone),
        "not_before": _utc(message.not_before),
        "expires_at": _utc(message.expires_at),
        "text": message.text,
        "segments": message.segments.count,
        "encoding": message.segments.encoding,
        "notes": list(message.notes),
    }


def _utc(at: datetime) -> str | None:
    """None for what has no end yet."""
    return None if at >= NOT_YET else at.astimezone(UTC).isoformat()


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()
