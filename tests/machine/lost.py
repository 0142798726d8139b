"""What should have left and did not, read from the protocol files alone: nothing of the program is imported here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from tests.machine.promises import A_DAY, WHICH, Course, Known, Text, at_night, told_by

Span = tuple[datetime, datetime]
BEFORE_ANY_DAY = timedelta(hours=5)
"""What is over by then on one clock has no open hour of that day on another one either."""


def lost(
    known: Known,
    texts: Sequence[Text],
    *,
    arrived: Sequence[Text],
    since: datetime,
    until: datetime,
    in_review: set[tuple[str, str]],
) -> Iterator[str]:
    """What has not left though it could: all was well from `since` to `until`, and nobody had a word against it.

    A quiet patient alone can be promised it: a STOP, a hold or another treatment may keep a text from leaving, and what
    may not leave keeps its places among the texts of its number's days. A lift waits for the rule, which a person must
    have told, or a text that has `arrived` at the number that counts now: no carrier has given it back.
    """
    sent = {(found["whose"], found["step"]) for text in texts if (found := WHICH.search(text.body))} | in_review
    for mine in known.courses.values():
        if mine.held or mine.cancelled or mine.phone in {*known.wrote_stop, *known.stopped}:
            continue
        beside = [one for one in known.courses.values() if one.phone == mine.phone and not one.cancelled]
        kept = [span for one in beside for span in _places(one, known, arrived)]
        told = told_by(mine, arrived)
        for step in mine.steps:
            moment = mine.moment(step)
            is_told = mine.informed or told.issuperset(step.get("lifts", ()))
            waits = "lifts" in step and (any(known.others(mine)) or not is_told)
            is_gone = (mine.whose, step["key"]) in sent or step["key"] in mine.overtaken
            if is_gone or moment < mine.changed_at or waits:
                continue
            hours = _open(mine, texts, kept, max(moment, since), min(mine.useful_until(step), until))
            if len(list(hours)) > 8:
                yield f"lost: {step['key']} of {mine.whose}, meant for {moment}"


def _places(one: Course, known: Known, arrived: Sequence[Text]) -> Iterator[Span]:
    """When texts that may not leave may have had a place, on which day of these nobody says: all of a course on hold,
    and else "you may again" of what nobody tells: nobody comes back to a text that had no place beside it."""
    had = {found["step"] for text in arrived if (found := WHICH.search(text.body)) and found["whose"] == one.whose}
    told = told_by(one, arrived)
    if one.held and not told.issuperset(one.topics):
        yield one.treated_at, max(map(one.end, one.topics))  # its own text of the rules, or a catch-up
    for step in one.steps:
        waits = "lifts" in step and not (one.informed or told.issuperset(step["lifts"]))
        if "topics" not in step and step["key"] not in had and (one.held or waits):
            others = known.others(one) if "lifts" in step else ()
            ends = [other.end(topic) for other in others for topic in other.topics]
            yield one.moment(step), max([one.moment(step), *ends]) + timedelta(**step["stale_after"])


def _open(
    mine: Course, texts: Sequence[Text], kept: Sequence[Span], since: datetime, until: datetime
) -> Iterator[datetime]:
    """The quarters of an hour at which a text may leave for her."""
    quarter = timedelta(minutes=15)
    while since + 2 * quarter < until:
        day = _date(since, mine)
        today = [one for one in texts if one.phone == mine.phone and _date(one.at, mine) == day]
        held = sum(_date(begin, mine) <= day <= _date(end - BEFORE_ANY_DAY, mine) for begin, end in kept)
        if len(today) + held < A_DAY and at_night(Text("", since, mine.phone, "", 2 * quarter), mine) is None:
            yield since
        since += quarter


def _date(at: datetime, mine: Course) -> date:
    return at.astimezone(mine.clock).date()
