"""What belongs to an office whose patients somebody may not see: it counts, and no word of it is told."""

from __future__ import annotations

from collections.abc import Iterable

from notifier.db.tables import Enrollment
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import Refused
from notifier.enrollments.requests import Checked


class StandsElsewhere(Refused):
    """The one refusal for whatever another office has that forbids what was asked: it tells neither whose nor what.

    A preview does not give it, or somebody could try out names, days and ids at no cost.
    """


def stands_elsewhere() -> Refused:
    """The refusal, in its one sentence."""
    return StandsElsewhere(
        "something at another office stands in the way, and nothing was done; ask somebody who sees all offices"
    )


def refuse_ids_elsewhere(known: Iterable[Enrollment], wanted: Iterable[Checked], rules: PlanningRules) -> None:
    """Refuse an external id that another office's patient has, of these who are enrolled."""
    ids = {one.external_id for one in wanted if one.external_id}
    if any(one.external_id in ids and not rules.is_yours(one.office) for one in known):
        raise stands_elsewhere()
