"""Alert rules: from facts to causes. No sentence here names a patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.access.rate_limit import Tried
from notifier.domain.counted import counted
from notifier.domain.kinds import step_in_words
from notifier.domain.offices import NO_OFFICES, Offices
from notifier.domain.staffed_hours import StaffedHours
from notifier.numbers.twilio_block import Blocked
from notifier.oversight.alerts.cadence import Cause
from notifier.oversight.alerts.reply_alerts import (
    UnreadReplies,
    UntakenReply,
    digest,
    held_since_upgrade_cause,
    reply_causes,
    unknown_numbers_cause,
)
from notifier.oversight.health import VitalSigns, troubles
from schedules.offsets import wall_first
from schedules.send_window import DEFAULT_WINDOW, SendWindow, zone_named

GATE_SHUT: Final = timedelta(minutes=10)
"""So long without reading what patients wrote is more than one slow answer of the provider."""
UNKNOWN_FOR: Final = timedelta(minutes=30)
"""Twice what it takes to look a lost text up."""
VISIT: Final = timedelta(hours=1)
"""How long an appointment is taken to last; nobody tells us."""
MARKED_WITHIN: Final = timedelta(hours=1)
"""After the visit: until then somebody may still be writing it up."""
TRIED_AT_MOST_EVERY: Final = timedelta(hours=12)
"""Whoever tries passwords or codes goes on all night: one alert says it."""
FILTERED_PART: Final = 0.05
FILTERED_AT_LEAST_OF: Final = 20
"""Of so few texts, one filtered would be more than that part."""
_LONGEST_KEY: Final = 80
_LONGEST_WHY: Final = 370
"""What is wrong with a file shows a line of it; the table has room for 400 characters."""
_BY_OTHER_RULES: Final = frozenset({"send_gate", "unknown", "worker", "schema"})
_NAMED: Final = {"overdue": "silence"}


@dataclass(frozen=True, slots=True)
class TextInTrouble:
    """A text that did not reach its patient."""

    message: int
    enrollment: int
    expired: bool
    reason: str | None
    office: str | None = None


@dataclass(frozen=True, slots=True)
class UnmarkedVisit:
    """A booked enrollment whose appointment has passed."""

    enrollment: int
    appointment_at: datetime
    office: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingLift:
    """A lift whose length has been over for some time, and that nobody has cleared."""

    message: int
    enrollment: int
    office: str | None = None


@dataclass(frozen=True, slots=True)
class Filtered:
    """How many of the texts that left within the last hour a carrier took for unwanted ones."""

    of: int
    """All that left."""
    steps: tuple[tuple[str, str, int], ...]
    """Protocol, step and how many of its texts, the most first."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """The facts that alerts follow from, as the tables have them at one moment."""

    signs: VitalSigns
    urgent: tuple[UntakenReply, ...] = ()
    """Replies with urgent words that nobody sees to."""
    holding: tuple[UntakenReply, ...] = ()
    """Replies that hold their number whole, which nobody has taken or closed."""
    unread: tuple[UnreadReplies, ...] = ()
    """All that nobody has closed, by office."""
    held_since_upgrade: int = 0
    """Replies that were open before open replies held texts, and that hold some now."""
    too_many_unknown: bool = False
    """More urgent words from unknown numbers came within the last hour than are answered."""
    unmarked: tuple[UnmarkedVisit, ...] = ()
    in_trouble: tuple[TextInTrouble, ...] = ()
    waiting: tuple[WaitingLift, ...] = ()
    filtered: Filtered | None = None
    blocked: tuple[Blocked, ...] = ()
    """Whom Twilio blocks although the patient agreed to texts again."""

    often_tried: frozenset[Tried] = frozenset()
    """What was wrong at sign-ins of one person more often than a slip is."""
    failed_files: tuple[tuple[str, int, int], ...] = ()
    """Booking systems' files that could not be taken whole: the mapping, rows to mend (0: it was refused), the file."""
    failed_hooks: tuple[tuple[str, int, int], ...] = ()
    """Booking systems of which posts could not be taken: the source, how many, the latest."""
    failed_feeds: tuple[tuple[int, str], ...] = ()
    """Calendars whose last look failed: the number and the name."""


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The clinic's settings that alerts depend on."""

    zone: ZoneInfo
    staffed: StaffedHours | None = None
    window: SendWindow = DEFAULT_WINDOW
    by_webhook: bool = False
    """Receipts should come that way."""
    unreadable_protocols: Mapping[str, str] = field(default_factory=dict)
    """The clinic's own protocols whose files could not be read when this process started, by id: what is wrong."""
    unread_after: timedelta = timedelta(minutes=30)
    """So much staffed time a reply may be unread before the office is told."""
    offices: Offices = field(default_factory=lambda: NO_OFFICES)

    def hours_of(self, office: str | None) -> tuple[StaffedHours | None, ZoneInfo, SendWindow]:
        """When an office is staffed, on which clock, and its send window; the clinic's own for one that is gone."""
        if office is None or office not in self.offices:
            return self.staffed, self.zone, self.window
        profile = self.offices[office]
        return profile.staffed, zone_named(profile.timezone), profile.window


