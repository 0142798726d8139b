"""Alert rules: from facts to causes. No sentence here names a patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from notifier.domain.backoff import backoff
from notifier.domain.staffed_hours import StaffedHours
from notifier.oversight.health import VitalSigns, troubles
from schedules.offsets import wall_first
from schedules.send_window import DEFAULT_WINDOW, SendWindow

GATE_SHUT: Final = timedelta(minutes=10)
"""So long without reading what patients wrote is more than one slow answer of the provider."""
UNKNOWN_FOR: Final = timedelta(minutes=30)
"""Twice what it takes to look a lost text up."""
VISIT: Final = timedelta(hours=1)
"""How long an appointment is taken to last; nobody tells us."""
MARKED_WITHIN: Final = timedelta(hours=1)
"""After the visit: until then somebody may still be writing it up."""
URGENT_AGAIN: Final = timedelta(hours=1)
"""A patient may be unwell: told again until somebody has taken it or closed it."""
FILTERED_PART: Final = 0.05
FILTERED_AT_LEAST_OF: Final = 20
"""Of so few texts, one filtered would be more than that part."""
_LONGEST_KEY: Final = 80
_LONGEST_WHY: Final = 370
"""What is wrong with a file shows a line of it; the table has room for 400 characters."""
_LEASE: Final = timedelta(minutes=2)
"""Longer than any channel takes: whoever began to tell it that long ago has died."""
_BY_OTHER_RULES: Final = frozenset({"send_gate", "unknown", "worker", "schema"})
_NAMED: Final = {"overdue": "silence"}


@dataclass(frozen=True, slots=True)
class TextInTrouble:
    """A text that did not reach its patient."""

    message: int
    enrollment: int
    expired: bool
    reason: str | None


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
    urgent: tuple[int, ...] = ()
    """Replies with urgent words that nobody has taken or closed."""
    holding: tuple[int, ...] = ()
    """Replies that hold their number whole, which nobody has taken or closed."""
    unmarked: tuple[tuple[int, datetime], ...] = ()
    """Booked enrollments whose appointment has passed, with its instant."""
    in_trouble: tuple[TextInTrouble, ...] = ()
    filtered: Filtered | None = None
    blocked: tuple[int, ...] = ()
    """Enrollments whose number Twilio blocks although the patient agreed to texts again."""


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


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for an alert; one alert is open for each key until the cause is gone."""

    key: str
    why: str
    again_after: timedelta | None = None
    """Told again after so long, for as long as it lasts."""


def find_causes(facts: AlertFacts, rules: AlertRules, now: datetime) -> list[Cause]:
    """Every cause for an alert at `now`, what concerns a patient's health first."""
    return [
        *(urgent_cause(reply) for reply in facts.urgent),
        *(holding_cause(reply) for reply in facts.holding),
        *_of_the_engine(facts.signs, rules, now),
        *_filtered(facts.filtered),
        *(_of_a_protocol(*one) for one in rules.unreadable_protocols.items()),
        *_unmarked(facts, rules, now),
        *(_blocked(enrollment) for enrollment in facts.blocked),
        *(_of_a_text(text) for text in facts.in_trouble),
    ]


def urgent_cause(reply: int) -> Cause:
    """A reply with urgent words, of that number, that nobody has taken or closed."""
    return Cause(f"urgent-{reply}", f"reply {reply} has urgent words and nobody has taken it", URGENT_AGAIN)


def holding_cause(reply: int) -> Cause:
    """A reply that may be a wish to stop, or from somebody else's phone, that nobody has taken or closed."""
    why = f"reply {reply} may be a wish to stop or from somebody else's phone; its number gets no text until it is read"
    return Cause(f"holding-{reply}", why)


def is_due(
    now: datetime, *, told_at: datetime | None, tried_at: datetime | None, tries: int, again_after: timedelta | None
) -> bool:
    """Whether an open alert is sent now: not yet sent or sent long ago, and not tried in vain a moment ago."""
    if told_at is not None and (again_after is None or now - told_at < again_after):
        return False
    if tried_at is None or (told_at is not None and tried_at <= told_at):
        return True
    wait = timedelta(seconds=backoff(tries, first=60, longest=900)) if tries else _LEASE
    return now - tried_at >= wait


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
        why = f"carriers filtered {many} of the last hour's {found.of} texts, {most} of them step {step} of {protocol}"
        yield Cause("filtered", f"{why}; look at its words, or pause it")


def _of_a_protocol(protocol: str, why: str) -> Cause:
    wrong = why.splitlines()[0]
    said = f"nobody is enrolled on a protocol whose file cannot be read: {wrong}"
    return Cause(f"protocol-{protocol}"[:_LONGEST_KEY], f"{said[:_LONGEST_WHY]}; see: notifier doctor")


def _unmarked(facts: AlertFacts, rules: AlertRules, now: datetime) -> Iterator[Cause]:
    for enrollment, appointment in facts.unmarked:
        if now >= to_be_marked_by(appointment, rules):
            why = f"enrollment {enrollment}: the visit is over, and without treated or no-show no aftercare starts"
            yield Cause(f"unmarked-{enrollment}", why)


def to_be_marked_by(appointment: datetime, rules: AlertRules) -> datetime:
    """When an appointment that nobody has marked is missed: an hour after the visit, or when the clinic closes.

    Where nobody has said when the clinic is staffed, it closes with the send window.
    """
    day = appointment.astimezone(rules.zone).date()
    closing = (
        rules.staffed.closing(appointment, rules.zone)
        if rules.staffed
        else wall_first(day, rules.window.closes, rules.zone)
    )
    late = appointment + VISIT + MARKED_WITHIN
    return closing if closing is not None and appointment < closing < late else late


def _blocked(enrollment: int) -> Cause:
    why = f"enrollment {enrollment}: the patient agreed to texts again, and Twilio blocks them until the patient texts"
    return Cause(f"blocked-{enrollment}", f"{why} START to the number that they come from; ask for it")


def _of_a_text(text: TextInTrouble) -> Cause:
    what, key = ("expired before it could leave", "expired") if text.expired else ("did not arrive", "bounced")
    reason = f" ({text.reason.rstrip('.')})" if text.reason else ""
    why = f"text {text.message} of enrollment {text.enrollment} {what}{reason}; tell the patient in person"
    return Cause(f"{key}-{text.message}", why)
