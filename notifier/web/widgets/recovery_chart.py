"""The recovery as a picture: restrictions as bars over local days, texts as marks, now as a line. Numbers only: the
template draws them with attributes, because the page allows no style inside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.web.widgets.formats import day, plain, tone, until
from notifier.web.widgets.timeline_view import Bubble
from schedules.offsets import NOT_YET, wall_first

_WIDTH, _WIDEST_DAY = 480, 88
"""The whole picture, however many days it has: it stands beside a form on a small screen."""
_LEFT, _TOP, _ROW = 12, 46, 36
_MOST_DAYS = 62
_LETTER = 7
"""No letter of a bar's name is wider, on average."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tick:
    """Midnight at the start of a local day."""

    x: float
    label: str
    """Empty where there is no room for one."""
    number: str


@dataclass(frozen=True, slots=True)
class RestrictionBar:
    """What ends at one instant."""

    label: str
    x: float
    y: float
    width: float
    label_x: float
    """Where its name begins: further left than the bar where it would not fit behind it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One text."""

    x: float
    y: float
    tone: str
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw, in units of one pixel."""

    width: float
    height: float
    bottom: float
    ticks: tuple[Tick, ...]
    bars: tuple[RestrictionBar, ...]
    marks: tuple[Mark, ...]
    marks_y: float
    now_x: float | None


def draw(
    restrictions: Sequence[tuple[str, datetime]],
    bubbles: Iterable[Bubble],
    *,
    anchor: datetime,
    zone: ZoneInfo,
    now: datetime | None,
) -> Picture:
    """The picture of one patient's recovery; `restrictions` are topics and their ends, from the anchor on."""
    said = sorted(bubbles, key=lambda bubble: bubble.at)
    first = min([anchor, *(one.at for one in said)]).astimezone(zone).date()
    ends = [end if end < NOT_YET else now or anchor for _, end in restrictions]
    last = max([anchor, *(one.at for one in said), *ends]).astimezone(zone).date()
    count = min((last - first).days + 1, _MOST_DAYS)
    a_day = min(_WIDEST_DAY, (_WIDTH - 2 * _LEFT) / count)
    edge = _LEFT + a_day * count

    def x(at: datetime) -> float:
        on = at.astimezone(zone).date()
        begins, ends = (wall_first(one, time.min, zone) for one in (on, on + _DAY))
        share = (at - begins) / (ends - begins)
        return round(min(max(_LEFT + a_day * ((on - first).days + share), _LEFT), edge), 1)

    together = _together(restrictions)
    marks_y = _TOP + _ROW * len(together) + 26
    names = [f"no {topics} until {until(end, zone)}" for end, topics in together]
    width = round(max([edge, *(_LEFT + _LETTER * len(name) for name in names)]) + _LEFT, 1)
    bars = tuple(
        RestrictionBar(
            name, x(anchor), _TOP + _ROW * row, round(max(x(end) - x(anchor), 2), 1),
            round(min(x(anchor), width - _LEFT - _LETTER * len(name)), 1),
        )
        for row, (name, (end, _)) in enumerate(zip(names, together, strict=True))
    )  # fmt: skip
    return Picture(
        width=width,
        height=marks_y + 22,
        bottom=marks_y + 14,
        ticks=tuple(_ticks(first, count, a_day, anchor.astimezone(zone).date())),
        bars=bars,
        marks=tuple(
            Mark(x(one.at), marks_y, _tone(one), f"{plain(one.step)}, {day(one.at, zone)} {one.hour}") for one in said
        ),
        marks_y=marks_y,
        now_x=x(now) if now and first <= now.astimezone(zone).date() < first + count * _DAY else None,
    )


def _together(restrictions: Sequence[tuple[str, datetime]]) -> list[tuple[datetime, str]]:
    """What ends at the same instant is one bar; the first to end stands first."""
    found: dict[datetime, list[str]] = {}
    for topic, end in restrictions:
        found.setdefault(end, []).append(plain(topic))
    return [(end, ", ".join(topics)) for end, topics in sorted(found.items())]


def _ticks(first: date, count: int, a_day: float, day0: date) -> Iterable[Tick]:
    every = 1 if a_day >= 52 else 2 if a_day >= 26 else 7
    for number in range(count):
        on = first + number * _DAY
        away = (on - day0).days
        labeled = away % every == 0
        label = (f"{on:%a} {on.day}" if a_day >= 26 else f"{on:%b} {on.day}") if labeled else ""
        yield Tick(round(_LEFT + a_day * number, 1), label, f"day {away}" if labeled else "")


def _tone(bubble: Bubble) -> str:
    if bubble.asks_nobody:
        return "off"
    if bubble.state is None:
        return "alert" if bubble.in_person else "wait"
    return tone(bubble.state)