def find_causes(facts: AlertFacts, rules: AlertRules, now: datetime) -> list[Cause]:
    """Every cause for an alert at `now`, what concerns a patient's health first."""
    return [
        *reply_causes(facts.urgent, facts.holding),
        *([held_since_upgrade_cause(facts.held_since_upgrade)] if facts.held_since_upgrade else ()),
        *([unknown_numbers_cause()] if facts.too_many_unknown else ()),
        *_of_the_engine(facts.signs, rules, now),
        *_filtered(facts.filtered),
        *(_of_sign_ins(what) for what in sorted(facts.often_tried)),
        *(_of_a_protocol(*one) for one in rules.unreadable_protocols.items()),
        *_unmarked(facts, rules, now),
        *map(_blocked, facts.blocked),
        *(_of_a_text(text) for text in facts.in_trouble),
        *(_of_a_gate(lift) for lift in facts.waiting),
        *(_of_a_file(*one) for one in facts.failed_files),
        *(_of_a_hook(*one) for one in facts.failed_hooks),
        *(_of_a_feed(*one) for one in facts.failed_feeds),
        *_unread(facts, rules, now),
    ]


def _of_a_file(mapping: str, to_mend: int, number: int) -> Cause:
    rows = counted(to_mend, "row of it waits", "rows of it wait")
    what = f"{rows} to be mended" if to_mend else "it was refused whole"
    return Cause(
        f"file:{number}",
        f"a file of {mapping} could not be taken: {what}; see the folder `failed` beside it, or Import",
    )


def _of_a_hook(source: str, count: int, latest: int) -> Cause:
    what = counted(count, "post")
    return Cause(
        f"hook:{latest}", f"{what} of the booking system {source} could not be taken; see Accounts, Webhooks: what is "
        f"wrong stands there, and what is mended is tried again",
    )  # fmt: skip


def _of_sign_ins(what: Tried) -> Cause:
    why = {
        Tried.PASSWORD: "ten wrong passwords or more for one person within a quarter of an hour; whose and from where "
        "stands in the audit log (refused): if it was not that person, warn them",
        Tried.CODE: "ten wrong codes or more of one person's second factor within a quarter of an hour: whoever tries "
        "them may know the password. The audit log says whose (refused): give that person another password",
    }
    return Cause(f"wrong-{what}s", why[what], at_most_every=TRIED_AT_MOST_EVERY)


def _of_a_feed(number: int, name: str) -> Cause:
    return Cause(f"feed:{number}", f"the calendar {name} could not be read, or not all of it; see: notifier feeds list")


