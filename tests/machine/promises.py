"""What we promise a patient, read from the protocol files alone: nothing of the program is imported here.

A clinic is kept as staff know it (who was treated when, held, cancelled) and as patients do (who said STOP when). A
text is judged by what was known when it was looked at last, and by the true time at which the provider made it.

never early, twice, after STOP, at night, stale, in another language, lost, lifted untold, or beside another text
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.machine.as_said import as_said

PROTOCOLS = Path(__file__).parent / "protocols"
AREA_ZONES = {"212": "America/New_York", "415": "America/Los_Angeles"}
OPENS, CLOSES, EARLIEST, LATEST = time(9), time(20), time(8), time(21)
LEAST_OPEN = timedelta(minutes=15)
"""What must be left of these hours when a text leaves."""
A_DAY = 2
"""Texts to one number on one day."""
APART = timedelta(minutes=15)
"""Between two texts to one number, where the later one can wait so long."""
UNREAD = timedelta(minutes=2)
"""So long after a STOP that no webhook brought, a text may still leave."""
CATCH_UP = "catch-up"
WHICH = re.compile(r"\[(?P<step>[a-z-]+) Dr\. (?P<whose>\w+) (?P<language>en|es)(?P<late> late)?\]")
"""Each text of the test's protocols says whose it is, and which."""

Step = Mapping[str, Any]


