"""Whether a request means an enrollment that is there already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol

from notifier.domain.enroll_request import Checked
from notifier.domain.refused import Refused
from notifier.domain.states import EnrollmentState


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
    def ordinal(self) -> int: ...
    @property
    def state(self) -> EnrollmentState: ...
    @property
    def reason(self) -> str | None: ...


def next_ordinal(wanted: Checked, on_this_phone: Iterable[StoredEnrollment]) -> int | None:
    """The ordinal of a new enrollment; None where it is there already. Raises Refused where only staff can tell.

    Same phone, folded name, protocol and local date is the same enrollment, unless staff say that it is a second one.
    """
    facts = wanted.facts
    same = [
        stored
        for stored in on_this_phone
        if (stored.phone, stored.folded_name, stored.protocol, stored.treated_on)
        == (facts.phone, facts.folded_name, facts.protocol.id, facts.local_day)
    ]
    if not same:
        return 0
    last = max(same, key=lambda stored: stored.ordinal)
    if wanted.second:
        return last.ordinal + 1
    refuse_ended(last)
    if last.treated_at is None and facts.treated_at is not None:
        raise Refused(
            f"this is enrollment {last.id}, which is booked for that day; "
            f"say: notifier treated {last.id} --at {facts.treated_at.isoformat(timespec='minutes')}",
            "treated_at",
        )
    return None


def refuse_ended(stored: StoredEnrollment) -> None:
    """Refuse an enrollment whose texts have ended for good."""
    if stored.state is EnrollmentState.CANCELLED:
        why = f" ({stored.reason})" if stored.reason else ""
        raise Refused(f"this is enrollment {stored.id}, which was cancelled{why}; enroll her again with --second")
    if stored.state is EnrollmentState.NO_SHOW:
        raise Refused(f"this is enrollment {stored.id}, a no-show; enroll her again with --second")
