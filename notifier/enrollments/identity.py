"""Whether a request means an enrollment that is there already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol, TypeVar

from notifier.domain.instants import local_text
from notifier.domain.planning.plan import PlanningRules
from notifier.domain.refused import RefusalCode, Refused
from notifier.domain.states import EnrollmentState
from notifier.enrollments.elsewhere import stands_elsewhere
from notifier.enrollments.requests import Checked


class StoredEnrollment(Protocol):
    """An enrollment of the table, as far as it can be the same as a new one."""

    @property
    def id(self) -> int | None: ...
    @property
    def folded_name(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def treated_on(self) -> date: ...
    @property
    def treated_at(self) -> datetime | None: ...
    @property
    def appointment_at(self) -> datetime | None: ...
    @property
    def ordinal(self) -> int: ...
    @property
    def state(self) -> EnrollmentState: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def office(self) -> str | None: ...


_Stored = TypeVar("_Stored", bound=StoredEnrollment)


def next_ordinal(wanted: Checked, on_this_phone: Iterable[StoredEnrollment], rules: PlanningRules) -> int | None:
    """The ordinal of a new enrollment; None where it is there already. Raises Refused where only staff can tell.

    Same phone, folded name, protocol and local date is the same enrollment, unless staff say that it is a second one.
    One at an office that whoever asks may not see is refused without a word about it.
    """
    facts = wanted.facts
    same = _on_that_day(wanted, on_this_phone)
    if not same:
        return 0
    if wanted.second:
        return max(stored.ordinal for stored in same) + 1
    visible = [stored for stored in same if rules.is_yours(stored.office)]
    if not visible:
        raise stands_elsewhere()
    meant = _meant(wanted, visible)
    refuse_ended(meant)
    if meant.treated_at is None and facts.treated_at is not None:
        raise Refused(
            f"this is enrollment {meant.id}, which is booked for that day; say there that the patient was treated",
            "treated_at",
            code=RefusalCode.BOOKED_ALREADY,
            enrollment=meant.id,
            at=local_text(facts.treated_at, facts.timezone),
        )
    return None


def the_same(wanted: Checked, on_this_phone: Iterable[_Stored], rules: PlanningRules) -> _Stored:
    """The enrollment that is there already, where `next_ordinal` is None."""
    visible = [stored for stored in on_this_phone if rules.is_yours(stored.office)]
    return _meant(wanted, _on_that_day(wanted, visible))


def _on_that_day(wanted: Checked, on_this_phone: Iterable[_Stored]) -> list[_Stored]:
    facts = wanted.facts
    return [
        stored
        for stored in on_this_phone
        if (stored.phone, stored.folded_name, stored.protocol, stored.treated_on)
        == (facts.phone, facts.folded_name, facts.protocol.id, facts.local_day)
    ]


def _meant(wanted: Checked, same: Iterable[_Stored]) -> _Stored:
    """Of two treatments on one day the one at that very moment, else the later one."""
    at = wanted.facts.anchor.at
    return max(same, key=lambda stored: ((stored.treated_at or stored.appointment_at) == at, stored.ordinal))


def refuse_ended(stored: StoredEnrollment) -> None:
    """Refuse an enrollment whose texts have ended for good."""
    if stored.state is EnrollmentState.CANCELLED:
        why = f" ({stored.reason})" if stored.reason else ""
        raise Refused(
            f"this is enrollment {stored.id}, which was cancelled{why}; take that back, "
            "or enroll the patient again as a second treatment",
            code=RefusalCode.ENDED_ALREADY,
            enrollment=stored.id,
        )
    if stored.state is EnrollmentState.NO_SHOW:
        raise Refused(
            f"this is enrollment {stored.id}, a no-show; take that back, "
            "or enroll the patient again as a second treatment",
            code=RefusalCode.ENDED_ALREADY,
            enrollment=stored.id,
        )
