"""The facts about a batch of due texts, read for all of them at once in the transaction that claims them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Row, func, text
from sqlalchemy.orm import Session
from sqlmodel import col

from notifier.db.tables import Enrollment, Message
from notifier.domain.instants import zone_called
from notifier.domain.kinds import OF_NO_PLAN, held_as
from notifier.domain.offices import Offices
from notifier.domain.phone import area_zones
from notifier.domain.staffed_hours import StaffedClock
from notifier.domain.states import EnrollmentState, MessageState
from notifier.domain.waiting import OpenHold, waits_for
from notifier.numbers.open_replies import seen_from, what_holds
from notifier.numbers.opt_outs import opted_out_phones
from notifier.sending.decide import Decision, SendingFacts, Wait, Withdraw, decide
from notifier.sending.known import what_is_known
from notifier.sending.uninformed import uninformed_lifts, uninformed_rules
from schedules.asking import first_asking
from schedules.protocol import StepKind
from schedules.quiet_days import quiet_days
from schedules.send_window import OpenHours, SendWindow

DECIDED_BY: tuple[Any, ...] = (
    col(Message.id), col(Message.enrollment_id), col(Message.step), col(Message.kind), col(Message.phone),
    col(Message.reason), col(Message.nominal_at), col(Message.due_at), col(Message.not_before), col(Message.expires_at),
    col(Message.text), col(Message.late_text),
    func.coalesce(col(Enrollment.state), EnrollmentState.ACTIVE).label("enrollment_state"),
    func.coalesce(col(Enrollment.protocol), "").label("protocol"),
    func.coalesce(col(Enrollment.timezone), "UTC").label("timezone"),
    col(Enrollment.treated_at),
    func.coalesce(col(Enrollment.rebook_consent), False).label("rebook_consent"),
    func.coalesce(col(Enrollment.office), col(Message.office)).label("office"),
    col(Enrollment.quiet_days),
)  # fmt: skip
"""What a due text's fate is decided by, of its row and its enrollment's; in the order of `Due`. A reply to a number
that nobody enrolled has no enrollment; what stands there then, nobody asks of a reply."""


class Due(NamedTuple):
    """A due text, and what is needed of its enrollment: an answer's row of `DECIDED_BY`, with types."""

    id: int
    enrollment_id: int | None
    step: str
    kind: str
    phone: str
    reason: str | None
    nominal_at: datetime
    due_at: datetime
    not_before: datetime
    expires_at: datetime
    text: str
    late_text: str | None
    enrollment_state: EnrollmentState
    protocol: str
    timezone: str
    treated_at: datetime | None
    rebook_consent: bool
    office: str | None
    quiet_days: str | None

    @classmethod
    def of(cls, row: Row[Any]) -> Due:
        """Of a row that begins with `DECIDED_BY`."""
        return cls._make(row[: len(DECIDED_BY)])

    @property
    def has_late_text(self) -> bool:
        """Whether it has other words for another day."""
        return self.late_text is not None