@cache
def read(protocol: str) -> Mapping[str, Any]:
    """The file, as any reader of TOML has it."""
    return tomllib.loads((PROTOCOLS / f"{protocol}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Course:
    """One treatment of one patient, as staff know it."""

    whose: str
    """What its texts say of the one who treated: no two courses have the same, and they come in this order."""
    name: str
    phone: str
    protocol: str
    treated_at: datetime
    zone: str
    language: str
    changed_at: datetime
    """The true time at which staff last said something about it, or about another on its number."""
    separate: bool = False
    """Said when it was enrolled: the treatments before were on other areas."""
    held: bool = False
    cancelled: bool = False
    informed: bool = False
    """Staff have told the patient its rules in person."""
    overtaken: frozenset[str] = frozenset()
    """Steps for which a corrected date left no hour: staff were told, and they do not come back."""

    @property
    def clock(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def topics(self) -> Mapping[str, Mapping[str, int]]:
        restrictions: Mapping[str, Mapping[str, int]] = read(self.protocol)["restrictions"]
        return restrictions

    @property
    def steps(self) -> Sequence[Step]:
        steps: Sequence[Step] = read(self.protocol)["steps"]
        return steps

    def step_of(self, body: str, key: str) -> Step:
        """A catch-up is of no protocol: it tells the rules that its words name, at any time while they hold."""
        if key == CATCH_UP:
            named = [topic for topic in self.topics if f"[{topic}]" in body]
            return {"topics": named, "at": {"hours": 0}, "stale_after": {"days": 99}}
        return next(one for one in self.steps if one["key"] == key)

    def end(self, topic: str) -> datetime:
        """When it is over, however the patient reads it: so many hours on, and on the clock on the wall."""
        lasts, start = self.topics[topic], self.treated_at.astimezone(self.clock)
        if "until_day" in lasts:
            return _wall(start + timedelta(days=lasts["until_day"]), time(0), self.clock)
        span = timedelta(days=lasts.get("days", 0), hours=lasts.get("hours", 0))  # beside the words
        if "hours" in lasts:
            return self.treated_at + span
        return max(self.treated_at + span, _wall(start + span, start.time(), self.clock))

    def moment(self, step: Step) -> datetime:
        """When a text is meant to be read, wherever the night and other treatments move it."""
        if "lifts" in step:
            return max(self.end(topic) for topic in step["lifts"])
        if "hours" in step["at"]:
            return self.treated_at + timedelta(hours=step["at"]["hours"])
        day = self.treated_at.astimezone(self.clock) + timedelta(days=step["at"]["day"])
        return max(self.treated_at, _wall(day, time.fromisoformat(step["at"]["time"]), self.clock))

    def overtaken_by(self, treated_at: datetime, now: datetime) -> frozenset[str]:
        """`overtaken`, once staff say so at `now`; a night may lie before the next open hour."""
        then, soon = replace(self, treated_at=treated_at), now + timedelta(hours=16)
        return self.overtaken | {step["key"] for step in self.steps if then.useful_until(step) < soon}

    def useful_until(self, step: Step) -> datetime:
        """A text of what is forbidden is false once one of the things it names is allowed."""
        stale = self.moment(step) + timedelta(**step["stale_after"])
        return min([stale, *(self.end(topic) for topic in step.get("topics", ()))])


def _wall(day: datetime, at: time, clock: ZoneInfo) -> datetime:
    """That hour on the clock on the wall; the later one where it comes twice."""
    return datetime.combine(day.date(), at, clock).replace(fold=1)


@dataclass(frozen=True)
class Text:
    """One text that the provider has made, at its true time."""

    sid: str
    at: datetime
    phone: str
    body: str
    valid: timedelta
    """How long the carrier may go on trying."""


@dataclass(frozen=True)
class Known:
    """Everything that was known at one moment; it never changes, the next moment has its own."""

    courses: Mapping[str, Course] = field(default_factory=dict)
    stopped: Mapping[str, datetime] = field(default_factory=dict)
    """The numbers whose STOP we have read."""
    wrote_stop: Mapping[str, datetime] = field(default_factory=dict)
    """When each number wrote STOP, read or not."""
    bounced: frozenset[str] = frozenset()
    """The SIDs of texts of which a webhook said that they did not arrive."""

    def others(self, mine: Course) -> Iterator[Course]:
        """The patient's other treatments that count for this one."""
        for one in self.courses.values():
            same = one.phone == mine.phone and one.name == mine.name and one.whose != mine.whose
            older, newer = sorted((one, mine), key=lambda course: (course.treated_at, course.whose))
            apart = newer.separate or (older.separate and older.whose > newer.whose)
            if same and not apart:
                yield one


def broken(text: Text, known: Known, before: Sequence[Text], given_back: Collection[str]) -> str | None:
    """Which promise this text breaks; None: none. `given_back`: the SIDs of those before it that did not arrive."""
    arrived = [one for one in before if one.sid not in given_back]
    return _alone(text, known) or _untold(text, known, before) or _too_soon(text, known, arrived)


def _alone(text: Text, known: Known) -> str | None:
    """Which it breaks whatever else is sent."""
    if (stopped := known.stopped.get(text.phone)) is not None:
        return f"after STOP: it was read at {stopped}"
    if (wrote := known.wrote_stop.get(text.phone)) is not None and text.at > wrote + UNREAD:
        return f"after STOP: it was written at {wrote}, and nobody has read it"
    if (found := WHICH.search(text.body)) is None:
        return None
    mine = known.courses.get(found["whose"])
    if mine is None:
        return "a text of nobody's"
    if mine.phone != text.phone:
        return "a text to a number that is not hers any more"
    if mine.cancelled or mine.held:
        return "a text of a course that is held or has ended"
    if found["language"] != mine.language:
        return "in another language than hers"
    step = mine.step_of(text.body, found["step"])
    return _early(text, mine, step, known) or at_night(text, mine) or _stale(text, mine, step, known, found)


def _untold(text: Text, known: Known, before: Sequence[Text]) -> str | None:
    """Whether this text lifts a rule that neither a person told nor one of the texts before it, to her number, of which
    nothing but good is known."""
    if (found := WHICH.search(text.body)) is None or (mine := known.courses.get(found["whose"])) is None:
        return None
    told = told_by(mine, [one for one in before if one.sid not in known.bounced])
    missing = set(mine.step_of(text.body, found["step"]).get("lifts", ())) - told
    return f"lifted untold: {', '.join(sorted(missing))}" if missing and not mine.informed else None


def _too_soon(text: Text, known: Known, before: Sequence[Text]) -> str | None:
    """Whether it came too soon after one of the texts before it to its number, though it could have waited."""
    last = max((one.at for one in before if one.phone == text.phone), default=None)
    if last is None or text.at - last >= APART or (found := WHICH.search(text.body)) is None:
        return None
    mine, then = known.courses[found["whose"]], last + APART
    is_useful = then < _until(mine, mine.step_of(text.body, found["step"]), known)
    can_wait = is_useful and at_night(replace(text, at=then, valid=LEAST_OPEN), mine) is None
    return f"too soon: {text.at - last} after another text to that number" if can_wait else None


def told_by(mine: Course, texts: Sequence[Text]) -> set[str]:
    """The topics of which one of these texts has told the patient, at the number that counts now: no other has told
    anything, for a number is changed because it was wrong."""
    return {
        topic
        for one in texts
        if one.phone == mine.phone and (found := WHICH.search(one.body)) and found["whose"] == mine.whose
        for topic in mine.step_of(one.body, found["step"]).get("topics", ())
    }


def _early(text: Text, mine: Course, step: Step, known: Known) -> str | None:
    if text.at < mine.treated_at:
        return "early: before the treatment has ended"
    for topic in step.get("lifts", ()):
        if text.at < mine.end(topic):
            return f"early: {topic} is not over until {mine.end(topic)}"
        for other in known.others(mine):
            if other.cancelled:
                continue
            newer = other.treated_at > mine.treated_at
            if topic in other.topics and text.at < other.end(topic):
                return f"early: another treatment forbids {topic} until {other.end(topic)}"
            if newer and topic not in other.topics:
                return f"early: a newer treatment says nothing of {topic}, and silence is not permission"
    return None


def at_night(text: Text, mine: Course) -> str | None:
    """On her own clock; and not at night where her number comes from, but for the day on which she is at the clinic."""
    local, last = text.at.astimezone(mine.clock), (text.at + text.valid).astimezone(mine.clock)
    if not OPENS <= local.time() < CLOSES or last.date() != local.date() or last.time() > CLOSES:
        return f"at night: from {local:%H:%M} to {last:%H:%M} on her clock"
    if local.date() == mine.treated_at.astimezone(mine.clock).date():
        return None
    there = [moment.astimezone(ZoneInfo(AREA_ZONES[text.phone[2:5]])) for moment in (text.at, text.at + text.valid)]
    if not EARLIEST <= there[0].time() < LATEST or there[1].time() > LATEST:
        return f"at night: {there[0]:%H:%M} where her number comes from"
    return None


def _stale(text: Text, mine: Course, step: Step, known: Known, found: re.Match[str]) -> str | None:
    moments, until = _moments(mine, step, known), _until(mine, step, known)
    if text.at + text.valid > until:
        return f"stale: of no use from {until} on"
    is_late = text.at.astimezone(mine.clock).date() > max(moments).astimezone(mine.clock).date()
    if "late_text" in step and is_late != bool(found["late"]) and len(moments) == 1:
        return "stale: in the words of another day"
    for topic in step.get("topics", ()):
        ends = {
            as_said(one.end(topic).astimezone(mine.clock), mine.language)
            for one in (mine, *known.others(mine))
            if topic in one.topics
        }
        if not any(re.search(re.escape(end) + r"(?! a la| \d)", text.body) for end in ends):
            return f"stale: its words do not say that {topic} ends {' or '.join(ends)}"
    return None


def _moments(mine: Course, step: Step, known: Known) -> list[datetime]:
    """Its own, and of a lift, which waits for them, those of the patient's other treatments."""
    ends = [one.end(topic) for one in known.others(mine) for topic in step.get("lifts", ()) if topic in one.topics]
    return [mine.moment(step), *ends]


def _until(mine: Course, step: Step, known: Known) -> datetime:
    if "lifts" in step:
        return max(_moments(mine, step, known)) + timedelta(**step["stale_after"])
    return mine.useful_until(step)


def said_twice(texts: Sequence[tuple[Text, bool]]) -> list[str]:
    """The texts that exist more than once; each with whether the carrier has given it back.

    A catch-up is said again to each new number, which nobody has told anything; never twice to one, be it that the
    patient has a former number again. Any other step is said once, to whatever number.
    """
    arrived: dict[tuple[str, ...], int] = {}
    for text, gone in texts:
        if found := WHICH.search(text.body):
            same = (text.body, text.phone) if found["step"] == CATCH_UP else (found["step"],)
            which = (found["whose"], *same)
            arrived[which] = arrived.get(which, 0) + (not gone)
    return [f"twice: {' '.join(which)}" for which, times in arrived.items() if times > 1]
