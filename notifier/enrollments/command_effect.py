"""The effect of a command: what its plan comes to."""

from __future__ import annotations

from notifier.db.tables import Enrollment
from notifier.domain.states import RUNNING
from notifier.enrollments.changes import ChangeRequest
from notifier.enrollments.command_plan import CommandPlan
from notifier.enrollments.effect import Effect, fields_of, others_of, texts_of


def effect_of(stored: Enrollment, plan: CommandPlan, wanted: ChangeRequest, yours: frozenset[str] | None) -> Effect:
    """What a plan comes to, while nothing of it is written. `yours` are the offices of whoever asks; None: all."""

    def is_yours(whose: int | None) -> bool:
        return yours is None or (office := plan.offices.get(whose or 0)) is None or office in yours

    visible = {whose: difference for whose, difference in plan.others.items() if is_yours(whose)}
    first = (one for one in plan.first if one.row is None or is_yours(one.row.enrollment_id))
    after = plan.after
    return Effect(
        enrollment=plan.before.enrollment,
        already=plan.already,
        timezone=after.timezone,
        before=fields_of(stored, plan.before, ChangeRequest()),
        after=fields_of(stored, after, wanted),
        texts=(*texts_of(plan.own), *(one.effect for one in first)),
        others=others_of(visible),
        others_elsewhere=sum(one.changes_anything for whose, one in plan.others.items() if whose not in visible),
        others_unplanned=plan.others_unplanned,
        on_their_way=plan.on_their_way,
        opted_out=plan.opted_out,
        unanswered=after.unanswered if after.state in RUNNING and after.anchor.treated else {},
        not_told=plan.uninformed,
        nobody_tells=tuple(one for one in plan.nobody_tells if is_yours(one[0])),
    )