@dataclass(frozen=True, slots=True)
class FactsOfBatch:
    """What holds for the numbers and protocols of a batch; `count` keeps the daily cap and the gap true within it."""

    opted_out: set[str]
    never_texted: set[int]
    """Enrollments whose person must never be texted."""
    holds: dict[str, list[OpenHold]]
    pauses: dict[tuple[str, str | None], str]
    left: dict[str, list[datetime]]
    uninformed: Mapping[int, str]
    """By text: why a lift must wait until its rule was told."""
    untold: Collection[int]
    """Texts that tell a rule which nothing has told yet, among those that the cap or a quiet day may hold."""
    window: SendWindow
    """The clinic's own; an office may have another."""
    offices: Offices
    staffed: StaffedClock | None
    """The clinic's own; an office may have other hours."""
    most: int
    _hours: dict[object, OpenHours] = field(default_factory=dict)
    """By office, zones and wish: most patients of a batch live in the same few."""

    @classmethod
    def of(
        cls,
        session: Session,
        due: Sequence[Due],
        *,
        window: SendWindow,
        offices: Offices,
        staffed: StaffedClock | None,
        most: int,
        now: datetime,
        only_look: bool = False,
    ) -> FactsOfBatch:
        """`only_look`: these texts are claimed, and counted for their numbers' days; nobody has to wait for it."""
        texts = Counter(row.phone for row in due)
        if not only_look:
            _one_at_a_time(session, texts.keys())
        enrolled = {row.enrollment_id for row in due if row.enrollment_id}
        known = what_is_known(session, texts.keys(), enrolled, left_before=None if only_look else now)
        left, kept = known.left, known.kept

        def may_be_held(row: Due) -> bool:
            is_crowded = not only_look and len(left.get(row.phone, ())) + texts[row.phone] > most
            office = offices.get(row.office or "")
            return is_crowded or _is_quiet(row, office.window if office else window, now)

        return cls(
            opted_out=opted_out_phones(session, kept) if kept else set(),
            never_texted=known.never_texted,
            holds=what_holds(session, kept) if kept else {},
            pauses=known.pauses,
            left=left,
            uninformed=uninformed_lifts(session, [row.id for row in due if row.kind == StepKind.LIFT], now),
            untold=uninformed_rules(
                session, [row.id for row in due if row.kind == StepKind.RESTRICT and may_be_held(row)]
            ),
            window=window,
            offices=offices,
            staffed=staffed,
            most=most,
        )

    def decide(self, row: Due, now: datetime) -> Decision:
        """The fate of one text. One that cannot even be read must not stop the others, nor the worker."""
        if row.office is not None and row.office not in self.offices:
            return Wait(now + timedelta(hours=1), f'its office "{row.office}" is not in the offices file')
        try:
            known = self.about(row)
        except ValueError:
            return Wait(now + timedelta(hours=1), f'"{row.timezone}" is not a time zone; change the enrollment\'s')
        try:
            return decide(row, known, now)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, it is this text's alone
            return Withdraw(MessageState.FAILED, f"it could not be prepared ({type(error).__name__})")

    def about(self, row: Due) -> SendingFacts:
        """The facts about one text; raises ValueError for a time zone that does not exist."""
        office = self.offices[row.office] if row.office else None
        window, staffed = (office.window, office.staffed_clock) if office else (self.window, self.staffed)
        held = self.holds.get(row.phone, ())
        area = area_zones(row.phone)
        place = (row.office, row.timezone, area, row.quiet_days)
        if (hours := self._hours.get(place)) is None:
            hours = self._hours[place] = _hours(window, row.timezone, area, staffed, row.quiet_days)
        return SendingFacts(
            never_text=row.enrollment_id in self.never_texted,
            enrollment=row.enrollment_state,
            opted_out=row.phone in self.opted_out,
            hours=hours,
            is_staffed=staffed is not None,
            treated_at=row.treated_at,
            rebook_consent=row.rebook_consent,
            waits_for=waits_for(
                row.kind,
                first_asking(row.step),
                row.protocol,
                enrollment=row.enrollment_state,
                holds=[seen_from(one, row.office) for one in held] if held else (),
                pauses=self.pauses,
            ),
            number_held=_is_held(row, held),
            uninformed=self.uninformed.get(row.id),
            left=self.left.get(row.phone, ()),
            max_texts_per_day=self.most,
            tells_untold=row.id in self.untold,
        )

    def count(self, row: Due, now: datetime) -> None:
        """One more text leaves for this number at `now`, where it is one that the plan counts."""
        if row.kind in OF_NO_PLAN:
            return
        self.left.setdefault(row.phone, []).append(now)


def _is_held(row: Due, held: Sequence[OpenHold]) -> bool:
    if not held:
        return False
    kind = held_as(row.kind, row.step)
    return kind is not None and any(hold.covers(kind) for hold in held)


@lru_cache(maxsize=4096)
def _hours(
    window: SendWindow, zone: str, area: tuple[str, ...], staffed: StaffedClock | None, wish: str | None
) -> OpenHours:
    return OpenHours(window, zone_called(zone), [zone_called(name) for name in area], staffed, quiet_days(wish))


def _is_quiet(row: Due, window: SendWindow, now: datetime) -> bool:
    """Whether it is a quiet day of its clinic where the patient lives; not where nobody knows the zone."""
    try:
        return bool(window.quiet) and now.astimezone(zone_called(row.timezone)).date() in window.quiet
    except ValueError:
        return False


def _one_at_a_time(session: Session, phones: Collection[str]) -> None:
    """Two workers with texts for one number must count its texts one after the other. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        ordered = "(SELECT unnest(CAST(:phones AS text[])) AS p ORDER BY 1) AS ordered"
        locks = f"SELECT pg_advisory_xact_lock(hashtextextended(p, 0)) FROM {ordered}"  # noqa: S608  # no value in it
        session.execute(text(locks), {"phones": sorted(phones)})
