"""Density: how many texts a day and a week bring, for whatever staff answer and whenever the treatment ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schedules.checks.findings import Finding
from schedules.checks.tried import tried_lengths
from schedules.conditions import Answers, fulfillment, options_in, questions_in
from schedules.moments import Anchor, Moments, place
from schedules.offsets import wall_first
from schedules.protocol import CareProtocol, Step, StepKind
from schedules.send_window import SendWindow, open_hours
from schedules.series import SERIES, every_kind

_ZONE = ZoneInfo("America/New_York")
_DATES = date(2026, 6, 17), date(2026, 3, 7), date(2026, 10, 31)
"""An ordinary Wednesday, and the Saturdays on whose night the clock is set."""
_HALF_HOURS = tuple(time(hour, minute) for hour in range(8, 21) for minute in (0, 30))
"""When treatments end."""
_VISIT = timedelta(hours=1)


class _Departure(NamedTuple):
    step: str
    of_the_night: bool
    """A rule or a warning that finds no hour on its own date; it leaves on the next, however full that is."""
    reminds: bool
    """A rule said again; a full day drops it, and nobody has to say it."""


_Days = dict[date, list[_Departure]]
"""What leaves on each local date, before the daily cap moves any."""


@dataclass(frozen=True, slots=True)
class Density:
    """The fullest day, the fullest seven days and the most texts in all, for one patient and one treatment.

    A rule that had to wait for the night to end makes no day fuller: it leaves whatever else does.
    """

    per_day: int
    per_week: int
    in_all: int

    def __str__(self) -> str:
        return f"texts: at most {self.per_day} on a day, {self.per_week} in seven days, {self.in_all} in all"


def check_density(protocol: CareProtocol, window: SendWindow, max_per_day: int) -> tuple[Density, list[Finding]]:
    """How dense it gets, and the days from which the plan would have to move a text: authors merge, the plan never."""
    per_day = per_week = in_all = 0
    crowds: dict[tuple[str, ...], Finding] = {}
    for treated_at, answers, wished in _plans(protocol, window):
        days = {on: _without_reminders(texts, max_per_day) for on, texts in wished.items()}
        in_all = max(in_all, sum(map(len, days.values())))
        for on, texts in days.items():
            per_week = max(per_week, sum(len(days.get(on + timedelta(days=d), ())) for d in range(7)))
            steps = [text.step for text in texts if not text.of_the_night]
            per_day = max(per_day, len(steps))
            if len(steps) > max_per_day and (crowd := tuple(sorted(steps))) not in crowds:
                crowds[crowd] = _crowded(protocol, treated_at, answers, on, steps)
    return Density(per_day, per_week, in_all), list(crowds.values())


def _without_reminders(texts: list[_Departure], most: int) -> list[_Departure]:
    """The same without as many reminders as the day has too many texts."""
    dropped = [text for text in texts if text.reminds][: max(0, len(texts) - most)]
    return [text for text in texts if text not in dropped]


def _crowded(protocol: CareProtocol, treated_at: datetime, answers: Answers, on: date, steps: list[str]) -> Finding:
    if_said = "".join(f", {question}={answer}" for question, answer in answers.items())
    what = (
        f"{len(steps)} texts on day {(on - treated_at.date()).days} ({', '.join(steps)}) "
        f"after a treatment that ended {treated_at:%a %H:%M}{if_said}"
    )
    return Finding(protocol.id, what, "merge two of them, or move one to another day", steps[-1])


def _plans(protocol: CareProtocol, window: SendWindow) -> Iterator[tuple[datetime, Answers, _Days]]:
    hours = open_hours(window, _ZONE)
    for answers in fullest_answers(protocol):
        steps = [step for step in protocol.planned_steps if step.enabled and applies(protocol, step, answers)]
        before = [step for step in steps if step.kind is StepKind.PREPARE]
        after = [step for step in steps if step.kind is not StepKind.PREPARE]
        for on, at in product(_DATES, _HALF_HOURS):
            ended = wall_first(on, at, _ZONE)
            days: _Days = {}
            known: set[str] = set()
            for some, anchor in ((before, Anchor(ended - _VISIT, treated=False)), (after, Anchor(ended))):
                moments = Moments.of(protocol, anchor, _ZONE, answers, tried_lengths(protocol, anchor)[0])
                for slot in place(some, moments, hours, None):
                    if slot.due_at is not None:
                        rules = slot.step.named_rules
                        repeats = slot.step.occurrence is not None and slot.step.occurrence.reminds
                        reminds = known.issuperset(rules) if rules else repeats
                        says_first = slot.step.kind is StepKind.WARNING or (bool(rules) and not reminds)
                        text = _Departure(slot.step.key, says_first and slot.is_late(_ZONE), reminds)
                        days.setdefault(slot.due_at.astimezone(_ZONE).date(), []).append(text)
                        known.update(rules)
            yield ended.astimezone(_ZONE), answers, days


def applies(protocol: CareProtocol, step: Step, answers: Answers) -> bool:
    """Whether a step is for a patient with these answers."""
    return fulfillment(protocol.conditions[step.key], answers).holds


def fullest_answers(protocol: CareProtocol) -> list[Answers]:
    """Answers of which no other brings all the same steps and more; what leaves fewer texts crowds no day more."""
    asked = {question: None for condition in protocol.conditions.values() for question in questions_in(condition)}
    questions = {question: protocol.questions[question].answers for question in asked if question not in SERIES}
    hangs_on_series = bool(SERIES.keys() & asked.keys())
    series = every_kind(options_in(protocol.conditions.values())) if hangs_on_series else [{}]
    combinations = [
        dict(zip(questions, chosen, strict=True)) | one for chosen in product(*questions.values()) for one in series
    ]
    steps = [
        frozenset(step.key for step in protocol.planned_steps if step.enabled and applies(protocol, step, answers))
        for answers in combinations
    ]
    fullest: dict[frozenset[str], Answers] = {}
    for brought, answers in zip(steps, combinations, strict=True):
        if not any(brought < other for other in steps):
            fullest.setdefault(brought, answers)
    return list(fullest.values())
