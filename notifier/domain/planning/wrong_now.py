"""What a patient was told, and what is wrong of it after a change: somebody must call. Other words are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from notifier.domain.kinds import CORRECTION
from notifier.domain.planning.difference import OutboxRow, PlannedChange
from notifier.domain.planning.plan import Plan
from notifier.domain.states import SAID
from schedules.catch_up import is_catch_up
from schedules.checks.same_facts import same_facts
from schedules.planned import PlannedMessage
from schedules.protocol import Step, StepKind

OTHER_WORDS: Final = "it was read in other words; no length, end, topic or number in it is different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A plan before and after a change, in one language and without names, all steps included."""

    before: Plan
    after: Plan
    language: str | None
    """None: the protocols of the two share none, so that each is in its own."""


def find_wrong(rows: Sequence[OutboxRow], compared: Comparison) -> list[PlannedChange]:
    """What was said and is wrong now; with `OTHER_WORDS` as its reason, what is merely said in other words now."""
    before, after = compared.before, compared.after
    was = {message.step: message for message in before.timeline.messages}
    now = {message.step: message for message in after.timeline.messages}
    ends = dict(before.timeline.restrictions), dict(after.timeline.restrictions)
    withheld = {withheld.step: withheld for withheld in after.withheld}
    found = []
    for row in rows:
        if row.state not in SAID or (row.kind == StepKind.PREPARE and after.timeline.anchor.treated):
            continue
        if held := withheld.get(row.step):
            if row.kind == StepKind.LIFT and row.left_at is not None and row.left_at > held.since:
                found.append(PlannedChange(row.step, row, None, f"it was said after a newer treatment: {held.why}"))
            elif row.kind == StepKind.RESTRICT and row.step in was and (why := _moved(was[row.step], *ends)):
                found.append(PlannedChange(row.step, row, None, why))
        elif row.kind == CORRECTION or is_catch_up(row.step):
            if why := _ends_moved(row.topics or (), *ends) or _is_of_another(row, compared):
                found.append(PlannedChange(row.step, row, None, why))
        elif row.step not in now:
            found.append(PlannedChange(row.step, row, None, "it is no longer part of the plan"))
        elif why := _what_is_wrong(row, was.get(row.step), now[row.step], compared):
            found.append(PlannedChange(row.step, row, now[row.step], why))
    return found


def _what_is_wrong(
    row: OutboxRow,
    was: PlannedMessage | None,
    now: PlannedMessage,
    compared: Comparison,
) -> str | None:
    if now.kind is StepKind.LIFT and row.left_at is not None and now.not_before > row.left_at:
        return f"the patient was told {', '.join(now.topics)} may be again, and the restriction ends only later"
    if was is None:
        return None
    ends = (dict(one.timeline.restrictions) for one in (compared.before, compared.after))
    if now.kind is StepKind.RESTRICT and (why := _moved(now, *ends)):
        return why
    is_reworded = was.text != now.text
    if is_reworded and not _is_only_reworded(was, now, compared):
        return "what it said is different now"
    if now.kind is StepKind.PREPARE and was.nominal_at != now.nominal_at:
        return "the visit has moved"
    return OTHER_WORDS if is_reworded else None


def _is_of_another(row: OutboxRow, compared: Comparison) -> str | None:
    """A correction that prints no end is right by the version that it was written for."""
    versions = {one.timeline.protocol.version for one in (compared.before, compared.after)}
    if row.kind != CORRECTION or row.topics or len(versions) == 1:
        return None
    return "it corrected what another version says"


def _is_only_reworded(was: PlannedMessage, now: PlannedMessage, compared: Comparison) -> bool:
    """Whether the protocol says it in other words, and what is printed in them is what was printed before.

    A warning in other words may warn of something else.
    """
    before, after = compared.before.timeline, compared.after.timeline
    then, since = _step_of(was, compared.before), _step_of(now, compared.after)
    code = compared.language
    if code is None or then is None or since is None or (was.kind, was.topics) != (now.kind, now.topics):
        return False
    if now.kind is StepKind.WARNING or before.anchor != after.anchor or then.printed_series or since.printed_series:
        return False
    printed = {*then.still_held, *since.still_held}
    if _ends_moved(sorted(printed), dict(before.restrictions), dict(after.restrictions)):
        return False
    topics = before.protocol.restrictions.keys() | after.protocol.restrictions.keys()
    pairs = [(then.text, since.text)]
    if then.late_text and since.late_text:
        pairs.append((then.late_text, since.late_text))
    is_new = any(old != new for old, new in pairs)
    return is_new and all(same_facts(old[code], new[code], topics, code) for old, new in pairs)


def _step_of(message: PlannedMessage, plan: Plan) -> Step | None:
    return next((one for one in plan.timeline.protocol.planned_steps if one.key == message.step), None)


def _moved(text: PlannedMessage, ends_before: Mapping[str, datetime], ends_after: Mapping[str, datetime]) -> str | None:
    return _ends_moved(text.topics, ends_before, ends_after)


def _ends_moved(
    topics: Sequence[str], ends_before: Mapping[str, datetime], ends_after: Mapping[str, datetime]
) -> str | None:
    moved = [topic for topic in topics if ends_before.get(topic) != ends_after.get(topic)]
    return f"the end of {', '.join(moved)} has moved" if moved else None
