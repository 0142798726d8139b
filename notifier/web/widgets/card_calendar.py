"""The card as a calendar file (RFC 5545): an entry with a reminder for each text, and one for each restriction."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event
from icalendar.enums import TRANSP

from notifier.web.widgets.card import Card
from schedules.offsets import NOT_YET
from schedules.wording import Voice

_READING = timedelta(minutes=15)
"""How long an entry is; it blocks nobody's time."""


def write_calendar(card: Card, voice: Voice, key: str, now: datetime) -> bytes:
    """The file. `key` tells this plan's entries from others', so that a later file of it replaces them."""
    calendar = Calendar.new(prodid="-//Notifier//Aftercare//EN", name=voice.clinic, language=card.language)
    call = f"{voice.clinic}. {card.words.questions} {voice.phone}."
    for one in card.said:
        entry = _entry(f"{one.step}.{key}", one.at, one.at + _READING, one.text, call, card.zone, now)
        alarm = Alarm.new(description=one.text)
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", timedelta(0))
        entry.add_component(alarm)
        calendar.add_component(entry)
    for number, avoid in enumerate(card.avoid):
        says = f"{avoid.things} {card.words.until} {avoid.until}"
        ends = avoid.ends if avoid.ends < NOT_YET else card.anchor + _READING  # nobody knows how long
        calendar.add_component(_entry(f"avoid-{number}.{key}", card.anchor, ends, says, call, card.zone, now))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _entry(
    uid: str, start: datetime, end: datetime, summary: str, description: str, zone: ZoneInfo, now: datetime
) -> Event:
    return Event.new(
        uid=uid,
        stamp=now,
        start=start.astimezone(zone),
        end=end.astimezone(zone),
        summary=summary,
        description=description,
        transparency=TRANSP.TRANSPARENT,
    )
