"""The effect of enrolling: the texts that the patient gets, and what becomes of those of others on the number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from notifier.db.tables import Enrollment
from notifier.domain.planning.difference import PlannedChange, compare
from notifier.domain.planning.first_text import FirstText
from notifier.domain.planning.plan import EnrollmentFacts, Plan
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.effect import Effect, OtherEffect, What, fields_of, texts_of
from notifier.enrollments.fields import KEPT
from notifier.enrollments.first_text_changes import FirstTextChange
from notifier.enrollments.requests import Checked


def visible_of(
    others: Sequence[OtherEffect], offices: Mapping[int, str | None], yours: frozenset[str] | None
) -> tuple[OtherEffect, ...]:
    """Those that somebody of these offices may see; None: all."""
    return tuple(one for one in others if yours is None or offices[one.enrollment] in {None, *yours})


def effect_of_new(
    wanted: Checked,
    plan: Plan,
    others: Sequence[OtherEffect],
    *,
    enrollment: int,
    first: FirstText | None,
    opted_out: bool,
    others_unplanned: bool,
    offices: Mapping[int, str | None],
    yours: frozenset[str] | None,
    now: datetime,
) -> Effect:
    """Of somebody who was not enrolled: there is nothing before. `enrollment` is 0 where it is not stored."""
    facts, visible = wanted.facts, visible_of(others, offices, yours)
    withheld = tuple(PlannedChange(one.step, why=one.why, for_staff=one.for_staff) for one in plan.withheld)
    difference = replace(compare((), plan, facts.phone, now), cancelled=withheld)
    return Effect(
        enrollment=enrollment,
        already=False,
        timezone=facts.timezone,
        before={},
        after=_fields_of(wanted),
        texts=(*((FirstTextChange(What.ADDED, None, first).effect,) if first else ()), *texts_of(difference)),
        others=visible,
        others_elsewhere=len(others) - len(visible),
        others_unplanned=others_unplanned,
        on_their_way=(),
        opted_out=opted_out,
        unanswered=facts.unanswered if facts.anchor.treated else {},
        not_told=plan.uninformed,
        nobody_tells=(),
    )


def effect_of_known(stored: Enrollment, facts: EnrollmentFacts, *, opted_out: bool) -> Effect:
    """Of somebody who was enrolled already: nothing changes."""
    fields = fields_of(stored, facts, ChangeRequest())
    return Effect(
        enrollment=facts.enrollment,
        already=True,
        timezone=facts.timezone,
        before=fields,
        after=fields,
        texts=(),
        others=(),
        others_elsewhere=0,
        others_unplanned=False,
        on_their_way=(),
        opted_out=opted_out,
        unanswered=facts.unanswered if facts.anchor.treated else {},
        not_told=(),
        nobody_tells=(),
    )


def _fields_of(wanted: Checked) -> dict[str, Any]:
    facts = wanted.facts
    values = {one.name: wanted.value(one.name) for one in KEPT}
    return {"state": facts.state.value, **values, "version": facts.protocol.version}
