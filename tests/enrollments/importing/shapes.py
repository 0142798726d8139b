"""Eight booking systems' ways to write one day: the same visits as bytes of each shape, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

_LONG = timedelta(minutes=45)
EXPORTS = Path(__file__).parent / "exports"


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit as the front desk booked it."""

    id: str
    """Of the visit, where the shape has one."""
    client: str
    """Of the patient, where the shape has one."""
    first: str
    last: str
    phone: str
    at: datetime
    state: str = "booked"
    service: str = "Microneedling"


@dataclass(frozen=True, slots=True)
class Shape:
    """One system's file: how a row is written, and what the clinic has said of its words."""

    file: str
    row: Callable[[Booked], str]
    states: dict[str, str] = field(default_factory=dict)
    """Its words for booked, treated, cancelled and no-show; a visit of another state it leaves out."""
    encoding: str = "utf-8"
    end: str = "\n"
    """Behind the rows."""

    def write(self, visits: Sequence[Booked]) -> bytes:
        """The file, with the lines that stand above the table in the sample."""
        sample = (EXPORTS / self.file).read_bytes().decode(self.encoding)
        line = "\r\n" if "\r\n" in sample else "\n"
        head = sample[: sample.index(_FIRST[self.file])]
        there = [one for one in visits if one.state in (self.states or ("booked", "treated"))]
        return (head + "".join(self.row(one).replace("\n", line) for one in there) + self.end).encode(self.encoding)


_FIRST = {
    "acuity.csv": '"December 1', "mindbody.csv": "12/1/2026,", "boulevard.csv": "2026-12-01", "jane.csv": '"2026-12-01',
    "square.csv": "8k2j1", "zenoti.xls": "Glow", "day-list.xls": "<tr><td>", "calendar.ics": "BEGIN:VEVENT",
}  # fmt: skip


def _calendar(one: Booked) -> str:
    state = {"cancelled": "CANCELLED"}.get(one.state, "CONFIRMED")
    zone = "TZID=Eastern Standard Time"
    return (
        f"BEGIN:VEVENT\nUID:{one.id}\n"
        f"DTSTART;{zone}:{one.at:%Y%m%dT%H%M%S}\nDTEND;{zone}:{one.at + _LONG:%Y%m%dT%H%M%S}\n"
        f"SUMMARY:{one.service} - {one.first} {one.last}\nDESCRIPTION:Phone: {one.phone}\nSTATUS:{state}\nEND:VEVENT\n"
    )


def _hour(at: datetime) -> str:
    return f"{at:%I:%M %p}".lstrip("0")


def _in_full(at: datetime) -> str:
    return f"{at:%B} {at.day}, {at.year}"


SHAPES: dict[str, Shape] = {
    "acuity": Shape(
        "acuity.csv",
        lambda one: (
            f'"{_in_full(one.at)} {_hour(one.at).lower()}","{_in_full(one.at)} {_hour(one.at + _LONG).lower()}",'
            f'"America/New_York","{one.first}","{one.last}","\'+1{one.phone}","","{one.service}","Dana","","{one.id}"\n'
        ),
    ),
    "mindbody": Shape(
        "mindbody.csv",
        lambda one: (
            f'{one.at.month}/{one.at.day}/{one.at.year},{_hour(one.at)},{one.client},"{one.last}, {one.first}",'
            f'="{one.phone}",{one.service},Dana,{SHAPES["mindbody"].states[one.state]},\n'
        ),
        {"booked": "Booked", "treated": "Completed", "cancelled": "Late Cancel", "no-show": "No Show"},
        "cp1252",
        "Total,6,,,,,,,\n",
    ),
    "boulevard": Shape(
        "boulevard.csv",
        lambda one: (
            f"{one.at:%Y-%m-%d},{_hour(one.at)},45,{one.first} {one.last},+1{one.phone},TRUE,{one.service},Dana,Glow,"
            f"{SHAPES['boulevard'].states[one.state]}\n"
        ),
        {"booked": "confirmed", "treated": "final", "cancelled": "cancelled", "no-show": "no_show"},
    ),
    "jane": Shape(
        "jane.csv",
        lambda one: (
            f'"{one.at:%Y-%m-%d %H:%M}","{one.at + _LONG:%Y-%m-%d %H:%M}",{one.client},{one.first},,{one.last},'
            f"{one.phone},{one.service},Dana,Main,{SHAPES['jane'].states[one.state]},true\n"
        ),
        {"booked": "booked", "treated": "archived", "cancelled": "late cancellation", "no-show": "no show"},
    ),
    "square": Shape(
        "square.csv",
        lambda one: (
            f"{one.id},{one.first} {one.last},1{one.phone},,Dana,{one.service},{one.at:%Y-%m-%d},{one.at:%H:%M},"
            f"{one.at + _LONG:%H:%M},Eastern Time (US & Canada),{SHAPES['square'].states[one.state]},Online\n"
        ),
        {"booked": "ACCEPTED", "treated": "ACCEPTED", "cancelled": "CANCELLED_BY_CUSTOMER", "no-show": "NO_SHOW"},
    ),
    "zenoti": Shape(
        "zenoti.xls",
        lambda one: "\t".join((
            "Glow", f"{one.at:%d-%b-%Y}", f"{one.at:%I:%M %p}", f"{one.first} {one.last}", f"G{one.client}",
            f"1-{one.phone}", one.service, "Dana", f"{SHAPES['zenoti'].states[one.state]}\n",
        )),
        {"booked": "Confirmed", "treated": "Closed", "cancelled": "Deleted", "no-show": "No Show"},
        "utf-16",
        "",
    ),
    "day-list": Shape(
        "day-list.xls",
        lambda one: f"<tr><td>{one.at:%m/%d/%Y}</td><td>{one.last}, {one.first}</td><td>{one.phone}</td></tr>",
        end="</table></body></html>",
    ),
    "calendar": Shape(
        "calendar.ics", _calendar, {"booked": "CONFIRMED", "treated": "CONFIRMED", "cancelled": "CANCELLED"},
        end="END:VCALENDAR\n",
    ),
}  # fmt: skip