def _of_the_engine(signs: VitalSigns, rules: AlertRules, now: datetime) -> Iterator[Cause]:
    seen = set()
    for trouble in troubles(signs, now, by_webhook=rules.by_webhook):
        if trouble.what not in _BY_OTHER_RULES and trouble.what not in seen:
            seen.add(trouble.what)
            yield Cause(_NAMED.get(trouble.what, trouble.what), trouble.why)
    if signs.working_since is not None:
        read = max(signs.working_since, signs.inbound_read_at or signs.working_since)
        if now - read > GATE_SHUT:
            yield Cause("gate", "nothing is sent: what patients write cannot be read from the provider")
    if signs.unknown_since is not None and now - signs.unknown_since > UNKNOWN_FOR:
        yield Cause("unknown", "for half an hour nobody has known whether a text left")
    if signs.waiting.get("needs_review"):
        yield Cause("review", "a person must say whether a text had left")


def _filtered(found: Filtered | None) -> Iterator[Cause]:
    """One filtered text is told like any other that did not arrive; many of them blame the words."""
    if found is None or found.of < FILTERED_AT_LEAST_OF:
        return
    many = sum(count for _, _, count in found.steps)
    if many > FILTERED_PART * found.of:
        protocol, step, most = found.steps[0]
        which = f"“{step_in_words(step)}” of {protocol}"
        why = f"carriers filtered {many} of the last hour's {counted(found.of, 'text')}, {most} of them {which}"
        yield Cause("filtered", f"{why}; look at its words, or pause it")


def _of_a_protocol(protocol: str, why: str) -> Cause:
    wrong = why.splitlines()[0]
    said = f"nobody is enrolled on a protocol whose file cannot be read: {wrong}"
    return Cause(f"protocol-{protocol}"[:_LONGEST_KEY], f"{said[:_LONGEST_WHY]}; see: notifier doctor")


def _unmarked(facts: AlertFacts, rules: AlertRules, now: datetime) -> Iterator[Cause]:
    for visit in facts.unmarked:
        if now >= to_be_marked_by(visit.appointment_at, rules, visit.office):
            why = (
                f"enrollment {visit.enrollment}: the visit is over, and without treated or no-show no aftercare starts"
            )
            yield Cause(f"unmarked-{visit.enrollment}", why, clinical=True, office=visit.office)


def _unread(facts: AlertFacts, rules: AlertRules, now: datetime) -> Iterator[Cause]:
    """Where nobody has said when an office is staffed, the hours in which it texts stand in: somebody must be told."""
    for one in facts.unread:
        staffed, zone, window = rules.hours_of(one.office)
        hours = staffed or StaffedHours.parse(f"Mon-Sun {window}")
        if cause := digest(one, hours, zone, after=rules.unread_after, now=now):
            yield cause


def to_be_marked_by(appointment: datetime, rules: AlertRules, office: str | None = None) -> datetime:
    """When an appointment that nobody has marked is missed: an hour after the visit, or when the clinic closes.

    Where nobody has said when the clinic is staffed, it closes with the send window.
    """
    staffed, zone, window = rules.hours_of(office)
    day = appointment.astimezone(zone).date()
    closing = staffed.closing(appointment, zone) if staffed else wall_first(day, window.closes, zone)
    late = appointment + VISIT + MARKED_WITHIN
    return closing if closing is not None and appointment < closing < late else late


def _blocked(one: Blocked) -> Cause:
    why = f"enrollment {one.enrollment}: the patient agreed to texts again, and {one.why}; ask for it"
    return Cause(f"blocked-{one.enrollment}", why, clinical=True, office=one.office)


def _of_a_gate(lift: WaitingLift) -> Cause:
    why = f"enrollment {lift.enrollment}: the length has been over for a day, and text {lift.message} waits"
    said = f"{why}; mark it as cleared when healed, or put it off"
    return Cause(f"cleared-{lift.message}", said, office=lift.office)


def _of_a_text(text: TextInTrouble) -> Cause:
    what, key = ("expired before it could leave", "expired") if text.expired else ("did not arrive", "bounced")
    reason = f" ({text.reason.rstrip('.')})" if text.reason else ""
    why = f"text {text.message} of enrollment {text.enrollment} {what}{reason}; tell the patient in person"
    return Cause(f"{key}-{text.message}", why, clinical=True, office=text.office)
